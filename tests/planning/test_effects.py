"""Every option acts or is said not to: a walk through all options, objects and kinds of input, from the tables."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from judges.tables import of
from judges.walk import GIVEN, attributes
from napari_dicom_writer import ExportError, ExportOptions, Series, Study, Volume, export, plan_export
from napari_dicom_writer.iods import IMAGE, IODS, LABELS, SHAPES
from napari_dicom_writer.mention import mention
from napari_dicom_writer.options.fields import kinds

if TYPE_CHECKING:
    from napari_dicom_writer.plan.plan import ExportPlan

RAMP = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
TIME = ("time", "plane", "row", "column")
SHEARED = np.array([[0, 0.2, 1, 0], [0, 1, 0, 0], [2, 0, 0, 0], [0, 0, 0, 1.0]])
INPUTS: dict[str, Any] = {
    "integers": Volume(RAMP[0].astype("i2"), spacing=(2, 1, 1)),
    "floats": Volume(RAMP[0] / 7, spacing=(2, 1, 1)),
    "floats with NaN": Volume(np.where(RAMP[0] == 5, np.nan, RAMP[0] / 7), spacing=(2, 1, 1)),
    "colors": Volume(np.zeros((3, 40, 44, 3), "u1"), spacing=(2, 1, 1), rgb=True),
    "time": Volume(RAMP.astype("i2"), spacing=(2, 1, 1), axes=TIME, time_step=2.5),
    "sheared": Volume(RAMP[0].astype("i2"), affine=SHEARED),
    "an array": RAMP.astype("i2"),
    "a layer in pixels": (RAMP[0].astype("i2"), {"scale": (2, 1, 1)}, "image"),
    "labels": (RAMP.reshape(3, 5, 8) // 20, {"units": ("mm",) * 3}, "labels"),
    "a layer in mm": (RAMP[0].astype("i2"), {"units": ("mm",) * 3, "translate": (1, 2, 3)}, "image"),
}
OUTLINE = np.array([[1, 1, 1], [1, 1, 3], [1, 2.5, 3]])
INPUTS["shapes"] = [INPUTS["a layer in mm"], ([OUTLINE], INPUTS["a layer in mm"][1], "shapes")]
KINDS = {"labels": LABELS, "shapes": SHAPES}
_NEW_UID = re.compile(r"2\.25\.\d+")
# What acts on the writing, after the plan, and is tested there.
WRITING = {"verify", "overwrite"}
VALUES: dict[str, Any] = {
    "nan": 0.0,
    "pixel_unit": "um",
    "lossy_error": 3,
    "lossy_ratio": 20.0,
    "workers": 3,
    "same_study": False,
    "same_space": False,
    "attributes": {"FlipAngle": 12},
    "segments": {1: "liver"},
    "segment_algorithm_name": "program",
    "empty_frames": True,
    "concatenation": True,
    "companion": True,
    "fraction_maximum": 2.0,
}


def options_to_try() -> list[str]:
    names = []
    for item in fields(ExportOptions):
        kind = kinds(ExportOptions)[item.name]
        inner = fields(kind) if isinstance(kind, type) and is_dataclass(kind) else ()
        names += [f"{item.name}.{field.name}" for field in inner] or [item.name]
    return names


def tried(name: str, key: str, reference) -> list[Any]:
    """Values of an option that are not its default."""
    group, _, member = name.rpartition(".")
    if group:
        return [GIVEN[kinds(ExportOptions)[group]].get(member, "BW")]
    if name == "segmentation_type":
        return ["labelmap"]  # the other is what these labels become by themselves
    if name == "reference":
        return [reference]
    if name == "value_unit":
        return [sorted(IODS[key].units)[0]] if IODS[key].units else ["ms"]
    if name == "modality":
        own = IODS.row(key).modalities
        return ["MR", "US"] if "CT" in own else ["CT", "US"]
    item = ExportOptions.__dataclass_fields__[name]
    if name in VALUES:
        return [VALUES[name]]
    assert item.metadata["choices"], f"say which value of {name} to try"
    return [choice for choice in item.metadata["choices"] if choice != item.default]


def planned(layer: Any, options: ExportOptions) -> ExportPlan | str:
    """Return the plan, or the refusal, which is an outcome, too."""
    try:
        return plan_export(layer, options)
    except ExportError as error:
        return str(error)


def noted(plan: ExportPlan | str) -> set[str]:
    return set() if isinstance(plan, str) else {note.text for note in plan.notes}


def written(plan: ExportPlan | str) -> Any:
    """What a plan will write, apart from what is new in each."""
    if isinstance(plan, str):
        return plan
    found = []
    for series in plan.series:
        for at in {0, len(series.instances) - 1}:
            dataset = IODS[series.iod].dataset(series, series.instances[at])
            values = {e.keyword: _NEW_UID.sub("new", str(e.value)) for e in dataset if not _is_new(e)}
            found.append((values, series.options.transfer_syntax, series.stored, series.grid, len(series.instances)))
    return found, plan.workers


def _is_new(element: Any) -> bool:
    made = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID", "PatientID")
    clock = ("ContentTime", "InstanceCreationTime", "StudyTime", "SeriesTime", "ContributingEquipmentSequence")
    clock += ("StructureSetTime",)
    if element.keyword in ("ContentDate", "InstanceCreationDate", "StructureSetDate"):
        return True
    return (element.keyword in made and str(element.value).startswith(("2.25.", "ANON-"))) or element.keyword in clock


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    return export(INPUTS["integers"], folder / "a", ExportOptions(study=Study(description="there"))).path / "00001.dcm"


@pytest.fixture(scope="module")
def at_default():
    pairs = [(row.key, kind) for row in IODS.rows for kind in INPUTS if KINDS.get(kind, IMAGE) in row.layers]
    plans = {(key, kind): planned(INPUTS[kind], ExportOptions(**of(key))) for key, kind in pairs}
    return {pair: (written(plan), noted(plan)) for pair, plan in plans.items()}


# These are seen where they are written, and not in a header without what is new in each plan.
SEEN = {
    "patient.id": "PatientID",
    "study.instance_uid": "StudyInstanceUID",
    "study.frame_of_reference_uid": "FrameOfReferenceUID",
    "study.time": "StudyTime",
    "series.time": "SeriesTime",
}


@pytest.mark.parametrize("name", [name for name in options_to_try() if name not in WRITING])
def test_a_given_value_changes_the_plan_or_leaves_a_note(name, at_default, reference):
    silent = []
    header_only = "." in name
    for (key, kind), (before, notes) in at_default.items():
        if isinstance(before, str):  # what is refused anyway is refused with any options
            continue
        if header_only and kind not in ("integers", "colors", "labels", "shapes"):
            continue
        values = tried(name, key, reference)
        if name == "quantity" and kind != "integers":
            values = values[:1]  # the others are other codes at the same place
        for value in values:
            group, _, member = name.rpartition(".")
            base = ExportOptions(**of(key))
            if value == getattr(base, name, None) or (kind, value) == ("shapes", "sc"):
                continue  # what it is, or what the image beside shapes is, anyway
            if group:
                options = replace(base, **{group: replace(getattr(base, group), **{member: value})})
            else:
                options = replace(base, **{name: value})
            if name in SEEN:
                heard = str(_header(INPUTS[kind], options).get(SEEN[name])) in (value, value.replace(":", ""))
            else:
                plan = planned(INPUTS[kind], options)
                heard = noted(plan) - notes or written(plan) != before
            if not heard:
                silent.append((key, kind, value))
    assert not silent


def _header(layer: Any, options: ExportOptions) -> Any:
    try:
        return attributes(plan_export(layer, options).series[0])
    except ExportError:
        return dict.fromkeys(SEEN.values())


def test_every_option_is_tried():
    given = {f"{kind.__name__.lower()}.{name}" for kind, values in GIVEN.items() for name in values}
    nested = {name for name in options_to_try() if "." in name}
    assert nested - given == {"pet.suv_type"}
    plain = [item for item in fields(ExportOptions) if item.default is not MISSING or item.name == "attributes"]
    assert {item.name for item in plain} | nested == set(options_to_try())


@pytest.mark.parametrize(
    ("kind", "given", "reason"),
    [
        ("integers", {"world": "RAS"}, "what is not a napari layer has its place in the patient already"),
        ("an array", {"pixel_unit": "um"}, "no axis is in pixels"),
        ("a layer in mm", {"pixel_unit": "um"}, "no axis is in pixels"),
        ("integers", {"lossy_error": 3}, f"it belongs to {mention('transfer_syntax', 'jpeg-ls-lossy')}"),
        ("colors", {"value_unit": "HU"}, "colors have no unit"),
        ("integers", {"time": "series-per-point"}, "there are no time points"),
        ("time", {"time": "one-series-numbered", "modality": "MR"}, "this object numbers its time points anyway"),
        ("integers", {"shear": "resample"}, "all axes are at right angles"),
        ("integers", {"same_space": False}, "there is no reference"),
        ("floats", {"nan": 0}, "all values are finite"),
        ("time", {"unnamed_axis": "channel"}, "every axis has a name"),
    ],
)
def test_an_idle_option_says_why(kind, given, reason):
    plan = plan_export(INPUTS[kind], ExportOptions(**given))
    (name,) = [option for option in given if option != "modality"]
    value = getattr(ExportOptions(**given), name)
    assert f"{mention(name, value)} changes nothing: {reason}" in [note.text for note in plan.notes]


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("a layer in mm", {"world": "RAS"}),
        ("a layer in pixels", {"pixel_unit": "um"}),
        ("time", {"time": "series-per-point"}),
        ("sheared", {"shear": "resample"}),
        ("floats with NaN", {"nan": 0}),
        ("an array", {"unnamed_axis": "channel"}),
    ],
)
def test_an_option_that_acts_says_nothing(kind, given):
    plan = plan_export(INPUTS[kind], ExportOptions(**given))
    assert not [note for note in plan.notes if "changes nothing" in note.text]


def test_what_belongs_to_another_object_is_said():
    options = ExportOptions(series=Series(patient_position="HFS"))
    (note,) = [note for note in plan_export(INPUTS["integers"], options).notes if "belongs" in note.text]
    takes = "CT, Enhanced CT, Enhanced MR or MR"
    assert note.text == f"{mention('series.patient_position', 'HFS')} is not written: it belongs to {takes}"
    beside = [INPUTS["integers"], INPUTS["colors"]]
    plan = plan_export(beside, replace(options, modality="CT"))
    assert not [note for note in plan.notes if "belongs" in note.text]


@pytest.mark.parametrize(("modality", "unit"), [("PT", "mm2/s"), ("CT", "a unit of more than sixteen letters")])
def test_a_unit_that_an_object_has_not_is_refused_before_anything_is_made_of_it(modality, unit):
    """Warnings are errors in these tests: pydicom would complain of the value, not of the unit."""
    with pytest.raises(ExportError):
        plan_export(INPUTS["integers"], ExportOptions(modality=modality, value_unit=unit))


def test_names_for_an_image_say_how_it_becomes_labels():
    plan = plan_export(Volume(np.ones((2, 3, 4), np.uint8), spacing=(1, 1, 1)), ExportOptions(segments={1: "liver"}))
    (said,) = [str(note) for note in plan.notes if "segments" in note.text]
    assert said.endswith("there are no labels; object='segmentation' takes images of whole numbers as labels")
    assert "Segment(" not in said
