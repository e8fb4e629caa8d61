"""DICOM opened as layers: where it lies, with its values, and with a word for whatever is not as it should be."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from napari.layers import Image
from pydicom.data import get_testdata_file

from judges.readers import simpleitk_volume
from judges.series import edit, only_layer, opened
from judges.tables import MODALITIES
from judges.volumes import indexed, oblique
from napari_dicom_writer import ExportOptions, Patient, ReadError, Series, Volume, export, plan_export, read
from napari_dicom_writer.layers.opened_from import METADATA_KEY
from napari_dicom_writer.reading.decoding.source import PixelSource

LEFT_HANDED = oblique()
RIGHT_HANDED = LEFT_HANDED @ np.diag([-1, 1, 1, 1])
TIME = ("time", "plane", "row", "column")


def written(folder: Path, volume: Volume, **options: object) -> list[Path]:
    path = export(volume, folder, ExportOptions(**options)).path
    return sorted(path.rglob("*.dcm"))


def places(layer: Image) -> np.ndarray:
    """LPS of every voxel, as napari places it: (voxels, 3)."""
    index = np.indices(layer.data.shape[-3:]).reshape(3, -1).T
    leading = np.zeros((len(index), layer.ndim - 3))
    return np.array([layer.data_to_world(at)[-3:][::-1] for at in np.hstack([leading, index])])


def planes(layer) -> int:
    return len(layer[1]["metadata"][METADATA_KEY]["instances"])


@pytest.fixture
def stack(tmp_path):
    """Six axial planes, 3 mm apart."""
    volume = Volume(indexed((6, 7, 8)), spacing=(3, 2, 1), position=(10, 20, 30), name="stack", window=(0, 99))
    return written(tmp_path / "stack", volume, modality="CT")


# --- where it lies ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("affine", [RIGHT_HANDED, LEFT_HANDED], ids=["right-handed", "left-handed"])
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
def test_a_layer_lies_where_simpleitk_places_the_series(tmp_path, affine, modality):
    volume = Volume(indexed(), affine=affine, name="indexed", window=(3, 40))
    written(tmp_path / "x", volume, modality=modality)
    data, attributes, kind = only_layer(tmp_path / "x")
    layer = Image(data, **attributes)
    assert (kind, layer.name, tuple(layer.contrast_limits), layer.colormap.name) == (
        "image",
        "indexed",
        (3, 40),
        "gray",
    )
    assert [str(unit) for unit in layer.units] == ["millimeter"] * 3
    assert layer.axis_labels == ("z", "y", "x")
    reading = simpleitk_volume(tmp_path / "x")
    values = {tuple(np.round(place, 6)): value for place, value in zip(places(layer), np.ravel(data), strict=True)}
    index = np.indices(reading.values.shape).reshape(3, -1)
    expected = (reading.affine[:3, :3] @ index + reading.affine[:3, 3:]).T
    assert values == {tuple(np.round(p, 6)): v for p, v in zip(expected, reading.values.ravel(), strict=True)}


def test_time_comes_first_in_seconds(tmp_path):
    volume = Volume(indexed((3, 2, 4, 5)), spacing=(3, 2, 1), axes=TIME, time_step=0.7)
    written(tmp_path / "x", volume, modality="MR")
    data, attributes, _ = only_layer(tmp_path / "x")
    assert (attributes["axis_labels"], attributes["units"]) == (("time", "z", "y", "x"), ("s", "mm", "mm", "mm"))
    assert attributes["scale"] == pytest.approx((0.7, 3, 2, 1))
    np.testing.assert_array_equal(data, volume.array)


def test_what_is_opened_and_saved_again_is_the_same(stack, tmp_path):
    again = export([only_layer(stack[0].parent)], tmp_path / "again", ExportOptions(modality="CT")).path
    for one, other in zip(stack, sorted(again.glob("*.dcm")), strict=True):
        one, other = pydicom.dcmread(one), pydicom.dcmread(other)
        assert one.PixelData == other.PixelData
        for keyword in "ImagePositionPatient ImageOrientationPatient PixelSpacing RescaleSlope WindowCenter".split():
            assert one[keyword].value == other[keyword].value


def test_several_series_are_layers_in_the_order_of_their_numbers(tmp_path):
    volumes = [Volume(indexed() + number, spacing=(1, 1, 1), name=name) for number, name in enumerate("abc")]
    export(volumes, tmp_path / "x", ExportOptions(series=Series(number=9)))
    layers, told = opened(tmp_path / "x")
    assert ([attributes["name"] for _, attributes, _ in layers], told) == (["a", "b", "c"], [])


def test_progress_is_told_and_may_stop_it(stack, monkeypatch):
    monkeypatch.setattr("napari_dicom_writer.reading.catalogue._TOLD_EVERY", 3)
    told: list[tuple[int, int]] = []
    read(stack[0].parent, progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 6), (3, 6)]
    with pytest.raises(KeyboardInterrupt):
        read(stack[0].parent, progress=lambda done, total: _stop())


def _stop():
    raise KeyboardInterrupt


# --- laziness, and where from -----------------------------------------------------------------------------------------


def test_a_plane_is_decoded_when_it_is_looked_at(stack, monkeypatch):
    decoded = []
    real = PixelSource.frame
    monkeypatch.setattr(PixelSource, "frame", lambda self, *a, **k: decoded.append(self.path) or real(self, *a, **k))
    data, _, _ = only_layer(stack[0].parent)
    assert decoded == []
    np.testing.assert_array_equal(data[2].compute(), indexed((6, 7, 8))[2])
    assert decoded == [str(stack[2])]


def test_without_dask_planes_are_lazy_as_well(stack, monkeypatch):
    monkeypatch.setattr("napari_dicom_writer.reading.lazy.find_spec", lambda name: None)
    data, attributes, _ = only_layer(stack[0].parent)
    assert type(data).__name__ == "PlaneArray"
    np.testing.assert_array_equal(Image(data, **attributes).data[3], indexed((6, 7, 8))[3])


def test_a_layer_knows_where_from_and_not_whose(tmp_path):
    paths = written(tmp_path / "x", Volume(indexed(), spacing=(1, 1, 1)), patient=Patient(name="Doe^Jane", id="0815"))
    data, attributes, _ = only_layer(tmp_path / "x")
    headers = [pydicom.dcmread(path) for path in paths]
    assert Image(data, **attributes).metadata[METADATA_KEY] == {
        "path": str(tmp_path / "x"),
        "modality": "OT",
        "study": headers[0].StudyInstanceUID,
        "series": headers[0].SeriesInstanceUID,
        "frame_of_reference": headers[0].FrameOfReferenceUID,
        "instances": [header.SOPInstanceUID for header in headers],
        "notes": [],
    }
    assert "Doe" not in str(attributes)


# --- what cannot be one stack -----------------------------------------------------------------------------------------


CUTS = {
    "localizer": {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
    "planes toward R": {"ImageOrientationPatient": [0, 0, 1, 0, 1, 0]},
    "2 × 1.5 mm": {"PixelSpacing": [2, 1.5]},
    "MONOCHROME2, signed 12 bits": {"BitsStored": 12, "HighBit": 11},
}


@pytest.mark.parametrize("label", CUTS)
def test_a_plane_of_another_kind_is_a_layer_of_its_own(stack, label):
    edit(stack[0], **CUTS[label])
    layers, _ = opened(stack[0].parent)
    assert sorted(map(planes, layers)) == [1, 5]
    assert f"stack, {label}" in [attributes["name"] for _, attributes, _ in layers]


def test_echoes_are_layers_and_not_time_points(tmp_path):
    volume = Volume(indexed((2, 3, 4, 5)), spacing=(3, 2, 1), axes=TIME, name="T2*")
    for number, path in enumerate(written(tmp_path / "x", volume, modality="MR")):
        edit(path, EchoTime=(4.6, 9.2)[number // 3])
    layers, told = opened(tmp_path / "x")
    assert [(a["name"], d.shape) for d, a, _ in layers] == [
        ("T2*, echo 4.6 ms", (3, 4, 5)),
        ("T2*, echo 9.2 ms", (3, 4, 5)),
    ]
    np.testing.assert_array_equal(layers[1][0], volume.array[1])
    assert told == []


def test_an_echo_time_that_changes_from_plane_to_plane_cuts_nothing(stack):
    for number, path in enumerate(stack):
        edit(path, EchoTime=4 + number / 10)
    assert only_layer(stack[0].parent)[0].shape == (6, 7, 8)


# --- what is missing or uneven ----------------------------------------------------------------------------------------


def test_a_plane_that_is_missing_is_blank_and_all_others_are_in_place(stack):
    stack[2].unlink()
    (layer,), told = opened(stack[0].parent)
    expected = indexed((6, 7, 8))
    expected[2] = 0
    np.testing.assert_array_equal(layer[0], expected)
    assert layer[1]["scale"] == pytest.approx((3, 2, 1))
    assert told == ["stack: 1 plane is missing, and blank: plane 2"]
    assert layer[1]["metadata"][METADATA_KEY]["instances"][2] == ""


def test_a_plane_that_one_time_point_lacks_is_blank(tmp_path):
    volume = Volume(indexed((3, 4, 5, 6)), spacing=(3, 2, 1), axes=TIME, time_step=2, name="film")
    paths = written(tmp_path / "x", volume, modality="MR")
    paths[5].unlink()
    (layer,), told = opened(tmp_path / "x")
    expected = volume.array.copy()
    expected[1, 1] = 0
    np.testing.assert_array_equal(layer[0], expected)
    assert layer[1]["scale"] == pytest.approx((2, 3, 2, 1))
    assert told == [
        "film: 1 plane is missing at some time points (by TemporalPositionIdentifier), and blank: at plane 1"
    ]


def test_a_stack_that_is_a_little_uneven_is_placed_evenly_and_said(stack):
    edit(stack[2], ImagePositionPatient=[10, 20, 36.4])
    (layer,), told = opened(stack[0].parent)
    assert layer[1]["scale"] == pytest.approx((3, 2, 1))
    (what,) = told
    assert what.startswith("stack: Its planes are not evenly spaced (gaps from 2.6 to 3.4 mm)")
    assert what.endswith("placed evenly, up to 0.4 mm from where they are")


def test_a_stack_that_jumps_is_cut(stack):
    for number, path in enumerate(stack[4:]):
        edit(path, ImagePositionPatient=[10, 20, 191.3 + 5 * number])
    layers, told = opened(stack[0].parent)
    assert [(data.shape[0], attributes["translate"][0]) for data, attributes, _ in layers] == [(4, 30), (2, 191.3)]
    assert [attributes["scale"][0] for _, attributes, _ in layers] == pytest.approx([3, 5])
    assert told == []


def test_pictures_without_a_place_are_layers_of_one_plane(stack):
    for path in stack[:2]:
        dataset = pydicom.dcmread(path)
        del dataset.ImagePositionPatient, dataset.PixelSpacing
        dataset.save_as(path)
    layers, told = opened(stack[0].parent)
    assert sorted(data.shape for data, _, _ in layers) == [(1, 7, 8), (1, 7, 8), (4, 7, 8)]
    assert sum("Its position is not known" in text for text in told) == 2
    assert sum("Its pixel spacing is not known" in text for text in told) == 2


def test_low_values_that_are_bright_are_shown_so(stack):
    for path in stack:
        edit(path, PhotometricInterpretation="MONOCHROME1")
    (layer,), told = opened(stack[0].parent)
    assert layer[1]["colormap"] == "gray_r"
    np.testing.assert_array_equal(layer[0], indexed((6, 7, 8)))
    assert "MONOCHROME1" in told[0]


def _lacking_a_plane(paths):
    paths[2].unlink()
    return "1 plane is missing, and blank: plane 2"


def _uneven(paths):
    edit(paths[2], ImagePositionPatient=[10, 20, 36.4])
    return "placed evenly, up to 0.4 mm from where they are"


def _inverted(paths):
    for path in paths:
        edit(path, PhotometricInterpretation="MONOCHROME1")
    return "meant to be shown bright"


@pytest.mark.parametrize("spoil", [_lacking_a_plane, _uneven, _inverted])
def test_what_was_lost_in_opening_is_said_again_in_saving(stack, spoil):
    what = spoil(stack)
    (layer,), _ = opened(stack[0].parent)
    data, attributes, _ = layer
    for again in (layer, Image(data, **attributes)):
        lost = [note.text for note in plan_export(again).notes if note.kind == "lost"]
        assert any(text.startswith("When it was opened: ") and what in text for text in lost), lost


@pytest.mark.parametrize("metadata", [None, 3, {"notes": 3}, {"notes": [3, ("lost",), ("gone", "x")]}])
def test_what_somebody_else_keeps_in_that_place_says_nothing(metadata):
    layer = (np.zeros((3, 4, 5), "u1"), {"metadata": {METADATA_KEY: metadata}}, "image")
    assert not any("opened" in note.text for note in plan_export(layer).notes)


# --- what cannot be opened --------------------------------------------------------------------------------------------


def test_what_cannot_be_opened_leaves_the_rest(stack, tmp_path):
    bad, _ = written(tmp_path / "stack" / "bad", Volume(indexed((2, 4, 5)), spacing=(1, 1, 1), name="bad"))
    edit(bad, SamplesPerPixel=2, PixelData=bytes(2 * 4 * 5 * 2))
    (tmp_path / "stack" / "broken.dcm").write_bytes(stack[0].read_bytes()[:300])
    (tmp_path / "stack" / "gone.dcm").symlink_to("nowhere")
    layers, told = opened(tmp_path / "stack")
    assert sorted((a["name"], d.shape[0]) for d, a, _ in layers) == [("bad", 1), ("stack", 6)]
    assert [text.split(":")[0] for text in told] == [
        "Not opened",
        "Damaged DICOM, or of no series, passed over",
        "Not looked at",
    ]
    assert "Not opened: bad, 1 file: It has 2 samples a pixel" in told[0]
    assert told[1].endswith("broken.dcm")


def test_by_default_it_is_a_warning(stack):
    stack[2].unlink()
    with pytest.warns(UserWarning, match="1 plane is missing"):
        read(stack[0].parent)


def test_nothing_to_open_is_an_error_with_every_reason(stack, tmp_path):
    for path in stack:
        edit(path, SamplesPerPixel=2, PixelData=bytes(2 * 7 * 8 * 2))
    with pytest.raises(ReadError, match="stack: It has 2 samples a pixel"):
        opened(stack[0].parent)
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(ReadError):
            opened(path)


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
def test_files_of_others(tmp_path):
    """pydicom's: radiographs, scouts, an angiography turned plane by plane, a brain in two slabs."""
    directory = Path(get_testdata_file("dicomdirtests/DICOMDIR"))
    layers, _ = opened(directory)
    shutil.copytree(directory.parent, tmp_path / "copy")
    assert len(layers) == len(opened(tmp_path / "copy")[0]) == 25
    assert sum(map(planes, layers)) == 31
    for data, attributes, _ in layers:
        assert np.isfinite(np.asarray(data)).all()
        assert np.isfinite(Image(data, **attributes).extent.world).all()
