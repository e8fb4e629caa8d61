"""Frames of every type, and whole files around codestreams."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from pydicom.filewriter import dcmwrite

from napari_dicom_writer import Volume, export
from napari_dicom_writer.codecs import open_codec
from napari_dicom_writer.iods.modules.image import compression_ratio, lossy_attributes
from napari_dicom_writer.plan.stored_values import Method, StoredValues
from napari_dicom_writer.writing.encapsulation import encapsulate

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

KINDS = [("|u1", 1), ("<u2", 1), ("<i2", 1), ("|u1", 3)]


@pytest.fixture(params=KINDS, ids=["uint8", "uint16", "int16", "rgb"])
def stored(request) -> StoredValues:
    """How the values of a series are stored: every way there is."""
    dtype, samples = request.param
    return StoredValues(Method.CAST, dtype, samples)


@pytest.fixture
def frames():
    """Frames of a size by what they hold: both ends of the type, smooth, noisy, and flat areas with sharp edges."""

    def make(stored: StoredValues, rows: int, columns: int) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(rows * 1000 + columns)
        shape = (rows, columns, 3) if stored.samples == 3 else (rows, columns)
        limits = np.iinfo(stored.dtype)
        ramp = np.linspace(limits.min, limits.max, rows * columns * stored.samples).reshape(shape)
        return {
            "smallest": np.full(shape, limits.min, stored.dtype),
            "largest": np.full(shape, limits.max, stored.dtype),
            "ramp": ramp.astype(stored.dtype),
            "noise": rng.integers(limits.min, limits.max, shape, endpoint=True).astype(stored.dtype),
            "ends": rng.choice([limits.min, limits.max], shape).astype(stored.dtype),
            "labels": np.full(shape, 7, stored.dtype) * (np.indices(shape).sum(axis=0) // 9 % 3).astype(stored.dtype),
        }

    return make


@pytest.fixture(scope="session")
def native(tmp_path_factory):
    """Return a Secondary Capture instance of a shape and a dtype: each is made once."""
    folder, made = tmp_path_factory.mktemp("native"), {}

    def instance(shape: tuple[int, ...], dtype: np.dtype) -> pydicom.Dataset:
        if (shape, dtype) not in made:
            values = np.arange(np.prod(shape)).reshape(1, *shape).astype(dtype)
            volume = Volume(values, spacing=(1, 1, 1), rgb=len(shape) == 3, name="frame")
            made[shape, dtype] = pydicom.dcmread(export(volume, folder / f"{len(made)}.dcm").path)
        return copy.deepcopy(made[shape, dtype])

    return instance


@pytest.fixture
def write_file(tmp_path: Path, native):
    """Write a whole Secondary Capture instance around the codestream of a frame."""

    def write(syntax: TransferSyntax, frame: np.ndarray, codestream: bytes) -> Path:
        dataset = native(frame.shape, frame.dtype)
        dataset.file_meta.TransferSyntaxUID = syntax.uid
        dataset.PhotometricInterpretation = syntax.photometric_interpretation(3 if frame.ndim == 3 else 1)
        dataset.update(lossy_dataset(syntax, frame, codestream))
        del dataset.PixelData
        path = tmp_path / "compressed.dcm"
        dcmwrite(path, dataset, enforce_file_format=True)
        with path.open("ab") as file:
            file.write(b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff")
            file.writelines(encapsulate(codestream))
        return path

    return write


def lossy_dataset(syntax: TransferSyntax, frame: np.ndarray, codestream: bytes) -> pydicom.Dataset:
    dataset = pydicom.Dataset()
    for keyword, value in lossy_attributes(syntax).items():
        setattr(dataset, keyword, value)
    if not syntax.lossless:
        dataset.LossyImageCompressionRatio = compression_ratio(frame.nbytes, len(codestream))
    return dataset


@pytest.fixture
def codec_of():
    """Open the codec of a transfer syntax, or skip."""

    def open_or_skip(syntax: TransferSyntax, **options):
        pytest.importorskip("imagecodecs")
        codec = open_codec(syntax, **options)
        assert codec is not None
        return codec

    return open_or_skip
