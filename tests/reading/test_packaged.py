"""Files that other packages bring: each is what SimpleITK reads, or proven otherwise, or refused for a reason."""

from __future__ import annotations

import importlib
import re
import struct
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.encaps import generate_frames
from pydicom.uid import RLELossless

from judges.readers import simpleitk_file
from judges.series import opened
from napari_dicom_writer import ExportOptions, ReadError
from napari_dicom_writer.layers.to_volume import to_volume
from napari_dicom_writer.reading.files import begins_as_dicom

PACKAGES = ("pydicom", "nibabel", "pynetdicom", "highdicom")
NO_PICTURE, NO_SERIES, ENDS = "hold no pictures: ", "no DICOM series", "describes pixels, and holds none"
REFUSED = {
    "chrJapMulti.dcm": ENDS,
    "chrJapMultiExplicitIR6.dcm": ENDS,
    "chrKoreanMulti.dcm": ENDS,
    "csa_slice_norm.dcm": ENDS,
    "MR_truncated.dcm": "pixels break off",
    "badVR.dcm": "attributes cannot be understood",  # its Number of Frames is 1A
    "JPEG2000-embedded-sequence-delimiter.dcm": "could not be decoded",
    **dict.fromkeys(("ExplVR_BigEndNoMeta.dcm", "ExplVR_LitEndNoMeta.dcm"), f"{NO_PICTURE}RT Ion Plan"),
    **dict.fromkeys(("rtplan.dcm", "rtplan_truncated.dcm"), f"{NO_PICTURE}RT Plan"),
    **dict.fromkeys(("reportsi.dcm", "reportsi_with_empty_number_tags.dcm"), f"{NO_PICTURE}Basic Text SR"),
    "test-SR.dcm": f"{NO_PICTURE}Comprehensive SR",
    "waveform_ecg.dcm": f"{NO_PICTURE}12-lead ECG",
    **dict.fromkeys(
        [f"{name}.dcm" for name in "fall hotiron hotmetalblue pet pet20step spring summer winter".split()],
        f"{NO_PICTURE}Color Palette",
    ),
    **dict.fromkeys(
        [f"DICOMDIR-{name}" for name in "bigEnd empty.dcm implicit nooffset nopatient reordered".split()], NO_SERIES
    ),
    **dict.fromkeys(
        [f"{name}.dcm" for name in "chrSQEncoding chrSQEncoding1 UN_sequence empty_charset_LEI".split()], "of no series"
    ),
    **dict.fromkeys(
        [f"{name}.dcm" for name in "meta_missing_tsyntax no_meta_group_length nested_priv_SQ priv_SQ".split()],
        "of no series",
    ),
}
"""By name; all else has to be opened."""


def native(dataset: pydicom.Dataset) -> np.ndarray:
    """The stored values of a file that is not compressed, frame by frame."""
    kind = "i" if dataset.PixelRepresentation else "u"
    order = "<" if dataset.original_encoding[1] else ">"
    values = np.frombuffer(dataset.PixelData, f"{order}{kind}{dataset.BitsAllocated // 8}")
    return values.reshape(-1, dataset.Rows, dataset.Columns)


def run_lengths(dataset: pydicom.Dataset) -> np.ndarray:
    """The stored values of RLE, byte plane by byte plane, the most significant ones first (PS3.5 Annex G)."""
    width, samples = dataset.BitsAllocated // 8, dataset.SamplesPerPixel
    frames = []
    for frame in generate_frames(dataset.PixelData, number_of_frames=int(dataset.get("NumberOfFrames", 1))):
        count, *offsets = struct.unpack("<16L", frame[:64])
        planes = [unpacked(frame[begin:], dataset.Rows * dataset.Columns) for begin in offsets[:count]]
        values = np.array(planes).reshape(samples, width, -1).transpose(2, 0, 1)
        frames.append(values.copy().view(f">u{width}").reshape(dataset.Rows, dataset.Columns, samples).squeeze())
    return np.array(frames)


def unpacked(segment: bytes, length: int) -> np.ndarray:
    found, at = bytearray(), 0
    while len(found) < length:
        head = segment[at]
        if head < 128:
            found += segment[at + 1 : at + 2 + head]
            at += 2 + head
        else:
            found += segment[at + 1 : at + 2] * (257 - head)
            at += 2
    return np.frombuffer(found, np.uint8)


