"""Layers with options of their own: each acts on its layer alone, and what all have in common is refused by name."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass

import numpy as np
import pydicom
import pytest

from judges.readers import dciodvfy, dicom_files
from napari_dicom_writer import (
    ExportError,
    ExportOptions,
    LayerOptions,
    OptionsError,
    Patient,
    Pet,
    Series,
    export,
    plan_export,
)
from napari_dicom_writer.cli.main import main
from napari_dicom_writer.options.layer import Given, own_options

ARRAY = np.arange(4 * 6 * 5, dtype=np.int16).reshape(4, 6, 5)
PLACE = {"units": ("mm",) * 3, "scale": (2, 1, 1)}
SCAN, OTHER = (ARRAY, PLACE | {"name": "scan"}, "image"), (ARRAY, PLACE | {"name": "other"}, "image")
ORGANS = (ARRAY // 50, PLACE | {"name": "organs"}, "labels")
VALUES = {
    "series": Series(protocol="p"), "pet": Pet(dose="350"), "attributes": {"FlipAngle": 12}, "segments": {1: "liver"},
    "segment_algorithm_name": "net", "empty_frames": True, "fraction_maximum": 2.0, "nan": 0.0, "value_unit": "US",
    "transfer_syntax": "deflated", "pixel_unit": "um", "lossy_error": 3, "lossy_ratio": 20.0,
}  # fmt: skip


def test_every_option_is_a_layers_or_says_why_not():
    names = {item.name for item in fields(ExportOptions)}
    assert set(Given.__annotations__) == set(own_options()) < names
    for name in names - set(own_options()):
        value = getattr(ExportOptions(), name)
        with pytest.raises(OptionsError, match=r"A layer has no .* of its own: they "):
            LayerOptions(**{name: value})


def test_all_that_is_wrong_is_said():
    with pytest.raises(OptionsError) as error:
        LayerOptions(patient=Patient(), parsnip=1, verify="off")
    assert len(error.value.refusals) == 3
    with pytest.raises(OptionsError, match="'XX' is not a choice"):
        LayerOptions(modality="XX")
    with pytest.raises(OptionsError, match="Patient Comments of its own: it is of the patient"):
        LayerOptions(attributes={"PatientComments": "x"})


@pytest.mark.parametrize("name", own_options())
def test_an_option_acts_on_its_layer_alone(name):
    item = ExportOptions.__dataclass_fields__[name]
    choices = {"multi-frame": ""} if name == "object" else item.metadata.get("choices") or {True: ""}
    value = VALUES[name] if name in VALUES else next(choice for choice in choices if choice != item.default)
    own, common = LayerOptions(**{name: value}), ExportOptions()
    first, second = own.over(common), common
    assert getattr(first, name) != getattr(second, name)
    try:
        plan_export(SCAN, first)
    except ExportError as refused:
        with pytest.raises(ExportError, match=re.escape(refused.refusals[0].what)):
            plan_export([(SCAN, own), OTHER], common)
        return
    plan = plan_export([(SCAN, own), OTHER], common)
    assert [getattr(series.options, name) for series in plan.series] == [getattr(first, name), getattr(second, name)]


def test_two_layers_differ_in_what_they_say_and_share_the_study(tmp_path):
    layers = [
        (SCAN, LayerOptions(modality="MR", series=Series(number="7", description="T1"), transfer_syntax="deflated")),
        (ORGANS, LayerOptions(segments={1: "liver"}, segmentation_type="labelmap")),
        OTHER,
    ]
    options = ExportOptions(modality="CT", patient=Patient(id="7"), series=Series(body_part="CHEST"))
    report = export(layers, tmp_path / "x", options)
    files = dicom_files(report.path)
    found = {(d.Modality, d.SeriesNumber, d.SeriesDescription): d for d in map(pydicom.dcmread, files)}
    assert set(found) == {("MR", 7, "T1"), ("SEG", 2, "organs"), ("CT", 3, "other")}
    assert {(d.PatientID, d.StudyInstanceUID) for d in found.values()} == {("7", report.plan.study.uid)}
    assert {d.BodyPartExamined for d in found.values()} == {"CHEST"}
    syntaxes = {d.Modality: d.file_meta.TransferSyntaxUID.name for d in found.values()}
    assert syntaxes["MR"] == "Deflated Explicit VR Little Endian"
    assert syntaxes["CT"] == "Explicit VR Little Endian"
    assert found["SEG", 2, "organs"].SegmentationType == "LABELMAP"
    assert dciodvfy([file for file in files if "MR" not in str(file)])[0] == []  # it reads no deflated files


def test_what_changes_nothing_in_its_layer_is_said():
    own = LayerOptions(empty_frames=True, pixel_unit="um", series=Series(patient_position="HFS"))
    notes = [str(note) for note in plan_export([(SCAN, own), ORGANS]).notes]
    assert "layer 'scan': empty_frames=True changes nothing: there are no labels" in notes
    assert "layer 'scan': pixel_unit='um' changes nothing: no axis is in pixels" in notes
    assert any("series.patient_position='HFS' is not written: it belongs to CT" in note for note in notes)
    plan = plan_export(
        [SCAN, (ORGANS, LayerOptions(segment_algorithm="manual"))], ExportOptions(segment_algorithm="automatic")
    )
    assert any(
        "changes nothing: every layer has its own" in str(note) or "there are no labels" in str(note)
        for note in plan.notes
    )


@pytest.mark.parametrize(
    ("layers", "match"),
    [
        (
            [(SCAN, LayerOptions(series=Series(number="2"))), OTHER],
            "Series 2 would be of layer 'scan' and of layer 'other'",
        ),
        ([(SCAN, LayerOptions(attributes={"Rows": 3})), OTHER], "Rows cannot be given"),
        ([(SCAN, LayerOptions(modality="CT", object="mr"))], "MR"),
    ],
)
def test_what_cannot_be_is_refused(layers, match):
    with pytest.raises(ExportError, match=match):
        plan_export(layers)


def test_one_layer_alone_and_a_file_may_have_their_own(tmp_path):
    assert plan_export((SCAN, LayerOptions(modality="MR"))).series[0].modality == "MR"
    np.save(tmp_path / "a.npy", np.zeros((3, 40, 40), "i2"))
    assert plan_export([(str(tmp_path / "a.npy"), LayerOptions(modality="MR"))]).series[0].modality == "MR"


def test_on_the_command_line(tmp_path, capsys):
    for name in ("scan", "other"):
        np.save(tmp_path / f"{name}.npy", np.zeros((3, 40, 40), "i2"))
    given = ["export", tmp_path / "scan.npy", tmp_path / "other.npy", tmp_path / "out", "--modality", "CT"]
    own = ["--layer", "scan:modality=MR", "--layer", "scan:series-number=7", "--layer", "other.npy:set=FlipAngle=12"]
    own += ["--series-description", "all", "--layer", "scan:series-description="]
    assert main([*map(str, given), *own]) == 0
    found = {d.Modality: d for d in map(pydicom.dcmread, dicom_files(tmp_path / "out"))}
    assert (found["MR"].SeriesNumber, found["CT"].SeriesNumber) == (7, 2)
    assert (found["MR"].SeriesDescription, found["CT"].SeriesDescription) == ("scan", "all other")
    assert found["CT"].FlipAngle == 12
    assert "FlipAngle" not in found["MR"]
    capsys.readouterr()
    wrong = ["k:x=1", "scan", "scan:patient-id=1", "other:parsnip"]
    assert main([*map(str, given), *(part for text in wrong for part in ("--layer", text))]) == 1
    said = capsys.readouterr().err
    for text in (
        "'k:x=1' names no layer",
        "there are scan, other",
        "'scan' names a layer, and no option of it",
        "no --patient of its own",
        "--parsnip",
    ):
        assert text in said


def test_groups_are_joined_text_by_text():
    own = LayerOptions(series=Series(number="7"), attributes={"FlipAngle": 12})
    options = own.over(ExportOptions(series=Series(body_part="CHEST", number="1"), attributes={"EchoTrainLength": 1}))
    assert (options.series.number, options.series.body_part) == ("7", "CHEST")
    assert set(options.attributes) == {"FlipAngle", "EchoTrainLength"}
    assert all(is_dataclass(getattr(options, name)) for name in ("series", "pet"))


def test_a_text_may_be_empty_for_one_layer(tmp_path):
    common = ExportOptions(series=Series(description="T1", body_part="LUNG", laterality="L"))
    own = LayerOptions(series={"description": "", "laterality": "", "protocol": "p"})
    report = export([(SCAN, own), OTHER], tmp_path / "x", common)
    found = {d.SeriesDescription: d for d in map(pydicom.dcmread, dicom_files(report.path))}
    assert {name: (d.BodyPartExamined, d.Laterality) for name, d in found.items()} == {
        "scan": ("LUNG", ""),
        "T1 other": ("LUNG", "L"),
    }
    with pytest.raises(OptionsError, match="'series.parsnip' is not an option"):
        LayerOptions(series={"parsnip": ""})
    with pytest.raises(OptionsError, match="laterality"):
        LayerOptions(series={"laterality": "X"})


def test_labels_are_a_plain_series_if_they_say_so(tmp_path):
    report = export([SCAN, (ORGANS, LayerOptions(object="sc"))], tmp_path / "x")
    found = [d for d in map(pydicom.dcmread, dicom_files(report.path)) if d.SeriesDescription == "organs"]
    np.testing.assert_array_equal(np.stack([d.pixel_array for d in found]), ORGANS[0])
    assert any("written as the values of an image" in note.text for note in report.plan.notes)
