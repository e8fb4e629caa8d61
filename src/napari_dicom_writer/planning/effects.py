"""Options that change nothing in an export: each is noted, so that nobody believes it was heard."""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import ExportError, Note, NoteKind
from napari_dicom_writer.iods import IMAGE, IODS
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.geometry import is_sheared
from napari_dicom_writer.model.planes import turned
from napari_dicom_writer.options.choices import SegmentationType, TimeLayout
from napari_dicom_writer.options.export import ExportOptions
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_dicom_writer.iods._base import IOD
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.options.layer import Wishes
    from napari_dicom_writer.planning.draft import Draft

_WHERE = "options"
_OF_SEVERAL = {"structures"}  # said of one layer, and about others, too


def of_other_objects(options: ExportOptions, written: Sequence[IOD]) -> list[Note]:
    """Say what was given and is written in other objects only."""
    honored = frozenset().union(*(iod.honors for iod in written))
    special = frozenset().union(*(iod.honors for iod in IODS.values())) - honored
    notes = []
    for name in sorted(special):
        if value := attrgetter(name)(options):
            *first, last = sorted(IODS.row(iod.key).title for iod in IODS.values() if name in iod.honors)
            takes = f"{', '.join(first)} or {last}" if first else last
            text = f"{mention(name, value)} is not written: it belongs to {takes}"
            notes.append(Note(NoteKind.LOST, text, _WHERE))
    if options.series.laterality and not any(IMAGE in IODS.row(iod.key).layers for iod in written):
        text = f"{mention('series.laterality', options.series.laterality)} is not written: each region has its own"
        notes.append(Note(NoteKind.LOST, text, _WHERE))
    return notes


def idle_places(
    options: ExportOptions, make: Callable[[ExportOptions], Sequence[Volume]], given: ExportOptions | None = None
) -> list[Note]:
    """Say which options of the layers' place change no place.

    Parameters
    ----------
    options
        What the user wants.
    make
        Makes the volumes with other options.
    given
        What is not at its default here is looked at; default: in the options.
    """
    notes = []
    placed: Sequence[Volume] | None = None
    reasons = {
        "world": "what is not a napari layer has its place in the patient already",
        "pixel_unit": "no axis is in pixels",
        "geometry": "no layer lies elsewhere than its file says",
    }
    for name, reason in reasons.items():
        if name not in _given(given or options):
            continue
        try:
            placed = make(options) if placed is None else placed
            others = make(replace(options, **{name: _default(name)}))
        except ExportError:
            continue
        if all(np.array_equal(one.affine, other.affine) for one, other in zip(placed, others, strict=True)):
            notes.append(_idle(options, name, reason))
    return notes


def idle(wishes: Wishes, volumes: Sequence[Volume | None], drafts: Sequence[Draft]) -> list[Note]:
    """Say which other options of the whole export change nothing.

    Parameters
    ----------
    wishes
        What the user wants, with what a reference says.
    volumes
        As they were given.
    drafts
        What became of them.
    """
    notes = []
    for name in sorted(_given(wishes.common) & _REASONS.keys(), key=list(_REASONS).index):
        heard = {i: v for i, v in enumerate(volumes) if v is not None and not wishes.says(i, name)}
        those = [draft for draft in drafts if draft.index in heard]
        reason = _REASONS[name](wishes.common, [*heard.values()], those) if heard else "every layer has its own"
        notes += [_idle(wishes.common, name, reason)] if reason else []
    return notes


def idle_for(draft: Draft, wishes: Wishes, volume: Volume, drafts: Sequence[Draft]) -> list[Note]:
    """Say which options of one layer among others change nothing, or are written in other objects only."""
    if draft.index not in wishes.own:
        return []
    options, alone = wishes.of(draft.index), wishes.own[draft.index].alone
    heard = {name: drafts if name in _OF_SEVERAL else [draft] for name in _REASONS if name in _given(alone)}
    reasons = {name: _REASONS[name](options, [volume], those) for name, those in heard.items()}
    notes = [_idle(options, name, reason) for name, reason in reasons.items() if reason]
    return [replace(note, where=draft.where) for note in [*notes, *of_other_objects(alone, [draft.iod])]]


def idle_switches(options: ExportOptions) -> list[Note]:
    """Say which switches of a reference are given without one."""
    if options.reference is not None:
        return []
    given = _given(options)
    return [_idle(options, n, "there is no reference") for n in ("same_study", "same_space") if n in given]


def _idle(options: ExportOptions, name: str, reason: str) -> Note:
    value = getattr(options, name)
    said = mention(name, value if isinstance(value, str | float | int) else None)  # a table of segments fills pages
    return Note(NoteKind.INFO, f"{said} changes nothing: {reason}", _WHERE)


def _given(options: ExportOptions) -> set[str]:
    """Names of the fields, outside the groups, that are not at their defaults."""
    plain = (item for item in fields(options) if item.default is not MISSING)
    return {item.name for item in plain if getattr(options, item.name) != item.default}


def _default(name: str) -> Any:
    return next(item.default for item in fields(ExportOptions) if item.name == name)


