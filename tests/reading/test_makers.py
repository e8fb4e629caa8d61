"""Series of many makers, and oddities made by hand: world and values as SimpleITK reads them, or as they were made."""

from __future__ import annotations

import os
import struct
import sys
import time
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)

from judges.readers import simpleitk_file, simpleitk_volume
from judges.volumes import indexed, oblique
from napari_dicom_writer import ExportOptions, Volume, export, read
from napari_dicom_writer.layers.to_volume import to_volume

AFFINE = oblique() @ np.diag([-1, 1, 1, 1])
SHAPE = (4, 5, 6)
TIMES = 5


def opened(path):
    told: list[str] = []
    return read(path, announce=told.append), told


def placed(layer) -> tuple[np.ndarray, np.ndarray]:
    """Values as (…, planes, rows, columns), and their affine in LPS."""
    volume = to_volume(*layer, ExportOptions())
    order = [volume.axes.index(axis) for axis in ("plane", "row", "column")]
    leading = [i for i in range(len(volume.axes)) if i not in order]
    samples = [len(volume.axes)] if volume.rgb else []
    return np.asarray(volume.array).transpose(*leading, *order, *samples), volume.affine


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> list[Dataset]:
    """An oblique MR, plane by plane."""
    folder = tmp_path_factory.mktemp("made") / "x"
    export(Volume(indexed(SHAPE), affine=AFFINE, name="brain"), folder, ExportOptions(modality="MR"))
    return [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]


# --- oddities by hand -------------------------------------------------------------------------------------------------


def saved(dataset: Dataset, path: Path, syntax=ExplicitVRLittleEndian) -> None:
    dataset.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<i2").astype(">i2").tobytes()
    pydicom.dcmwrite(path, dataset, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian)


def implicit(dataset, path):
    saved(dataset, path, ImplicitVRLittleEndian)


def big_endian(dataset, path):
    saved(dataset, path, ExplicitVRBigEndian)


def deflated(dataset, path):
    saved(dataset, path, DeflatedExplicitVRLittleEndian)


def without_preamble(dataset, path):
    """Neither preamble nor File Meta Information: a mere data set."""
    saved(dataset, path, ImplicitVRLittleEndian)
    content = path.read_bytes()
    length = struct.unpack_from("<L", content, 140)[0]
    path.write_bytes(content[144 + length :])


def without_what_is_not_needed(dataset, path):
    for (
        keyword
    ) in "SeriesDescription SeriesNumber InstanceNumber Modality FrameOfReferenceUID StudyInstanceUID".split():
        if keyword in dataset:
            delattr(dataset, keyword)
    saved(dataset, path)


def with_wrong_types(dataset, path):
    """Texts where numbers belong, and numbers of another type: what tells no place and no value does no harm."""
    for keyword, vr, value in (
        ("EchoTime", "LO", "short"),
        ("AcquisitionTime", "LO", "noon"),
        ("WindowCenter", "LO", "wide"),
        ("SliceThickness", "FD", 2.5),
        ("InstanceNumber", "US", 7),
        ("SeriesNumber", "LO", "three"),
    ):
        if keyword in dataset:
            del dataset[keyword]
        dataset.add_new(keyword, vr, value)
    saved(dataset, path)


def with_private_elements(dataset, path):
    block = dataset.private_block(0x0051, "SOMEBODY 1.0", create=True)
    block.add_new(0x01, "UN", b"\xfe\xff\x00\xe0\xff\xff\xff\xff")
    inner = Dataset()
    inner.PatientComments = "nested"
    block.add_new(0x02, "SQ", [inner])
    dataset.add_new(0x00291010, "OB", b"SV10" + bytes(60))  # without its creator
    saved(dataset, path)


def in_colors_of_a_mixed_folder(dataset, path):
    folder = path.parent / f"DIR {len(path.name)}"
    folder.mkdir(exist_ok=True)
    (folder / "readme.txt").write_text("x" * 300)
    (folder / "report.xml").write_text("<x/>" * 100)
    (folder / f"{path.stem}.json").write_text("{}" * 100)
    saved(dataset, folder / f"{9 - int(path.stem)} ä.IMA")


ODDITIES = [
    implicit,
    big_endian,
    deflated,
    without_preamble,
    without_what_is_not_needed,
    with_wrong_types,
    with_private_elements,
    in_colors_of_a_mixed_folder,
]


@pytest.mark.parametrize("odd", ODDITIES, ids=lambda odd: odd.__name__)
@pytest.mark.filterwarnings("ignore")
def test_oddities_are_read_as_they_were_made(tmp_path, made, odd):
    for number, dataset in enumerate(made):
        odd(pydicom.dcmread(dataset.filename), tmp_path / str(number))
    (layer,), told = opened(tmp_path)
    assert told == []
    values, affine = placed(layer)
    np.testing.assert_array_equal(values, indexed(SHAPE))
    np.testing.assert_allclose(affine, AFFINE, atol=1e-6)