def dose(dataset: pydicom.Dataset) -> np.ndarray:
    stored = run_lengths(dataset) if dataset.file_meta.TransferSyntaxUID == RLELossless else native(dataset)
    return stored * float(dataset.DoseGridScaling)


def rescaled(dataset: pydicom.Dataset) -> np.ndarray:
    return native(dataset) * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)


PROVEN = {
    # It exchanges the bytes of RLE colors.
    **dict.fromkeys(
        [f"SC_rgb_rle_{name}.dcm" for name in ("16bit", "16bit_2frame", "32bit", "32bit_2frame")], run_lengths
    ),
    # It leaves the scaling of doses away, and does not open those of one frame.
    **dict.fromkeys(
        [f"rtdose{kind}{frames}.dcm" for kind in ("", "_expb", "_rle") for frames in ("", "_1frame")], dose
    ),
    # It turns MONOCHROME1 over, values and all.
    **dict.fromkeys(("6154", "6247", "6278"), rescaled),
}
"""What SimpleITK reads otherwise, or not at all, by own arithmetic."""
ULTRASOUND = {"examples_palette.dcm", "examples_ybr_color.dcm"}  # whose regions it does not know


def packaged() -> list[Path]:
    roots = [Path(importlib.import_module(package).__file__).parent for package in PACKAGES]
    files = [path for root in roots for path in sorted(root.rglob("*")) if path.is_file() and path.suffix != ".py"]
    return [path for path in files if begins_as_dicom(path.read_bytes()[:132]) and path.name != "DICOMDIR"]


FILES = packaged()


def test_there_are_files():
    """Names of the tables are of files that are there, so that none is passed over."""
    names = {path.name for path in FILES}
    assert len(FILES) > 150
    assert names >= {*REFUSED, *PROVEN, *ULTRASOUND}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", [path for path in FILES if path.name in REFUSED], ids=lambda path: path.name)
def test_a_file_is_refused_for_its_reason(path):
    with pytest.raises(ReadError, match=re.escape(REFUSED[path.name])):
        np.asarray(opened(path)[0][0][0])


@pytest.mark.filterwarnings("ignore")
def test_files_without_pixels_are_refused():
    (folder,) = {path.parent for path in FILES if path.parent.match("TINY_ALPHA/*/*/SE000000")}
    with pytest.raises(ReadError, match=f"{NO_PICTURE}CT Image"):
        opened(folder)


OPENED = [path for path in FILES if path.name not in REFUSED and "TINY_ALPHA" not in path.parts]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", OPENED, ids=lambda path: path.name)
def test_a_file_is_opened_as_it_is(path):
    layers, _ = opened(path)
    if layers[0][2] == "shapes":  # judged by the tests of structure sets
        return
    layer, *rest = layers
    assert all(", overlay " in attributes["name"] for _, attributes, _ in rest)
    data, _, kind = layer
    volume = to_volume(*layer, ExportOptions())
    order = [volume.axes.index(axis) for axis in ("plane", "row", "column")]
    leading = [axis for axis in range(len(volume.axes)) if axis not in order]
    rest = range(len(volume.axes), len(data.shape))
    values = np.asarray(volume.array).transpose(*leading, *order, *rest)
    if kind == "labels":
        stored = pydicom.dcmread(path).pixel_array
        np.testing.assert_array_equal(values.reshape(stored.shape) > 0, stored > 0)
        return
    if path.name in PROVEN:
        expected = PROVEN[path.name](pydicom.dcmread(path))
        np.testing.assert_allclose(values.reshape(expected.shape), expected, rtol=1e-12)
        return
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    reading = simpleitk_file(path)
    np.testing.assert_allclose(values.reshape(reading.values.shape), reading.values, rtol=1e-6)
    if path.name in ULTRASOUND:
        (region,) = pydicom.dcmread(path).SequenceOfUltrasoundRegions[:1]
        step = [10 * region.PhysicalDeltaY, 10 * region.PhysicalDeltaX]
        np.testing.assert_allclose(np.linalg.norm(volume.affine[:3, 1:3], axis=0), step, rtol=1e-6)
        return
    np.testing.assert_allclose(volume.affine[:, 1:], reading.affine[:, 1:], atol=1e-5)
