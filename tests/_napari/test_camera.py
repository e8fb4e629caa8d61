"""The 3-D view: letters are letters, and no mirror images, in what the screen shows."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication

from napari_dicom_writer import ExportOptions, export
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
    for _ in range(5):
        QApplication.processEvents()
    shown = squeezed(viewer.screenshot(canvas_only=True, flash=False)[..., :3].mean(axis=-1))
    expected = squeezed(seen_from_the_front(volume).astype(float))
    right, mirrored = (np.corrcoef(shown.ravel(), e.ravel())[0, 1] for e in (expected, expected[:, ::-1]))
    assert right > 0.6
    assert mirrored < right - 0.1


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