def test_time_points_interleaved_by_instance_number_are_told_apart(tmp_path, made):
    for plane, time_point in np.ndindex(SHAPE[0], TIMES):
        dataset = pydicom.dcmread(made[plane].filename)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.InstanceNumber = 1 + plane * TIMES + time_point
        dataset.AcquisitionNumber = 1
        dataset.PixelData = (indexed(SHAPE)[plane] + 1000 * time_point).astype("<i2").tobytes()
        dataset.save_as(tmp_path / f"{(dataset.InstanceNumber * 7) % 20}.dcm")
    (layer,), told = opened(tmp_path)
    values, affine = placed(layer)
    np.testing.assert_array_equal(values, np.stack([indexed(SHAPE) + 1000 * t for t in range(TIMES)]))
    np.testing.assert_allclose(affine, AFFINE, atol=1e-6)
    assert told == [
        "brain: Pictures at the same position are taken as time points, in the order of their Instance Number"
    ]


def test_files_of_no_series_are_opened_one_by_one(tmp_path, made):
    for number, dataset in enumerate(made[:2]):
        stray = pydicom.dcmread(dataset.filename)
        del stray.SeriesInstanceUID
        stray.save_as(tmp_path / f"{number}.dcm")
    layers, told = opened(tmp_path)
    assert ([data.shape for data, _, _ in layers], told) == ([(1, 5, 6)] * 2, [])


# --- series of others -------------------------------------------------------------------------------------------------


def test_a_series_that_simpleitk_writes_is_what_it_reads(tmp_path):
    image = sitk.GetImageFromArray(indexed(SHAPE))
    image.SetSpacing((1.5, 2.0, 3.0))
    image.SetOrigin((-10.0, 20.0, 5.0))
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    series = generate_uid()
    for number in range(SHAPE[0]):
        plane = image[:, :, number]
        position = image.TransformIndexToPhysicalPoint((0, 0, number))
        for tag, value in {
            "0020|000e": series,
            "0020|0032": "\\".join(map(str, position)),
            "0020|0037": "1\\0\\0\\0\\1\\0",
            "0008|103e": "of ITK",
            "0008|0016": "1.2.840.10008.5.1.4.1.1.2",
            "0008|0060": "CT",
            "0028|1053": "1",
            "0028|1052": "-7",
            "0018|0050": "3",
        }.items():
            plane.SetMetaData(tag, value)
        writer.SetFileName(str(tmp_path / f"{9 - number}.dcm"))
        writer.Execute(plane)
    (layer,), told = opened(tmp_path)
    assert told == ["of ITK: Its files name 4 studies: taken as one series"]  # it makes one up for each
    reading = simpleitk_volume(tmp_path)
    values, affine = placed(layer)
    np.testing.assert_array_equal(values, reading.values)
    np.testing.assert_allclose(affine, reading.affine, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_volume_that_simpleitk_writes_into_one_file_is_what_it_reads(tmp_path, dtype):
    image = sitk.GetImageFromArray(indexed(SHAPE).astype(dtype))
    image.SetSpacing((1.5, 2.0, 3.0))
    image.SetOrigin((-10.0, 20.0, 5.0))
    sitk.WriteImage(image, str(tmp_path / "x.dcm"))
    (layer,), _ = opened(tmp_path / "x.dcm")
    reading = simpleitk_file(tmp_path / "x.dcm")
    values, affine = placed(layer)
    np.testing.assert_array_equal(values, reading.values)
    np.testing.assert_allclose(affine, reading.affine, atol=1e-6)


# --- hostile folders --------------------------------------------------------------------------------------------------


def test_what_is_hostile_in_a_folder_leaves_the_rest(tmp_path, made):
    for number, dataset in enumerate(made):
        dataset.save_as(tmp_path / f"{number}.dcm")
    whole = (tmp_path / "2.dcm").read_bytes()
    (tmp_path / "2.dcm").write_bytes(whole[:-40])
    (tmp_path / "headless.dcm").write_bytes(bytes(128) + b"DICM" + b"\xff" * 50)
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe.dcm")
        (tmp_path / "round").symlink_to(tmp_path)
    start = time.process_time()
    (layer,), told = opened(tmp_path)
    assert time.process_time() - start < 5
    values, _ = placed(layer)
    expected = indexed(SHAPE)
    expected[2] = 0
    np.testing.assert_array_equal(values, expected)
    assert told[0] == "Not opened: brain, 1 file: Its pixels break off. Copy the file again."
    assert any("headless.dcm" in text for text in told)
    assert told[-1] == "brain: 1 plane is missing, and blank: plane 2"


def test_many_files_of_others_take_little_time(tmp_path, made):
    for number in range(2000):
        (tmp_path / f"{number}").touch()
    made[0].save_as(tmp_path / "x.dcm")
    start = time.process_time()
    assert len(opened(tmp_path)[0]) == 1
    assert time.process_time() - start < 5
