"""Overlays: labels where they are drawn, wherever their bits are, and never among the values."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.pixels.utils import pack_bits
from pydicom.uid import ExplicitVRBigEndian, RLELossless

from judges.frames import instance
from judges.series import opened
from napari_dicom_writer import ReadError, plan_export
from napari_dicom_writer.reading.series import read_series

CT = "1.2.840.10008.5.1.4.1.1.2"
SHAPE = (5, 6)
PLACE = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PixelSpacing": [2, 3], "SliceThickness": 4}


def overlay(group: int, masks: np.ndarray, origin=(1, 1), **frames) -> dict[int, tuple[str, object]]:
    """Elements of an overlay of (rows, columns) or (frames, rows, columns)."""
    elements = {
        0x0010: ("US", masks.shape[-2]),
        0x0011: ("US", masks.shape[-1]),
        0x0040: ("CS", "G"),
        0x0050: ("SS", list(origin)),
        0x0100: ("US", 1),
        0x0102: ("US", 0),
        0x3000: ("OW", pack_bits(masks.astype(np.uint8).ravel(), pad=True)),
    }
    if frames:
        elements |= {0x0015: ("IS", frames["count"]), 0x0051: ("US", frames["first"])}
    return {group << 16 | element: value for element, value in elements.items()}


def series(folder, stored: np.ndarray, overlays=(), **attributes):
    """A plane a file, 4 mm apart; and the overlays of each."""
    shared = {f"{kind}InstanceUID": f"1.2.{number}" for number, kind in enumerate(("Study", "Series"))}
    shared["FrameOfReferenceUID"] = "1.2.3"
    for number, plane in enumerate(stored):
        path = folder / f"{number}.dcm"
        where = {**shared, **PLACE, "ImagePositionPatient": [0, 0, 4 * number], "SeriesDescription": "s"}
        instance(path, plane[np.newaxis], CT, NumberOfFrames=None, **where, **attributes)
        dataset = pydicom.dcmread(path)
        for tag, (vr, value) in (overlays[number] if overlays else {}).items():
            dataset.add_new(tag, vr, value)
        dataset.save_as(path)
    return folder


def by_name(path):
    layers, told = opened(path)
    assert told == []
    return {attributes["name"]: (data, attributes, kind) for data, attributes, kind in layers}


@pytest.fixture
def masks() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2, (3, *SHAPE)).astype(np.uint8)


def test_an_overlay_of_others_is_what_pydicom_reads():
    path = get_testdata_file("examples_overlay.dcm")
    (image, drawn), _ = opened(path)
    assert (drawn[2], drawn[1]["name"]) == ("labels", f"{image[1]['name']}, overlay 1")
    np.testing.assert_array_equal(drawn[0][0], pydicom.dcmread(path).overlay_array(0x6000))
    assert drawn[1]["scale"] == image[1]["scale"]


def test_overlays_lie_on_their_planes(tmp_path, masks):
    values = np.arange(3 * 30, dtype=np.uint16).reshape(3, *SHAPE)
    overlays = [overlay(0x6000, masks[0]), {}, overlay(0x6000, masks[2]) | overlay(0x6004, masks[1])]
    found = by_name(series(tmp_path, values, overlays))
    assert list(found) == ["s", "s, overlay 1", "s, overlay 3"]
    np.testing.assert_array_equal(found["s"][0], values)
    blank = np.zeros(SHAPE, np.uint8)
    np.testing.assert_array_equal(found["s, overlay 1"][0], np.stack([masks[0], blank, masks[2]]))
    np.testing.assert_array_equal(found["s, overlay 3"][0], np.stack([blank, blank, masks[1]]))
    for name in ("s, overlay 1", "s, overlay 3"):
        assert (found[name][1]["scale"], found[name][1]["axis_labels"]) == ((4, 2, 3), ("z", "y", "x"))


@pytest.mark.parametrize("origin", [(3, 2), (-1, 0), (9, 9)])
def test_an_overlay_of_another_size_lies_where_it_begins(tmp_path, masks, origin):
    found = by_name(series(tmp_path, np.zeros((1, *SHAPE), np.uint8), [overlay(0x6000, masks[0, :4, :5], origin)]))
    large = np.zeros((40, 40), np.uint8)
    large[10 + origin[0] : 14 + origin[0], 10 + origin[1] : 15 + origin[1]] = masks[0, :4, :5]
    np.testing.assert_array_equal(found["s, overlay 1"][0][0], large[11:16, 11:17])


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("signed", [False, True])
def test_overlays_in_high_bits_disturb_no_values(tmp_path, masks, signed, compress):
    values = np.arange(-10 if signed else 0, 20 if signed else 30).reshape(1, *SHAPE)
    stored = (values & 0xFFF | masks[:1].astype(int) << 12 | masks[1:2].astype(int) << 15).astype(np.uint16)
    elements = {}
    for group, bit in ((0x6000, 12), (0x6002, 15)):
        inside = overlay(group, masks[0])
        del inside[group << 16 | 0x3000]
        elements |= inside | {group << 16 | 0x0100: ("US", 16), group << 16 | 0x0102: ("US", bit)}
    bits = {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": int(signed)}
    series(tmp_path, stored, [elements], **bits)
    if compress:
        dataset = pydicom.dcmread(tmp_path / "0.dcm")
        del dataset.NumberOfFrames
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.save_as(tmp_path / "0.dcm")
    found = by_name(tmp_path)
    np.testing.assert_array_equal(found["s"][0], values)
    np.testing.assert_array_equal(found["s, overlay 1"][0], masks[:1])
    np.testing.assert_array_equal(found["s, overlay 2"][0], masks[1:2])


def test_words_of_an_overlay_are_as_the_transfer_syntax_orders_them(tmp_path, masks):
    path = series(tmp_path, np.zeros((1, *SHAPE), np.uint8), [overlay(0x6000, masks[0])]) / "0.dcm"
    dataset = pydicom.dcmread(path)
    little = np.frombuffer(dataset[0x60003000].value, np.uint16)
    dataset[0x60003000].value = little.byteswap().tobytes()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    pydicom.dcmwrite(path, dataset, implicit_vr=False, little_endian=False)
    np.testing.assert_array_equal(by_name(path)["s, overlay 1"][0][0], masks[0])


@pytest.mark.parametrize(("frames", "expected"), [({"count": 2, "first": 2}, [None, 0, 1]), ({}, [0, 0, 0])])
def test_frames_of_an_overlay_lie_on_frames_of_the_picture(tmp_path, masks, frames, expected):
    path = instance(tmp_path / "x.dcm", np.zeros((3, *SHAPE), np.uint8), CT, FrameTime=40, **PLACE)
    dataset = pydicom.dcmread(path)
    for tag, (vr, value) in overlay(0x6000, masks[:2] if frames else masks[0], **frames).items():
        dataset.add_new(tag, vr, value)
    dataset.save_as(path)
    layers, _ = opened(path)
    drawn = np.asarray(layers[1][0])[:, 0]
    assert layers[1][1]["axis_labels"][0] == "time"
    for plane, which in zip(drawn, expected, strict=True):
        np.testing.assert_array_equal(plane, np.zeros(SHAPE) if which is None else masks[which])


def test_an_overlay_that_is_broken_leaves_the_picture(tmp_path, masks):
    elements = overlay(0x6000, masks[0]) | {0x60003000: ("OW", b"\0\0")}
    found = by_name(series(tmp_path, np.ones((1, *SHAPE), np.uint8), [elements]))
    assert np.asarray(found["s"][0]).all()
    with pytest.raises(ReadError, match="overlay of plane 0 cannot be read"):
        np.asarray(found["s, overlay 1"][0])


def test_an_overlay_is_saved_as_a_segmentation_of_its_image(tmp_path, masks):
    found = by_name(series(tmp_path, np.ones((3, *SHAPE), np.uint8), [overlay(0x6000, mask) for mask in masks]))
    plan = plan_export(list(found.values()))
    assert [bool(series.segments) for series in plan.series] == [False, True]


def test_a_volume_without_them_says_so(tmp_path, masks):
    (volume,) = read_series(series(tmp_path, np.ones((3, *SHAPE), np.uint8), [overlay(0x6000, masks[0]), {}, {}]))
    assert [note.text for note in volume.notes] == ["Overlays, graphics drawn on top of its pictures, are left out"]


@pytest.mark.parametrize(("bit", "why"), [(20, "and pixels have 16"), (3, "which is one of the values")])
def test_an_overlay_in_bits_that_hold_none_is_left_out_with_a_word(tmp_path, bit, why):
    elements = {0x60000010: ("US", SHAPE[0]), 0x60000011: ("US", SHAPE[1]), 0x60000102: ("US", bit)}
    series(tmp_path, np.ones((2, *SHAPE), np.uint16), [elements] * 2, BitsStored=12, HighBit=11)
    ((_, attributes, _),), told = opened(tmp_path)
    assert attributes["name"] == "s"
    assert told == [f"s: Overlay 1 is left out: it is said to lie in bit {bit}, {why}"]
