"""Nothing is stated that nobody knows: a walk through all objects, kinds of layers and options."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import numpy as np
import pydicom
import pytest

from judges.readers import dciodvfy, dicom_files, dicom_validator
from judges.tables import OBJECTS, of
from judges.volumes import oblique_volume
from judges.walk import attributes, keywords, series
from judges.walk import options as every_option
from napari_dicom_writer import ExportOptions, NoteKind, Patient, Series, Study, Volume, export, plan_export
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.iods.statements import STATEMENTS, Source
from napari_dicom_writer.options.export import ExportOptions as Options
from napari_dicom_writer.standard.text import offset_of, title

TIME = ("time", "plane", "row", "column")


def dataset_of(layer=None, **options) -> pydicom.Dataset:
    (plan,) = plan_export(layer or oblique_volume(), ExportOptions(**options)).series
    return attributes(plan)


@pytest.mark.xdist_group("walk")
def test_every_attribute_has_a_row_and_every_row_an_attribute():
    written = {keyword for one in series() for keyword in keywords(one.dataset)}
    assert written == set(STATEMENTS)


@pytest.mark.xdist_group("walk")
def test_what_nobody_knows_is_empty():
    unknown = {keyword for keyword, statement in STATEMENTS.items() if statement.source is Source.UNKNOWN}
    for one in series():
        if one.options != "everything":
            stated = [keyword for keyword in unknown & set(one.dataset.dir()) if not one.dataset[keyword].is_empty]
            assert not stated, one[:3]


@pytest.mark.xdist_group("walk")
def test_what_is_assumed_is_said_before_writing():
    assumed = {keyword for keyword, statement in STATEMENTS.items() if statement.source is Source.ASSUMED}
    for one in series():
        said = " ".join(note.text for note in one.plan.notes if note.kind is NoteKind.ASSUMED)
        missing = [keyword for keyword in assumed & set(one.dataset.dir()) if title(keyword) not in said]
        assert not missing, one[:3]


def test_every_option_of_an_attribute_is_one():
    names = {f"{group}.{field}" for group in ("patient", "study", "series", "pet") for field in fields_of(group)}
    names |= set(Options.__dataclass_fields__)
    assert {statement.option for statement in STATEMENTS.values() if statement.option} <= names


def fields_of(group):
    return type(getattr(Options(), group)).__dataclass_fields__


# --- the known cases --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", OBJECTS)
def test_nobody_looked_for_burned_in_text_or_for_earlier_loss(key):
    dataset = dataset_of(**of(key))
    for keyword in ("BurnedInAnnotation", "LossyImageCompression"):
        assert (keyword in dataset) == (keyword in IODS[key].assumed), "written where it is required, and said"


def test_a_source_that_lost_something_says_so_and_more():
    """Once 01, always 01."""
    before = [("ISO_10918_1", 12.5)]
    layer = Volume(np.zeros((2, 40, 44), "u1"), spacing=(1, 1, 1), lossy=before)
    dataset = dataset_of(layer)
    assert (dataset.LossyImageCompression, dataset.LossyImageCompressionMethod) == ("01", "ISO_10918_1")
    assert dataset.LossyImageCompressionRatio == 12.5


def test_loss_adds_to_earlier_loss(tmp_path):
    values = np.random.default_rng(1).integers(0, 255, (2, 40, 44), "u1")
    layer = Volume(values, spacing=(1, 1, 1), lossy=[("ISO_10918_1", 12.5)])
    report = export(layer, tmp_path / "out", ExportOptions(transfer_syntax="jpeg-ls-lossy"))
    for file in dicom_files(report.path):
        instance = pydicom.dcmread(file)
        assert list(instance.LossyImageCompressionMethod) == ["ISO_10918_1", "ISO_14495_1"]
        assert instance.LossyImageCompressionRatio[0] == 12.5
        assert 0.5 < instance.LossyImageCompressionRatio[1] < 20
    assert dciodvfy(dicom_files(report.path))[0] == []


@pytest.mark.parametrize("key", OBJECTS)
def test_when_images_were_acquired_is_not_made_up(key):
    layer = Volume(np.zeros((3, 2, 4, 5), "i2"), spacing=(2, 1, 1), axes=TIME, time_step=2.5)
    assert not dataset_of(layer, **of(key)).get("AcquisitionTime")
    given = Series(acquisition_date="2004-02-29", acquisition_time="23:59:58")
    (plan,) = plan_export(layer, ExportOptions(**of(key), series=given)).series
    if len(plan.instances) == 1:  # all time points in one file
        found = attributes(plan)
        offsets = [g.TemporalPositionSequence[0] for g in found.PerFrameFunctionalGroupsSequence[::2]]
        assert found.AcquisitionDateTime == "20040229235958.000000"
        assert [item.TemporalPositionTimeOffset for item in offsets] == [0, 2.5, 5]
        return
    found = [IODS[key].dataset(plan, instance) for instance in plan.instances[:: len(plan.instances) // 3]]
    assert [d.AcquisitionDate for d in found] == ["20040229", "20040301", "20040301"]
    assert [float(d.AcquisitionTime) for d in found] == [235958, 0.5, 3]


def test_content_times_tell_how_points_are_related_and_the_last_is_now():
    layer = Volume(np.zeros((3, 2, 4, 5), "i2"), spacing=(2, 1, 1), axes=TIME, time_step=2.5)
    (plan,) = plan_export(layer).series
    found = [IODS["sc"].dataset(plan, instance) for instance in plan.instances[::2]]
    moments = [datetime.strptime(d.ContentDate + d.ContentTime, "%Y%m%d%H%M%S.%f") for d in found]
    assert moments[-1] == plan.study.created.replace(tzinfo=None)
    assert [later - earlier for earlier, later in pairwise(moments)] == [timedelta(seconds=2.5)] * 2


def test_the_offset_of_this_machine_is_not_that_of_a_foreign_time():
    assert dataset_of().TimezoneOffsetFromUTC == datetime.now().astimezone().strftime("%z")
    for options in (
        {"study": Study(date="2004-02-29", time="10:00")},
        {"series": Series(acquisition_date="2004-02-29")},
        {"attributes": {"DateOfSecondaryCapture": "20040229"}},
    ):
        assert "TimezoneOffsetFromUTC" not in dataset_of(**options)
    assert "TimezoneOffsetFromUTC" in dataset_of(patient=Patient(birth_date="1970-02-28"))


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "+0000"), (-43200, "-1200"), (50400, "+1400"), (5400, "+0130"), (54000, ""), (3541, "")],
)
def test_an_offset_that_dicom_cannot_hold_is_left_out(seconds, written):
    assert offset_of(datetime(1940, 1, 1, tzinfo=timezone(timedelta(seconds=seconds)))) == written


def test_of_an_existing_study_no_patient_is_made_up():
    study = Study(instance_uid="2.25.77")
    plan = plan_export(oblique_volume(), ExportOptions(study=study))
    dataset = attributes(plan.series[0])
    assert (str(dataset.PatientName), dataset.PatientID) == ("", "")
    (note,) = [note for note in plan.notes if "whose it is" in note.text]
    assert (note.kind, note.fix.option) == (NoteKind.ASSUMED, "patient.id")
    named = dataset_of(study=study, patient=Patient(name="Doe^Jane", id="7"))
    assert (str(named.PatientName), named.PatientID) == ("Doe^Jane", "7")
    assert dataset_of().PatientID.startswith("ANON-")


def test_a_series_number_in_an_existing_study_is_not_known_to_be_free():
    def fixes(**series):
        options = ExportOptions(study=Study(instance_uid="2.25.77"), series=Series(**series))
        return [note.fix.option for note in plan_export(oblique_volume(), options).notes if note.fix]

    assert "series.number" in fixes()
    assert "series.number" not in fixes(number="7")


def test_a_result_is_numbered_beside_its_reference(tmp_path):
    def made(name, **options):
        return export(oblique_volume(), tmp_path / name, ExportOptions(modality="CT", **options)).path / "00001.dcm"

    source = made("a", series=Series(number="4"), patient=Patient(name="Doe^Jane", id="7"))
    assert pydicom.dcmread(made("b", reference=source)).SeriesNumber == 401
    assert pydicom.dcmread(made("c", reference=source, series=Series(number="9"))).SeriesNumber == 9
    assert pydicom.dcmread(made("d", reference=source, same_study=False)).SeriesNumber == 1
    plan = plan_export(oblique_volume(), ExportOptions(reference=source, series=Series(number="4")))
    (note,) = [note for note in plan.notes if "that of the reference" in note.text]
    assert (note.fix.option, note.fix.value) == ("series.number", "402")


def test_a_lossy_reference_makes_a_lossy_result(tmp_path):
    values = np.random.default_rng(1).integers(0, 255, (2, 40, 44), "u1")
    lossy = ExportOptions(transfer_syntax="jpeg-ls-lossy", patient=Patient(name="Doe^Jane", id="7"))
    source = export(Volume(values, spacing=(1, 1, 1)), tmp_path / "a", lossy).path / "00001.dcm"
    report = export(oblique_volume(), tmp_path / "b", ExportOptions(reference=source))
    assert pydicom.dcmread(report.path / "00001.dcm").LossyImageCompression == "01"
    assert any("compressed with loss" in note.text for note in report.plan.notes)
    assert dciodvfy(dicom_files(report.path))[0] == []


def test_numbered_time_points_tell_the_time_in_any_object(tmp_path):
    layer = Volume(np.zeros((3, 2, 4, 5), "i2"), spacing=(2, 1, 1), axes=TIME, time_step=2.5)
    for key in ("sc", "ct", "pet"):
        report = export(layer, tmp_path / key, ExportOptions(object=key, time="one-series-numbered"))
        found = [pydicom.dcmread(file) for file in dicom_files(report.path)]
        assert [i.TemporalPositionIdentifier for i in found] == [1, 1, 2, 2, 3, 3]
        assert {(i.NumberOfTemporalPositions, i.TemporalResolution) for i in found} == {(3, 2500)}
        ohif = next(v for v in report.plan.series[0].opens_in if v.software == "OHIF")
        assert ohif.opens
        assert dciodvfy(dicom_files(report.path))[0] == []  # it warns of a Standard Extended SOP Class


@pytest.mark.parametrize("key", OBJECTS)
def test_everything_given_conforms(tmp_path, key):
    options = replace(every_option(key)["everything"], **of(key))
    report = export(oblique_volume(), tmp_path / "out", options)
    assert dciodvfy(dicom_files(report.path)) == ([], [])
    assert dicom_validator(dicom_files(report.path)) == []
