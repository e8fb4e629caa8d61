"""From the labels in use to segments: numbers, names, codes, colors, and how they are stored."""

from __future__ import annotations

import colorsys
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Fix, Note, NoteKind
from napari_dicom_writer.listed import listed
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.segments import Labels, Segment
from napari_dicom_writer.options.choices import SegmentAlgorithm, SegmentationType
from napari_dicom_writer.options.segment_files import as_segments
from napari_dicom_writer.plan.segments import SegmentPlan, StoredContours, StoredFractions, StoredLabels
from napari_dicom_writer.plan.stored_values import Method
from napari_dicom_writer.planning.labels import MOST_LABELS
from napari_dicom_writer.planning.segment_review import reviewed
from napari_dicom_writer.standard.codes import UNKNOWN
from napari_dicom_writer.standard.text import multi_line, single_line
from napari_dicom_writer.standard.uids import derived

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.planning.labels import LabelUse

_LO, _ST = 64, 1024
# Above, masks become unwieldy: Weasis 4.6 switches off more than 400 frames, OHIF froze with thousands.
_MASKED_SEGMENTS, _MASKED_FRAMES = 20, 400
_NAMED = 5  # labels that a note lists
_LONG = "A contour may be longer than 64 KiB: written with implicit VRs, which a CD or stick with DICOMDIR may not hold"
# Options that contours do not follow, with their defaults.
_OF_MASKS = {"segmentation_type": SegmentationType.AUTO, "empty_frames": False}


def plan_stored(
    use: LabelUse, options: ExportOptions, columns: int, *, contours: bool = False
) -> tuple[StoredLabels, list[Note]]:
    """Decide between a label map and masks, and which number each label gets.

    A label map keeps the layer's own numbers, gaps and all; masks count from 1 (PS3.3 C.8.20.2.1).
    """
    count = len(use.labels)
    if contours:
        own = use.labels == tuple(range(1, count + 1))
        stored = StoredContours(Method.CAST, "|u1", labels=() if own else use.labels, masks=True, long=use.long)
        idle = [_idle(options, name) for name in _OF_MASKS if getattr(options, name) != _OF_MASKS[name]]
        return stored, [*idle, *([Note(NoteKind.INFO, _LONG)] if use.long else [])]
    kind, notes = options.segmentation_type, []
    if kind is SegmentationType.AUTO:
        kind, note = _automatic(use, options, columns)
        notes.append(note)
    if kind is SegmentationType.BINARY:
        labels = () if use.labels == tuple(range(1, count + 1)) else use.labels
        return StoredLabels(Method.CAST, "|u1", labels=labels, masks=True), notes
    if options.empty_frames:
        notes.append(_idle(options, "empty_frames", "a label map has every plane anyway"))
    fits = use.labels[-1] <= MOST_LABELS
    largest = use.labels[-1] if fits else count
    if fits and largest > count:
        text = "Label numbers have gaps: OHIF 3.13 shows the segments behind a gap in colors of its own"
        notes.append(Note(NoteKind.INFO, text))
    labels, dtype = () if fits else use.labels, "|u1" if largest < 256 else "<u2"
    return StoredLabels(Method.CAST, dtype, labels=labels, known=frozenset(use.labels)), notes


def _idle(options: ExportOptions, name: str, why: str = "contours have no frames") -> Note:
    return Note(NoteKind.INFO, f"{mention(name, getattr(options, name))} changes nothing: {why}")


def _automatic(use: LabelUse, options: ExportOptions, columns: int) -> tuple[SegmentationType, Note]:
    """Choose masks, which older programs open, too; a label map where they are many, or not shown everywhere."""
    frames = sum(map(len, use.planes.values()))
    why = f"{_segments(len(use.labels))} in {frames:,} frames"
    kind, other = SegmentationType.LABELMAP, SegmentationType.BINARY
    if options.transfer_syntax.encapsulated:
        asked = mention("transfer_syntax", options.transfer_syntax)
        return kind, Note(NoteKind.INFO, f"As a label map: {asked} takes no masks, which have one bit a pixel")
    if len(use.labels) > _MASKED_SEGMENTS or frames > _MASKED_FRAMES:
        why += " would be slow as masks: as a label map instead"
    elif columns % 8:
        # Padding would help, and put the segmentation on another grid than its image, where viewers do not lay it.
        why += f", and {columns} columns, which are no multiple of 8: as a label map, since Orthanc hands out no such "
        why += "masks, and OHIF shows none from there"
    else:
        kind, other, why = other, kind, f"{why}: as masks, which most viewers open"
    return kind, Note(NoteKind.INFO, why, fix=Fix("segmentation_type", other, "Write the other"))


def _segments(count: int) -> str:
    return f"{count:,} segment{'' if count == 1 else 's'}"


def plan_segments(
    use: LabelUse, meaning: Labels, stored: StoredLabels, options: ExportOptions, series_uid: str, layer: str = ""
) -> tuple[tuple[SegmentPlan, ...], list[Note]]:
    """Say of each label in use what it means; what is not known is assumed, with a note.

    Parameters
    ----------
    use
        The labels.
    meaning
        What the layer says of them; the options' `segments` go before it.
    stored
        Which numbers they get.
    options
        `segments`, `segment_algorithm`, `segment_algorithm_name`.
    series_uid
        Makes the tracking UIDs.
    layer
        Name of the layer, which is that of its only region, or segment of fractions, where nothing names it.

    Raises
    ------
    OptionsError
        As `reviewed`.
    """
    given = {segment.label: segment.understood() for segment in meaning.segments}
    given |= {segment.label: segment for segment in as_segments(options.segments)}
    if isinstance(stored, StoredContours | StoredFractions) and len(use.labels) == 1:
        only = given.get(use.labels[0]) or Segment(label=use.labels[0])
        given[only.label] = replace(only, name=only.name or layer.strip()).understood()
    numbers = {label: i for i, label in enumerate(stored.labels, 1)} if stored.labels else {n: n for n in use.labels}
    plans = [
        _plan(given.get(label, Segment(label=label)), numbers[label], meaning, options, series_uid)
        for label in use.labels
    ]
    spans = use.spans()
    plans = [replace(plan, planes=spans[plan.label]) for plan in plans]
    checked, notes = reviewed(plans)
    words = "regions" if isinstance(stored, StoredContours) else "segments"
    if words == "segments" and any(plan.interpreted_type for plan in plans):
        text = "What segments are for in a treatment, their interpreted type, has no place in a Segmentation: left out"
        notes.append(Note(NoteKind.LOST, text))
    return checked, [*notes, *_note_texts(plans, given, words), *_notes(plans, given, use, options, words)]


