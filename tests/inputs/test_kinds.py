"""What is told by its content: DICOM by any name, and what is no file at all."""

from __future__ import annotations

import os

import numpy as np
import pydicom
import pytest
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from napari_dicom_writer import ExportError, Volume, export
from napari_dicom_writer.inputs.load import load


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in folders")
@pytest.mark.parametrize("name", ["scan.png", "scan.dcm", "scan"])
def test_a_pipe_is_refused_at_once(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(ExportError, match="It is a pipe"):
        load(tmp_path / name)


@pytest.mark.parametrize("name", ["scan", "scan.dcm", "scan.ima"])
def test_dicom_without_preamble_is_dicom(tmp_path, name):
    array = np.arange(20, dtype=np.int16).reshape(4, 5)
    written = export(Volume(array, spacing=(0.5, 0.75)), tmp_path / "x.dcm").path
    content = DicomBytesIO()
    content.is_little_endian = content.is_implicit_VR = True
    write_dataset(content, pydicom.Dataset(pydicom.dcmread(written)))
    written.unlink()
    (tmp_path / name).write_bytes(content.getvalue())
    (volume,) = load(tmp_path / name)
    np.testing.assert_array_equal(np.squeeze(volume.array), array)