def _why_object(options: ExportOptions, volumes: Sequence[Volume], drafts: Sequence[Draft]) -> str:
    if not drafts or any(draft.iod.key == options.object for draft in drafts):
        return ""
    return "no layer becomes one; labels do by an option of their layer"


def _why_images(options: ExportOptions, volumes: Sequence[Volume], drafts: Sequence[Draft]) -> str:
    return "there is no image" if drafts and all(draft.volume.labels is not None for draft in drafts) else ""


def _why_time(options: ExportOptions, volumes: Sequence[Volume], drafts: Sequence[Draft]) -> str:
    timed = [draft for draft in drafts if draft.time_points > 1]
    if not timed:
        return "there are no time points"
    if options.time is not TimeLayout.NUMBERED:
        return ""
    if all(draft.iod.numbers_times for draft in timed):
        return "this object numbers its time points anyway"
    return "an object with several frames has no such numbers" if all(d.iod.multiframe for d in timed) else ""


def _why_nan(options: ExportOptions, volumes: Sequence[Volume], drafts: Sequence[Draft]) -> str:
    ranges = [found for draft in drafts for found in draft.ranges.values()]
    return "" if any(found.nan or found.infinite for found in ranges) else "all values are finite"


def _why_shear(options: ExportOptions, volumes: Sequence[Volume], drafts: Sequence[Draft]) -> str:
    return "" if any(is_sheared(v.affine, v.shape) for v in volumes) else "all axes are at right angles"


def _why_planes(options: ExportOptions, volumes: Sequence[Volume], drafts: Sequence[Draft]) -> str:
    moved = (not np.array_equal(turned(v, options.planes)[0].affine, v.affine) for v in volumes)
    return "" if any(moved) else "the planes lie so already"


def _why_unnamed(options: ExportOptions, volumes: Sequence[Volume], drafts: Sequence[Draft]) -> str:
    unnamed = (n > 1 for v in volumes for n, axis in zip(v.leading_shape, v.leading, strict=True) if not axis)
    return "" if any(unnamed) else "every axis has a name"


def _why_unit(options: ExportOptions, volumes: Sequence[Volume], drafts: Sequence[Draft]) -> str:
    if none := _why_images(options, volumes, drafts):
        return none
    gray = [draft for draft in drafts if not draft.volume.rgb]
    if drafts and not gray:
        return "colors have no unit"
    only = gray and all(draft.iod.units == {options.value_unit} for draft in gray)
    return "this object has no other" if only else ""


def _why_labels(options: ExportOptions, volumes: Sequence[Volume], drafts: Sequence[Draft]) -> str:
    return "" if any(volume.labels is not None for volume in volumes) else "there are no labels"


def _why_segments(options: ExportOptions, volumes: Sequence[Volume], drafts: Sequence[Draft]) -> str:
    none = _why_labels(options, volumes, drafts)
    whole = any(volume.dtype.kind in "iub" and not volume.rgb for volume in volumes)
    taken = f"; {mention('object', 'segmentation')} takes images of whole numbers as labels"
    return f"{none}{taken}" if none and whole else none


def _why_resample(options: ExportOptions, volumes: Sequence[Volume], drafts: Sequence[Draft]) -> str:
    labels = [draft for draft in drafts if draft.labels]
    if not labels:
        return "there are no labels"
    return "" if any(draft.off_grid for draft in labels) else "no labels lie on another grid than their image"


def _why_structures(options: ExportOptions, volumes: Sequence[Volume], drafts: Sequence[Draft]) -> str:
    outlined = [draft for draft in drafts if draft.iod.contours]
    return "" if len(outlined) > 1 else "there are not several layers of contours"


def _why_fractions(options: ExportOptions, volumes: Sequence[Volume], drafts: Sequence[Draft]) -> str:
    fractions = any(volume.labels and volume.labels.fractions for volume in volumes)
    return "" if fractions else f"it belongs to {mention('segmentation_type', SegmentationType.FRACTIONAL)}"


def _without(syntax: TransferSyntax) -> Callable[[ExportOptions, Sequence[Volume], Sequence[Draft]], str]:
    def why(options: ExportOptions, volumes: Sequence[Volume], drafts: Sequence[Draft]) -> str:
        return "" if options.transfer_syntax is syntax else f"it belongs to {mention('transfer_syntax', syntax)}"

    return why


_REASONS: dict[str, Callable[[ExportOptions, Sequence[Volume], Sequence[Draft]], str]] = {
    "modality": _why_images,
    "object": _why_object,
    "time": _why_time,
    "nan": _why_nan,
    "planes": _why_planes,
    "shear": _why_shear,
    "unnamed_axis": _why_unnamed,
    "value_unit": _why_unit,
    "float_display": _why_images,
    "values": lambda options, volumes, drafts: "every value is exact, or the export is refused",
    **{item.name: _why_labels for item in fields(ExportOptions) if item.metadata.get("group") == "labels"},
    "segments": _why_segments,
    "resample_labels": _why_resample,
    "structures": _why_structures,
    "fractional_type": _why_fractions,
    "fraction_maximum": _why_fractions,
    "lossy_error": _without(TransferSyntax.JPEG_LS_LOSSY),
    "lossy_ratio": _without(TransferSyntax.JPEG_2000_LOSSY),
}
