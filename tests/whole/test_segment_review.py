"""The checks of a reviewer of segmentations, on what is written: organs, what nobody knows, and codes of others."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.sr import _concepts_dict

from napari_dicom_writer import ExportOptions, OptionsError, Volume, export, plan_export
from napari_dicom_writer.model.segments import Segment
from napari_dicom_writer.standard.codes import Code, Structure

# Classes of TotalSegmentator, and names that are nobody's.
NAMES = (
    "spleen kidney_right kidney_left gallbladder liver stomach pancreas adrenal_gland_right "
    "lung_upper_lobe_left lung_middle_lobe_right esophagus trachea thyroid_gland small_bowel duodenum "
    "colon urinary_bladder prostate sacrum vertebrae_L5 vertebrae_T1 vertebrae_C1 heart aorta "
    "pulmonary_vein brachiocephalic_trunk common_carotid_artery_left superior_vena_cava iliac_artery_left "
    "iliac_vena_right humerus_left scapula_right clavicula_left femur_right hip_left spinal_cord "
    "gluteus_maximus_left autochthon_right iliopsoas_left brain skull rib_left_1 rib_right_12 sternum "
    "costal_cartilages tumor_left thing"
).split()


@pytest.fixture(scope="module", params=["binary", "labelmap"])
def dataset(request, tmp_path_factory):
    array = np.zeros((2, 10, 10), "u1")
    array.flat[: len(NAMES)] = range(1, len(NAMES) + 1)
    options = ExportOptions(
        object="segmentation", segmentation_type=request.param, segments=dict(enumerate(NAMES, 1)),
        segment_algorithm="automatic", segment_algorithm_name="TotalSegmentator",
    )  # fmt: skip
    volume = Volume(array, spacing=(2, 1, 1))
    return pydicom.dcmread(export(volume, tmp_path_factory.mktemp("seg") / "x", options).path)


def segments(dataset):
    return [segment for segment in dataset.SegmentSequence if segment.SegmentNumber]


def codes(dataset):
    for segment in segments(dataset):
        for sequence in (segment.SegmentedPropertyCategoryCodeSequence, segment.SegmentedPropertyTypeCodeSequence):
            (code,) = sequence
            yield code
            yield from code.get("SegmentedPropertyTypeModifierCodeSequence", ())


def test_codes_and_meanings_agree_with_the_standards_lists(dataset):
    """By the dictionaries that pydicom ships, keyword by keyword."""
    known: dict[tuple[str, str], set[str]] = {}
    for scheme, concepts in _concepts_dict.concepts.items():
        for by_value in concepts.values():
            for value, (meaning, _) in by_value.items():
                known.setdefault((value, scheme), set()).add(meaning)
    checked = [code for code in codes(dataset) if (code.CodeValue, code.CodingSchemeDesignator) in known]
    assert len(checked) > 2 * len(NAMES)
    for code in checked:
        assert code.CodeMeaning in known[code.CodeValue, code.CodingSchemeDesignator]


def test_one_code_has_one_meaning(dataset):
    meanings: dict[tuple[str, str], set[str]] = {}
    for code in codes(dataset):
        meanings.setdefault((code.CodeValue, code.CodingSchemeDesignator), set()).add(code.CodeMeaning)
    assert all(len(found) == 1 for found in meanings.values())


def test_laterality_is_a_modifier_and_not_in_the_type(dataset):
    for name, segment in zip(NAMES, segments(dataset), strict=True):
        (kind,) = segment.SegmentedPropertyTypeCodeSequence
        sides = [code.CodeMeaning for code in kind.get("SegmentedPropertyTypeModifierCodeSequence", ())]
        if name == "lung_middle_lobe_right":  # the only one there is: its code says the side
            assert sides == []
            continue
        expected = "Left" if "left" in name else "Right" if "right" in name else None
        assert sides == ([expected] if expected else [])
        assert not {"left", "right"} & set(kind.CodeMeaning.lower().split())


def test_five_attributes_are_in_each_segment_and_each_code_has_its_scheme(dataset):
    required = (
        "SegmentNumber SegmentLabel SegmentedPropertyCategoryCodeSequence SegmentedPropertyTypeCodeSequence "
        "SegmentAlgorithmType"
    ).split()
    for segment in dataset.SegmentSequence:
        assert all(segment[keyword].value not in (None, "") for keyword in required)
        assert segment.SegmentAlgorithmName == "TotalSegmentator"
    assert all(code.CodeValue and code.CodingSchemeDesignator and code.CodeMeaning for code in codes(dataset))


def test_the_type_says_more_than_the_category_unless_nothing_is_known(dataset):
    for name, segment in zip(NAMES, segments(dataset), strict=True):
        category, kind = segment.SegmentedPropertyCategoryCodeSequence[0], segment.SegmentedPropertyTypeCodeSequence[0]
        assert (category.CodeValue != kind.CodeValue) == (name != "thing")


def test_overlap_is_said_and_tracking_identifiers_are_each_ones_own(dataset):
    assert dataset.SegmentsOverlap == "NO"
    found = segments(dataset)
    assert len({segment.TrackingUID for segment in found}) == len(found)
    assert all(segment.TrackingID for segment in found)


def test_codes_are_of_structures_and_not_of_entire_organs(dataset):
    assert not [code.CodeMeaning for code in codes(dataset) if code.CodeMeaning.lower().startswith("entire")]


ANATOMY, LIVER = Code("91723000", "SCT", "Anatomical Structure"), Code("10200004", "SCT", "Liver")
ARRAY = Volume(np.array([[[1, 2]] * 2] * 2), spacing=(1, 1, 1))


def of(*structures, **given):
    named = [Segment(label=n, name="x", structure=s, **given) for n, s in enumerate(structures, 1)]
    return ExportOptions(object="segmentation", segments=named)


@pytest.mark.parametrize(
    ("structures", "given", "match"),
    [
        ([Structure(ANATOMY, Code("10200004", "SCT", "Spleen"))], {}, "means 'Liver', and not 'Spleen'"),
        ([Structure(ANATOMY, ANATOMY)], {}, "which is its category, too"),
        ([Structure(ANATOMY, Code("1", "99X", m)) for m in "ab"], {}, "is given as 'a' and 'b'"),
        ([Structure(ANATOMY, LIVER)] * 2, {"tracking_id": "a", "tracking_uid": "1.2.3"}, "have one tracking UID"),
    ],
)
def test_what_a_reviewer_would_refuse_is_refused(structures, given, match):
    with pytest.raises(OptionsError, match=match):
        plan_export(ARRAY, of(*structures, **given))


@pytest.mark.parametrize(
    "given",
    [
        {"algorithm_name": "x" * 65},
        {"tracking_id": "a", "tracking_uid": "1.02"},
        {"structure": Structure(ANATOMY, Code("1", "a scheme that is too long", "x"))},
        {"structure": Structure(ANATOMY, Code("1", "99X", "x" * 65))},
    ],
)
def test_what_dicom_cannot_hold_is_refused(given):
    given = ExportOptions(object="segmentation", segments=[Segment(label=1, name="x", **given)])
    with pytest.raises(OptionsError, match="of segment 'x'"):
        plan_export(ARRAY, given)


def test_another_wording_is_the_standards_and_said(tmp_path):
    kinds = [
        Structure(ANATOMY, Code("10200004", "SCT", "Entire liver")),
        Structure(ANATOMY, Code("1" * 18, "99X", "Mine")),
    ]
    report = export(ARRAY, tmp_path / "x", of(*kinds))
    first, second = segments(pydicom.dcmread(report.path))
    assert first.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Liver"
    assert second.SegmentedPropertyTypeCodeSequence[0].LongCodeValue == "1" * 18
    assert any("written with its meaning 'Liver', not 'Entire liver'" in note.text for note in report.plan.notes)


def test_how_segments_were_made_is_not_asked_again():
    for given in ({"segment_algorithm": "manual"}, {"segment_algorithm_name": "net"}):
        notes = plan_export(ARRAY, ExportOptions(object="segmentation", **given)).notes
        assert not [note for note in notes if "were made is not known" in note.text]
    with pytest.raises(OptionsError, match="segment_algorithm_name"):
        ExportOptions(segment_algorithm_name="x" * 65)
