"""What the screen shows, in 2-D and 3-D: letters are letters, and no mirror images."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication

from napari_dicom_writer import ExportOptions, Volume, export
from napari_dicom_writer._napari.camera import show_unmirrored
from napari_dicom_writer.demo.phantom import LETTER, orientation_phantom

PLUGIN = "napari-dicom-writer"
BINS = 48


def squeezed(picture: np.ndarray) -> np.ndarray:
    """What is bright, cut out and brought to one size."""
    bright = picture > 0.5 * picture.max()
    rows, columns = (np.flatnonzero(bright.any(axis=axis)) for axis in (1, 0))
    cut = bright[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    at = [(np.arange(BINS) + 0.5) * length // BINS for length in cut.shape]
    return cut[np.ix_(*(index.astype(int) for index in at))].astype(float)


def shown(viewer) -> np.ndarray:
    for _ in range(5):
        QApplication.processEvents()
    return squeezed(viewer.screenshot(canvas_only=True, flash=False)[..., :3].mean(axis=-1))


def seen_from_the_front(volume) -> np.ndarray:
    """The letters: columns to the patient's left, rows to the feet."""
    index = np.argwhere(volume.array > LETTER / 2)
    world = index @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    return np.histogram2d(-world[:, 2], world[:, 0], bins=2 * BINS)[0] > 0


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
def test_letters_are_seen_unmirrored(make_napari_viewer, tmp_path):
    volume = orientation_phantom()
    path = export(volume, tmp_path / "x", ExportOptions(modality="CT")).path
    viewer = make_napari_viewer(show=True)
    (layer,) = viewer.open(path, plugin=PLUGIN)
    layer.contrast_limits = (LETTER / 2, LETTER)
    viewer.dims.ndisplay = 3
    viewer.scene.camera.set_view_direction(view_direction=(0, 1, 0), up_direction=(1, 0, 0))
    expected = squeezed(seen_from_the_front(volume).astype(float))
    right, mirrored = (np.corrcoef(shown(viewer).ravel(), e.ravel())[0, 1] for e in (expected, expected[:, ::-1]))
    assert right > 0.6
    assert mirrored < right - 0.1


@pytest.mark.parametrize("turned", [(-1, -1, 1), (1, -1, -1)], ids=["rows and columns", "rows and planes"])
def test_a_slice_has_left_at_its_right_and_the_back_below(make_napari_viewer, tmp_path, turned):
    """However the planes are stored: as axial slices are looked at, from the feet."""
    letter = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0]], np.uint8) * 200
    seen = np.stack(
        [np.zeros_like(letter), letter, np.zeros_like(letter)]
    )  # planes to the head, rows back, columns left
    x, y, z = turned
    stored = seen[::z, ::y, ::x]
    direction = np.diag([x, y, z])[:, ::-1]
    position = [3 if x < 0 else 0, 4 if y < 0 else 0, 2 if z < 0 else 0]
    volume = Volume(np.ascontiguousarray(stored), spacing=(1, 1, 1), direction=direction, position=position)
    path = export(volume, tmp_path / "x", ExportOptions()).path
    viewer = make_napari_viewer(show=True)
    (layer,) = viewer.open(path, plugin=PLUGIN)
    layer.interpolation2d = "nearest"
    viewer.dims.set_point(0, 1)
    pictures = [squeezed(picture) for picture in (letter, letter[:, ::-1], letter[::-1], letter[::-1, ::-1])]
    found = [np.corrcoef(shown(viewer).ravel(), picture.ravel())[0, 1] for picture in pictures]
    assert found[0] > 0.9
    assert max(found[1:]) < 0.7


def test_only_an_empty_viewer_is_turned_and_only_if_it_mirrors(make_napari_viewer):
    viewer = make_napari_viewer()
    show_unmirrored(viewer)
    assert viewer.scene.camera.orientation[0] == "away"
    for orientation in (("away", "down", "right"), ("towards", "up", "right")):
        viewer.scene.camera.orientation = orientation
        show_unmirrored(viewer)
        assert viewer.scene.camera.orientation == orientation
    viewer.scene.camera.orientation = ("towards", "down", "right")
    viewer.add_image(np.zeros((2, 3)))
    show_unmirrored(viewer)
    assert viewer.scene.camera.orientation[0] == "towards"
