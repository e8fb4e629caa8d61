"""Whole files around codestreams, read by GDCM, SimpleITK and pydicom, and judged."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from judges.readers import dciodvfy, dicom_validator, gdcm_pixels
from napari_dicom_writer.plan.stored_values import Method, StoredValues
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

ENCAPSULATED = [syntax for syntax in TransferSyntax if syntax.encapsulated]
SIZES = [(1, 1), (1, 2), (5, 3), (8, 8), (31, 33), (64, 65)]


def simpleitk(path):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))[0]


def readers(path):
    yield "GDCM", gdcm_pixels(path)
    yield "SimpleITK", simpleitk(path)
    yield "pydicom", pydicom.dcmread(path).pixel_array


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("syntax", ENCAPSULATED)
def test_readers_see_the_values(syntax, size, stored, frames, codec_of, write_file):
    codec = codec_of(syntax, lossy_error=3, lossy_ratio=5.0)
    if codec.why_not(*size, stored):
        return
    for content, frame in frames(stored, *size).items():
        codestream = codec.encode(frame)
        expected = codec.decode(codestream, *size, stored)
        path = write_file(syntax, frame, codestream)
        for reader, read in readers(path):
            assert (read.dtype, read.shape) == (frame.dtype, frame.shape), (reader, content)
            if codec.largest_error() is None:
                # Builds of one decoder may round the floats of the irreversible wavelet differently.
                assert np.abs(read.astype(int) - expected).max() <= 1, (reader, content)
            else:
                assert np.abs(read.astype(int) - frame).max() <= codec.largest_error(), (reader, content)
        path.unlink()


@pytest.mark.parametrize("syntax", ENCAPSULATED)
def test_validators_find_nothing(syntax, stored, frames, codec_of, write_file):
    codec = codec_of(syntax)
    frame = frames(stored, 40, 50)["ramp"]
    path = write_file(syntax, frame, codec.encode(frame))
    assert dciodvfy([path]) == ([], [])
    assert dicom_validator([path]) == []


@pytest.mark.parametrize("syntax", ENCAPSULATED)
def test_odd_codestreams_are_padded(syntax, frames, codec_of, write_file):
    codec = codec_of(syntax)
    stored = StoredValues(Method.CAST, "<u2")
    frame = frames(stored, 64, 64)["ramp"]
    codestream = codec.encode(frame)
    codestream += b"\0" * (1 - len(codestream) % 2)
    dataset = pydicom.dcmread(write_file(syntax, frame, codestream))
    assert len(dataset.PixelData) == 16 + len(codestream) + 1  # pydicom leaves out the delimiter
    assert np.array_equal(dataset.pixel_array, codec.decode(codestream, 64, 64, stored))
