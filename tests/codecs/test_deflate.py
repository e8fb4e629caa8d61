"""The deflated data set, read by what did not deflate it."""

from __future__ import annotations

import subprocess
import sys
import zlib

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info

from judges.readers import gdcm_pixels
from napari_dicom_writer import Volume, export
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax
from napari_dicom_writer.writing.deflate import deflate


@pytest.mark.parametrize("size", [*range(12), 1000, 99_999, 1_000_000])
@pytest.mark.parametrize("pieces", [1, 3])
def test_comes_back_and_is_even(size, pieces):
    data = np.random.default_rng(size).integers(0, 4, size).astype(np.uint8)
    stream = deflate(part.data for part in np.array_split(data, pieces))
    assert len(stream) % 2 == 0
    inflater = zlib.decompressobj(-15)
    assert inflater.decompress(stream) == data.tobytes()
    assert inflater.eof
    assert inflater.unused_data in (b"", b"\0")


def test_without_isal_zlib_does_it():
    code = (
        "import sys, zlib; sys.modules['isal'] = None\n"
        "from napari_dicom_writer.writing.deflate import deflate\n"
        "print(zlib.decompress(deflate([b'with', b'out']), -15))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "b'without'"


@pytest.mark.parametrize("dtype", ["|u1", "<u2", "<i2"])
def test_readers_see_the_values(dtype, tmp_path):
    frame = np.add.outer(np.arange(41), np.arange(50)).astype(dtype)
    path = export(Volume(frame[np.newaxis], spacing=(1, 1, 1)), tmp_path / "native.dcm").path
    dataset = pydicom.dcmread(path)
    raw = path.read_bytes()
    start = 132 + 12 + dataset.file_meta.FileMetaInformationGroupLength
    dataset.file_meta.TransferSyntaxUID = TransferSyntax.DEFLATED.uid
    meta = DicomBytesIO()
    write_file_meta_info(meta, dataset.file_meta)
    deflated = tmp_path / "deflated.dcm"
    deflated.write_bytes(raw[:132] + meta.getvalue() + deflate([raw[start:]]))
    assert pydicom.dcmread(deflated) == pydicom.dcmread(path)
    assert np.array_equal(pydicom.dcmread(deflated).pixel_array, frame)
    assert np.array_equal(gdcm_pixels(deflated), frame)
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(deflated)))[0], frame)
