"""Attributes that are given by keyword: what DICOM allows arrives, what it does not is refused with the reason."""

from __future__ import annotations

import json

import pytest

from judges.tables import OBJECTS, of
from judges.volumes import oblique_volume
from napari_dicom_writer import ExportOptions, OptionsError, plan_export
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.standard.attributes import as_dataset, check_attributes, read_json

CODE = {"CodeValue": "39607008", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Lung"}


def header(**options):
    (series,) = plan_export(oblique_volume(), ExportOptions(**options)).series
    return IODS[series.iod].dataset(series, series.instances[0])


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"ProtocolName": "T1"}, {"ProtocolName": ("T1",)}),
        ({"FlipAngle": 12}, {"FlipAngle": ("12",)}),
        ({"00181314": "12.5"}, {"FlipAngle": ("12.5",)}),
        ({"CorrectedImage": ["ATTN", "DECY"]}, {"CorrectedImage": ("ATTN", "DECY")}),
        ({"CorrectedImage": "ATTN\\DECY"}, {"CorrectedImage": ("ATTN", "DECY")}),
        ({"ExposureTime": None}, {"ExposureTime": ()}),
        ({"AcquisitionMatrix": [0, 256, 192, 0]}, {"AcquisitionMatrix": (0, 256, 192, 0)}),
        ({"DateOfSecondaryCapture": "2026-01-31"}, {"DateOfSecondaryCapture": ("20260131",)}),
        ({"AnatomicRegionSequence": CODE}, {"AnatomicRegionSequence": ({k: (v,) for k, v in CODE.items()},)}),
        (
            {"00081048": {"vr": "PN", "Value": [{"Alphabetic": "Who^Dr", "Ideographic": "脳"}]}},
            {"PhysiciansOfRecord": ("Who^Dr=脳",)},
        ),
        ({"00181314": {"vr": "DS", "Value": [12]}}, {"FlipAngle": ("12",)}),
    ],
)
def test_what_dicom_allows_is_taken(given, found):
    assert check_attributes(given) == found
    assert check_attributes(check_attributes(given)) == found
    as_dataset(found)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"FlipAngel": 12}, "'FlipAngel' is not an attribute of DICOM"),
        ({"00091001": "x"}, "is not an attribute of DICOM"),
        ({"FlipAngle": "steep"}, "Flip Angle is not a number"),
        ({"FlipAngle": [1, 2]}, "Flip Angle has 2 values, and DICOM allows 1"),
        ({"AcquisitionMatrix": [0, 70000, 1, 1]}, "is not an integer that it may be"),
        ({"AcquisitionMatrix": [0, True, 1, 1]}, "is not an integer that it may be"),
        ({"DiffusionBValue": float("nan")}, "is not a finite number"),
        ({"DateOfSecondaryCapture": "20260231"}, "is a date that does not exist"),
        ({"AnatomicRegionSequence": "lung"}, "is a sequence, and no items are given"),
        ({"AnatomicRegionSequence": [{"CodeValue": "x" * 17}]}, "Code Value has 17 characters"),
        ({"EncapsulatedDocument": b"x"}, "holds bytes"),
        ({"SequenceName": "x" * 17}, "has 17 characters"),
        (["ProtocolName"], "not keywords with values"),
    ],
)
def test_what_dicom_does_not_allow_is_refused(given, reason):
    with pytest.raises(OptionsError, match=reason):
        ExportOptions(attributes=given)


def test_everything_wrong_is_said_at_once():
    with pytest.raises(OptionsError) as error:
        ExportOptions(attributes={"FlipAngel": 1, "FlipAngle": "x"})
    assert len(error.value.refusals) == 2


def test_no_message_holds_a_value_of_an_attribute():
    with pytest.raises(OptionsError) as error:
        ExportOptions(
            attributes={"PatientComments": "Doe" + "\x07", "OtherPatientIDsSequence": [{"PatientID": "x\\y"}]}
        )
    assert "Doe" not in str(error.value)


@pytest.mark.parametrize("key", OBJECTS)
def test_given_attributes_are_in_every_object(key):
    given = {"FlipAngle": 12, "AnatomicRegionSequence": [CODE], "BurnedInAnnotation": "NO"}
    found = header(**of(key), attributes=given)
    assert (found.FlipAngle, found.BurnedInAnnotation) == (12, "NO")
    (region,) = [element.value[0] for element in found.iterall() if element.keyword == "AnatomicRegionSequence"]
    assert region.CodeMeaning == "Lung"


def test_what_nobody_knows_can_be_given_and_is_no_assumption_then():
    (series,) = plan_export(
        oblique_volume(), ExportOptions(modality="MR", attributes={"ScanningSequence": "SE", "EchoTrainLength": 1})
    ).series
    found = IODS["mr"].dataset(series, series.instances[0])
    assert (found.ScanningSequence, found.EchoTrainLength, found.SequenceVariant) == ("SE", 1, "NONE")
    (note,) = [note.text for note in series.notes if "is not known here" in note.text]
    assert ("Sequence Variant NONE" in note, "Scanning" in note) == (True, False)


@pytest.mark.parametrize(
    ("keyword", "value", "reason"),
    [
        ("ImagePositionPatient", [0, 0, 0], "its value comes from the layer"),
        ("SOPInstanceUID", "2.25.1", "its value comes from this export"),
        ("SOPClassUID", "2.25.1", "its value comes from the object's definition"),
        ("SeriesDescription", "x", "it is the option series.description"),
        ("PatientName", "Doe", "it is the option patient.name"),
        ("RescaleSlope", 2, "its value comes from the layer"),
        ("ModalityLUTSequence", [], "the writer decides"),
        ("PixelAspectRatio", [1, 2], "the writer decides"),
        ("TransferSyntaxUID", "1.2.840.10008.1.2", "the writer decides"),
        ("LossyImageCompression", "00", "it is the option transfer_syntax"),
    ],
)
def test_what_the_writer_owns_is_refused_with_the_reason(keyword, value, reason):
    with pytest.raises(OptionsError, match=reason):
        plan_export(oblique_volume(), ExportOptions(modality="MR", attributes={keyword: value}))


def test_that_the_source_lost_something_may_be_said():
    assert header(attributes={"LossyImageCompression": "01"}).LossyImageCompression == "01"


def test_a_file_holds_keywords_or_the_json_model(tmp_path):
    path = tmp_path / "more.json"
    for content in ({"FlipAngle": 12}, {"00181314": {"vr": "DS", "Value": [12]}}, [{"FlipAngle": 12}]):
        path.write_text(json.dumps(content))
        assert check_attributes(read_json(path)) == {"FlipAngle": ("12",)}
    dataset = as_dataset(check_attributes({"FlipAngle": 12, "AnatomicRegionSequence": [CODE]}))
    path.write_text(dataset.to_json())
    assert as_dataset(check_attributes(read_json(path))) == dataset


@pytest.mark.parametrize("content", ["{", "3", "[1, 2]"])
def test_a_file_of_something_else_is_refused(tmp_path, content):
    path = tmp_path / "more.json"
    path.write_text(content)
    with pytest.raises(OptionsError):
        read_json(path)
    with pytest.raises(OptionsError):
        read_json(tmp_path / "nowhere.json")
