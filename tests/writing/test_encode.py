"""Files are byte for byte what pydicom writes for the same data set."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from pydicom import FileMetaDataset, dcmwrite
from pydicom.uid import ExplicitVRLittleEndian

from judges.readers import dicom_files
from judges.tables import MODALITIES, PLANAR
from judges.volumes import SHAPE, indexed, oblique
from napari_dicom_writer import ExportOptions, Patient, Series, Study, Volume, export, plan_export
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.standard.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from napari_dicom_writer.writing.encode import SeriesEncoder

TEXT = {
    "patient": Patient(name="Yamada^Tarou=山田^太郎", id="Ä-1", birth_date="1952-02-29", sex="O"),
    "study": Study(description="odd", referring_physician="Müller^Ü"),
    "series": Series(description="脳", body_part="BRAIN", operator="Who"),
}
OPTIONS = {"defaults": {}, "text": TEXT}
RNG = np.random.default_rng(2)
VOLUMES = {
    "int16": Volume(indexed(), affine=oblique(), window=(0, 50), name="µ" * 70),
    "uint8, odd": Volume(indexed((3, 5, 7)).astype("u1"), affine=oblique()),
    "float": Volume(RNG.normal(size=SHAPE), affine=oblique(), window=(-0.25, 0.5)),
    "a plane": Volume(indexed()[0], spacing=(1, 1)),
    "time": Volume(
        RNG.normal(size=(2, *SHAPE)), affine=oblique(), axes=("time", "plane", "row", "column"), time_step=0.7
    ),
}


def pydicom_writes(series, instance, values) -> bytes:
    dataset = IODS[series.iod].dataset(series, instance)
    stored = series.stored.encode(values)
    dataset.PixelData = stored.tobytes() + b"\0" * (stored.nbytes % 2)
    dataset["PixelData"].VR = "OB" if series.stored.bits == 8 else "OW"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    dataset.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    buffer = BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def assert_same_bytes(volume, path, options) -> None:
    report = export(volume, path / "out", options)
    files = iter(dicom_files(report.path))
    for series in report.plan.series:
        for instance in series.instances:
            frame = instance.frame
            values = volume.read(frame.leading, frame.plane, frame.plane + 1)[0]
            assert next(files).read_bytes() == pydicom_writes(series, instance, values)
    assert next(files, None) is None


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("name", VOLUMES)
def test_files_are_what_pydicom_writes(tmp_path, name, modality, options):
    assert_same_bytes(VOLUMES[name], tmp_path, ExportOptions(modality=modality, **OPTIONS[options]))


def test_every_iod_is_tested():
    keys = {plan_export(VOLUMES["int16"], ExportOptions(modality=m)).series[0].iod for m in MODALITIES}
    assert keys == set(PLANAR)


@pytest.mark.parametrize("shape", [SHAPE, (3, 5, 7)])
def test_colors_are_what_pydicom_writes(tmp_path, shape):
    colors = RNG.integers(0, 256, (*shape, 4), "u1")
    assert_same_bytes(Volume(colors, affine=oblique(), rgb=True), tmp_path, ExportOptions())


@pytest.mark.parametrize("modality", MODALITIES)
def test_shared_and_varying_attributes_are_apart(modality):
    for volume in VOLUMES.values():
        (series,) = plan_export(volume, ExportOptions(modality=modality)).series
        iod = IODS[series.iod]
        shared = set(iod.shared(series).dir())
        assert not shared & set(iod.varying(series, series.instances[0]))
        kinds = {frozenset(iod.varying(series, instance)) for instance in series.instances}
        assert len(kinds) == 1, "the encoder cuts the shared bytes once, at the first instance's attributes"


def test_a_file_that_exists_is_never_overwritten(tmp_path):
    (series,) = plan_export(VOLUMES["int16"]).series
    taken = tmp_path / "taken.dcm"
    taken.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        SeriesEncoder(series).write(taken, series.instances[0], np.zeros(SHAPE[1:], "<i2"))
    assert taken.read_bytes() == b"mine"