def _plan(segment: Segment, number: int, meaning: Labels, options: ExportOptions, series_uid: str) -> SegmentPlan:
    label = segment.label
    name, description = _texts(segment)
    color = segment.color or (meaning.color_of(label) if meaning.color_of else None) or _color(label)
    kind = segment.algorithm_type or options.segment_algorithm.value.upper()
    program = segment.algorithm_name or options.segment_algorithm_name or "unknown"
    return SegmentPlan(
        number=number,
        label=label,
        name=name,
        description=description,
        structure=segment.structure or UNKNOWN,
        color=color,
        algorithm_type=kind,
        algorithm_name="" if kind == "MANUAL" else program,
        tracking_id=segment.tracking_id or name,
        tracking_uid=segment.tracking_uid or derived(series_uid, f"segment {label}"),
        interpreted_type=segment.interpreted_type,
    )


def _texts(segment: Segment) -> tuple[str, str]:
    """Segment Label and Description, which begins with the whole name where a label cannot hold it."""
    whole = segment.name.strip()
    name = single_line(whole, _LO) or f"Label {segment.label}"
    said = "; ".join(filter(None, ("" if name == whole else whole, segment.description)))
    return name, multi_line(said, _ST + 1)


def _note_texts(plans: list[SegmentPlan], given: dict[int, Segment], words: str) -> list[Note]:
    """Say which names and descriptions DICOM cannot hold."""
    named = [(plan, given[plan.label]) for plan in plans if plan.label in given]
    changed = [(plan, segment) for plan, segment in named if segment.name.strip() not in ("", plan.name)]
    notes = []
    if changed:
        names = _listed([plan for plan, _ in changed], words)
        text = f"Names of more than {_LO} characters, or with others than DICOM has, are written as {names}"
        notes.append(Note(NoteKind.INFO, f"{text}; whole in the descriptions"))
    pairs = [(plan, segment.name) for plan, segment in changed] + [(plan, s.description) for plan, s in named]
    if lost := list(dict.fromkeys(plan for plan, text in pairs if text.strip() not in plan.told)):
        text = f"What is said of {_listed(lost, words)} does not fit a description of {_ST:,} characters"
        notes.append(Note(NoteKind.LOST, f"{text}, or has others than DICOM has: written without these"))
    return notes


def _notes(
    plans: list[SegmentPlan], given: dict[int, Segment], use: LabelUse, options: ExportOptions, words: str
) -> list[Note]:
    notes = []
    unknown = [plan for plan in plans if plan.structure == UNKNOWN]
    if unknown:
        shown = _listed(unknown, words)
        text = f"What {shown} show{'s' * (len(unknown) == 1)} is not known: coded as Tissue"
        hint = f"{mention('segments')} names them"
        notes.append(Note(NoteKind.ASSUMED, text, hint=hint, fix=Fix("segments", None, f"Name {words}…")))
    unsaid = options.segment_algorithm is SegmentAlgorithm.SEMIAUTOMATIC and not options.segment_algorithm_name
    if unsaid and any(not (given.get(plan.label) and given[plan.label].algorithm_type) for plan in plans):
        text = f"How the {words} were made is not known: written as {plans[0].algorithm_type}"
        notes.append(Note(NoteKind.ASSUMED, text, hint=f"say it by {mention('segment_algorithm')}"))
    if any(plan.number != plan.label for plan in plans):
        text = f"Labels are numbered anew, from 1; the layer's numbers are in the {words}' descriptions"
        notes.append(Note(NoteKind.INFO, text))
    absent = sorted(label for label in given if label not in use.labels)
    if absent:
        text = f"No voxel has {'label' if len(absent) == 1 else 'the labels'} {listed(absent, _NAMED)}"
        why = ", because OHIF hangs on an empty segment" if words == "segments" else ""
        notes.append(Note(NoteKind.INFO, f"{text}: left out{why}"))
    return [*notes, *named_alike(plans)] if words == "regions" else notes


def named_alike(plans: Sequence[SegmentPlan]) -> list[Note]:
    """Say which regions share their name."""
    twice = sorted(name for name, count in Counter(plan.name for plan in plans).items() if count > 1)
    text = "Several regions are called {!r}: programs that go by names take them for one"
    return [Note(NoteKind.INFO, text.format(twice[0]), hint=f"{mention('segments')} names them")] if twice else []


def _listed(plans: list[SegmentPlan], words: str) -> str:
    if len(plans) > _NAMED:
        return f"{len(plans):,} {words}"
    return ", ".join(repr(plan.name) for plan in plans)


def _color(label: int) -> tuple[int, int, int]:
    """Colors far apart for labels that are near: by the golden ratio around the circle of hues."""
    red, green, blue = colorsys.hsv_to_rgb(label * 0.618034 % 1, 0.7, 0.9)
    return round(255 * red), round(255 * green), round(255 * blue)
