"""Patient and study of a result, from an instance of its source: the same patient, the same study, the same space."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydicom.datadict import dictionary_VR

from napari_dicom_writer.errors import Fix, Note, NoteKind, OptionsError, Refusals
from napari_dicom_writer.identity.inherit_object import inherited
from napari_dicom_writer.identity.reference_file import (
    NOT_LISTED,
    TAKEN,
    Attribute,
    Reference,
    keywords,
    read_reference,
)
from napari_dicom_writer.identity.series_number import numbered
from napari_dicom_writer.iods import choose
from napari_dicom_writer.mention import mention
from napari_dicom_writer.options.choices import Modality
from napari_dicom_writer.options.groups import Patient, Study
from napari_dicom_writer.standard import text

if TYPE_CHECKING:
    from collections.abc import Collection

    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.standard.attributes import Given

__all__ = ["Attribute", "Reference", "read_reference", "with_reference"]

_INHERITED = {*Modality} - {Modality.OT}
_WHERE = "reference"

_Group = TypeVar("_Group", Patient, Study)


def with_reference(
    options: ExportOptions,
    target: Path | None = None,
    *,
    images: bool = True,
    space: str = "",
    files: Collection[Path] = (),
) -> tuple[ExportOptions, list[Note]]:
    """Put patient and study of `options.reference` where the options say nothing of their own.

    Parameters
    ----------
    options
        What is at its default in `patient` and `study` counts as not given.
    target
        Where the export goes, if it is known: other series of the study may lie beside it.
    images
        Whether images are written, and not only labels, of which no modality is asked.
    space
        Frame of Reference UID of the image that a reference without one belongs to: many structure sets have none.
    files
        Those of the reference's series, as far as they are known: nobody needs to look at them once more.

    Returns
    -------
    (ExportOptions, list of Note)
        Options without `reference`, so that its path goes no further, and what to tell the user.

    Raises
    ------
    ReadError
        What `read_reference` raises.
    OptionsError
        An attribute that is given and is another one in the reference; a study or a space
        to share that the reference does not name.

    Examples
    --------
    >>> from napari_dicom_writer import ExportOptions
    >>> with_reference(ExportOptions(modality="CT"))[1]
    []
    """
    if options.reference is None:
        return numbered(options, "", None, target)
    found = read_reference(options.reference)
    if space and not found.study.frame_of_reference_uid and "FrameOfReferenceUID" not in dict(found.left):
        found = replace(found, study=replace(found.study, frame_of_reference_uid=space))
    refusals = Refusals()
    study = _shared(found, options, refusals)
    patient = _merged(options.patient, found.patient, refusals)
    merged_study = _merged(options.study, study, refusals)
    refusals.raise_if_any()
    if patient == Patient():
        # The reference says so itself; the default would not be written into a study that exists.
        patient = replace(patient, name=patient.name.rstrip("^"))
    own = _own(found, options)
    merged = replace(
        options,
        reference=None,
        patient=patient,
        study=merged_study,
        attributes={**found.lossy, **own, **options.attributes},
    )
    theirs = found.number if options.same_study else ""
    merged, said = numbered(merged, theirs, Path(options.reference), target, files)
    modality = modality_note(found.modality, options, "The reference") if images else []
    notes = [*_notes(found, study, options), *modality, *said]
    if own:
        names = ", ".join(map(text.title, own))
        notes.append(Note(NoteKind.INFO, f"Taken from the reference, where the options do not say otherwise: {names}"))
    return merged, notes


def _own(found: Reference, options: ExportOptions) -> Given:
    """What the object takes from a reference of its own modality, for a result that stays in its study."""
    assert options.reference is not None  # noqa: S101 - for mypy: with_reference returned before
    if options.object == "segmentation":  # it is made of no image, and inherits nothing
        return {}
    iod, _ = choose(options)
    if not options.same_study or not iod.inherits or found.modality != iod.modality(options):
        return {}
    return inherited(options.reference, iod.inherits)


def _shared(found: Reference, options: ExportOptions, refusals: Refusals) -> Study:
    """Return the study attributes that the switches let through."""
    given, study = options.study, found.study
    reasons = dict(found.left)
    if options.same_study and not (study.instance_uid or given.instance_uid):
        with refusals.collect(_WHERE):
            reason = reasons.get("StudyInstanceUID", "is not there")
            remedy = f"Choose another DICOM image, or {mention('same_study', False)} for a new study"
            fix = Fix("same_study", False, "New study")
            raise OptionsError(f"Its Study Instance UID {reason}", remedy, fix=fix)
    # What has no Frame of Reference, such as an X-ray image, has no space to share; one that is broken may be shared.
    if options.same_space and "FrameOfReferenceUID" in reasons and not given.frame_of_reference_uid:
        with refusals.collect(_WHERE):
            remedy = f"Choose another DICOM image, or {mention('same_space', False)} for a new space"
            fix = Fix("same_space", False, "New space")
            raise OptionsError(f"Its Frame of Reference UID {reasons['FrameOfReferenceUID']}", remedy, fix=fix)
    if not options.same_space:
        study = replace(study, frame_of_reference_uid="")
    if options.same_study:
        return study
    if given.instance_uid:  # a third study, of which the reference knows nothing
        return Study(frame_of_reference_uid=study.frame_of_reference_uid)
    return replace(study, instance_uid="")


def _merged(given: _Group, found: _Group, refusals: Refusals) -> _Group:
    """Fill what was not given; refuse what was given otherwise."""
    default, values = type(given)(), dict[str, str]()
    for field, keyword in keywords(type(given)).items():
        mine, theirs = getattr(given, field), getattr(found, field)
        if mine == getattr(default, field) or (theirs and _same(keyword, mine, theirs)):
            values[field] = theirs
        elif theirs:
            with refusals.collect(_WHERE):
                what = f"{text.title(keyword)} is given, and differs from the reference"
                raise OptionsError(what, "Leave it out, or do without the reference")
    return replace(given, **values)


def _same(keyword: str, one: str, other: str) -> bool:
    """Whether two texts are the same value, padding aside."""
    normalize = {"PN": _bare_name, "TM": _bare_time}.get(dictionary_VR(keyword), str)
    return normalize(one) == normalize(other)


def _bare_name(name: str) -> str:
    groups = ("^".join(part.strip() for part in group.split("^")).rstrip("^") for group in name.split("="))
    return "=".join(groups).rstrip("=")


def _bare_time(time: str) -> str:
    return time.replace(".", "").ljust(12, "0")


def _notes(found: Reference, study: Study, options: ExportOptions) -> list[Note]:
    count = sum(bool(getattr(group, field)) for group in (found.patient, study) for field in TAKEN[type(group)])
    said = f"Patient and study taken from the reference: {count} attribute{'' if count == 1 else 's'}"
    if invalid := [attribute.name for attribute in found.left if attribute.text != NOT_LISTED]:
        said += f"; not valid there, and left out: {', '.join(invalid)}"
    notes = [Note(NoteKind.INFO, said)]
    if found.lossy:
        text = "The reference was compressed with loss, once and forever: the result says so, too"
        notes.append(Note(NoteKind.INFO, text))
    if study.frame_of_reference_uid:
        claim = "The layers are taken to lie in the patient space of the reference, its Frame of Reference"
        hint = f"{mention('same_space', False)} for a new one"
        notes.append(Note(NoteKind.ASSUMED, claim, hint=hint, fix=Fix("same_space", False, "New space")))
    elif options.same_space and not options.study.frame_of_reference_uid:
        notes.append(Note(NoteKind.INFO, "The reference has no Frame of Reference: the layers get a new patient space"))
    return notes


def modality_note(of_source: str, options: ExportOptions, source: str) -> list[Note]:
    """Say that images become another modality than that of their source, named in words; empty if they do not."""
    if of_source not in _INHERITED or of_source == options.modality:
        return []
    modality = Modality(of_source)
    said = f"{source} is {modality}, and what is written is {options.modality}"
    hint = f"{mention('modality', modality)} for the same"
    return [Note(NoteKind.INFO, said, hint=hint, fix=Fix("modality", modality, f"Write as {modality}"))]
