"""The phantom, found again by an independent reader, and as a napari layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk

from judges.glyphs import dots
from napari_dicom_writer import ExportOptions, ShearPolicy, Volume, export
from napari_dicom_writer._napari.sample_data import phantom_layers
from napari_dicom_writer.demo.phantom import BODY, FACE_LETTER, LETTER, Glyph, glyphs, orientation_phantom
from napari_dicom_writer.demo.picture import draw_views, read_series
from napari_dicom_writer.layers.to_volume import to_volume

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def phantom() -> Volume:
    return orientation_phantom()


@pytest.fixture(scope="module")
def written(phantom: Volume, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(phantom, tmp_path_factory.mktemp("phantom") / "series").path


@pytest.fixture(scope="module")
def image(written: Path) -> sitk.Image:
    return read_series(written)


def test_it_is_oblique_anisotropic_and_right_handed(phantom: Volume) -> None:
    steps = phantom.affine[:3, :3]
    assert np.linalg.norm(steps, axis=0) == pytest.approx([2.0, 1.2, 0.9])
    tilts = np.degrees(np.arccos(np.abs(steps / np.linalg.norm(steps, axis=0)).max(axis=0)))
    assert (tilts > 9).all()
    assert (tilts < 17).all()
    assert np.dot(steps[:, 0], np.cross(steps[:, 2], steps[:, 1])) > 0


def test_it_is_the_same_every_time(phantom: Volume) -> None:
    assert np.array_equal(phantom.array, orientation_phantom().array)


@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)])
def test_no_flip_goes_unseen(phantom: Volume, axes: tuple[int, ...]) -> None:
    flipped = np.flip(phantom.array, axes)
    assert np.mean(np.abs(flipped - phantom.array) > 300) > 0.02


@pytest.mark.parametrize("glyph", glyphs(), ids=lambda g: f"{g.letter}{tuple(map(round, g.center))}")
def test_every_dot_of_every_letter_is_where_it_belongs(image: sitk.Image, glyph: Glyph) -> None:
    points = dots(glyph)
    read = np.array([[image.EvaluateAtPhysicalPoint(p.tolist(), sitk.sitkLinear) for p in row] for row in points])
    assert np.array_equal(read > (BODY + glyph.value) / 2, glyph.bitmap)


@pytest.mark.parametrize(("axis", "letters"), [(2, "RLAP"), (1, "RLHF"), (0, "APHF")])
def test_a_central_cut_shows_its_own_letters_and_no_others(image: sitk.Image, axis: int, letters: str) -> None:
    size, origin = [193] * 3, [-48.0] * 3
    size[axis], origin[axis] = 1, 0.0
    patient = (size, sitk.Transform(), sitk.sitkLinear, origin, [0.5] * 3, np.eye(3).ravel().tolist())
    cut = sitk.GetArrayFromImage(sitk.Resample(image, *patient, -1000.0))
    bright = np.argwhere(cut > (FACE_LETTER + LETTER) / 2)[:, ::-1] * 0.5 + origin
    own = [g for g in glyphs() if g.value == LETTER and g.center[axis] == 0 and not g.right[axis] and not g.up[axis]]
    assert sorted(g.letter for g in own) == sorted(letters)
    outside = [p for p in bright if not any(np.abs(p - g.center).max() < 4 * g.dot for g in own)]
    assert not outside
    for glyph in own:
        assert any(np.abs(p - glyph.center).max() < 4 * glyph.dot for p in bright)


def test_letters_stand_on_the_side_they_name() -> None:
    toward = {"R": (0, -1), "L": (0, 1), "A": (1, -1), "P": (1, 1), "F": (2, -1), "H": (2, 1)}
    for glyph in glyphs():
        axis, sign = toward[glyph.letter]
        assert np.argmax(np.abs(glyph.center)) == axis
        assert np.sign(glyph.center[axis]) == sign


@pytest.mark.parametrize("letter", "RLAPHF")
def test_a_letter_on_a_face_reads_right_from_outside(letter: str) -> None:
    on_face = next(g for g in glyphs() if g.letter == letter and g.value == FACE_LETTER)
    toward_viewer = np.cross(on_face.right, on_face.up)
    assert np.dot(toward_viewer, on_face.center) > 0


def test_the_layer_is_exported_with_the_geometry_of_the_phantom(phantom: Volume) -> None:
    ((data, attributes, layer_type),) = phantom_layers()
    volume = to_volume(data, attributes, layer_type, ExportOptions(shear=ShearPolicy.REFUSE))
    np.testing.assert_allclose(volume.affine, phantom.affine, rtol=0, atol=1e-12)
    assert volume.window == phantom.window
    assert volume.name == phantom.name
    assert not volume.notes


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
def test_napari_takes_the_layer_and_gives_it_back(phantom: Volume) -> None:
    from napari.layers import Image

    ((data, attributes, _),) = phantom_layers()
    layer = Image(data, **attributes)
    assert [str(unit) for unit in layer.units] == ["millimeter"] * 3
    volume = to_volume(*layer.as_layer_data_tuple(), ExportOptions())
    assert volume.affine == pytest.approx(phantom.affine, abs=1e-9)
    assert not volume.notes


def test_the_picture_is_drawn(written: Path, tmp_path: Path) -> None:
    draw_views(written, tmp_path / "views.png", "phantom")
    from matplotlib.image import imread

    picture = imread(tmp_path / "views.png")
    assert picture.shape[1] > 1000
    assert picture[..., :3].std() > 0.1


@pytest.mark.parametrize("shape", [(1, 40, 50), (5, 40, 50, 3), (3, 400, 4)])
def test_any_series_is_drawn(shape: tuple[int, ...], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rgb = len(shape) == 4
    volume = Volume(rng.integers(0, 255, shape, np.uint8), spacing=(0.002, 0.001, 0.001), rgb=rgb)
    (tmp_path / "series").mkdir()
    export(volume, tmp_path / "series")
    draw_views(tmp_path / "series", tmp_path / "views.png", "any")
    assert (tmp_path / "views.png").stat().st_size > 1000
