"""Mosaics: planes in the places that nibabel finds, or one picture with a word."""

from __future__ import annotations

import gzip
import warnings
from io import BytesIO
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from judges.series import opened
from napari_dicom_writer import ExportOptions
from napari_dicom_writer.layers.opened_from import METADATA_KEY
from napari_dicom_writer.layers.to_volume import to_volume

COUNT, ACROSS, SIZE = 48, 7, 128
KEPT = (
    "It is said to be a mosaic of many planes, and nothing proves where each lies: it stays one picture, placed as its "
    "header says"
)


@pytest.fixture
def mosaic() -> pydicom.Dataset:
    """A diffusion scan of a Trio, whose pixels somebody cleared: each plane gets its number."""
    path = Path(nibabel.__file__).parent / "nicom/tests/data/siemens_dwi_0.dcm.gz"
    dataset = pydicom.dcmread(BytesIO(gzip.decompress(path.read_bytes())))
    numbers = np.arange(1, ACROSS**2 + 1, dtype=np.uint16) * (np.arange(ACROSS**2) < COUNT)
    tiles = numbers.astype(np.uint16).reshape(ACROSS, ACROSS).repeat(SIZE, 0).repeat(SIZE, 1)
    tiles += (np.arange(ACROSS * SIZE, dtype=np.uint16) % SIZE << 5) * (tiles > 0)  # columns differ
    dataset.PixelData = tiles.tobytes()
    return dataset


def nibabel_s(dataset) -> tuple[np.ndarray, np.ndarray]:
    """Values as (planes, rows, columns), and (plane, row, column) -> LPS mm."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # experimental, it says
        from nibabel.nicom.dicomwrappers import wrapper_from_data

        reading = wrapper_from_data(dataset)
        values = reading.get_data().transpose(2, 0, 1)
    return values, reading.affine[:, [2, 0, 1, 3]]


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_planes_of_a_mosaic_lie_where_nibabel_finds_them(tmp_path, mosaic):
    for number in range(2):
        mosaic.SOPInstanceUID = mosaic.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        mosaic.AcquisitionNumber = number + 1
        mosaic.save_as(tmp_path / f"{number}.dcm")
    (layer,), told = opened(tmp_path)
    assert told == []
    volume = to_volume(*layer, ExportOptions())
    values, affine = nibabel_s(mosaic)
    np.testing.assert_array_equal(volume.array, np.stack([values, values]))
    np.testing.assert_allclose(volume.affine, affine, atol=2e-4)  # its numbers of the normal have eight digits
    assert len(layer[1]["metadata"][METADATA_KEY]["instances"]) == 2 * COUNT


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_planes_that_are_numbered_the_other_way_lie_where_the_protocol_says(tmp_path, mosaic):
    """The first tile lies where the last plane of the protocol does, which no attribute of the standard tells."""
    _, affine = nibabel_s(mosaic)
    way = affine[:3, 0] * (COUNT - 1)
    mosaic.ImagePositionPatient = [round(float(x), 6) for x in np.array(mosaic.ImagePositionPatient, float) + way]
    mosaic.save_as(tmp_path / "x.dcm")
    (layer,), told = opened(tmp_path / "x.dcm")
    assert told == []
    volume = to_volume(*layer, ExportOptions())
    assert np.asarray(volume.array)[:, 0, 0].tolist() == list(range(COUNT, 0, -1))
    np.testing.assert_allclose(volume.affine, affine, atol=2e-4)


def without_protocol(mosaic):
    del mosaic[0x0029, 0x1020]


def of_another_count(mosaic):
    mosaic[0x0019, 0x100A].value = 40


def far_away(mosaic):
    mosaic.ImagePositionPatient = [0, 0, 0]


def narrower(mosaic):
    mosaic.PixelData = np.ascontiguousarray(mosaic.pixel_array[:, 1:]).tobytes()
    mosaic.Columns -= 1


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
@pytest.mark.parametrize("spoil", [without_protocol, of_another_count, far_away, narrower])
def test_what_nothing_proves_stays_one_picture_with_a_word(tmp_path, mosaic, spoil):
    spoil(mosaic)
    mosaic.save_as(tmp_path / "x.dcm")
    (layer,), told = opened(tmp_path / "x.dcm")
    assert layer[0].shape == (1, mosaic.Rows, mosaic.Columns)
    assert [text.partition(": ")[2] for text in told] == [KEPT]
