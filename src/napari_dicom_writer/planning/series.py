"""From a placed volume to its series: which there are, and which instances they hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from napari_dicom_writer import iods
from napari_dicom_writer.errors import Fix, Note, NoteKind, OptionsError, PixelError
from napari_dicom_writer.mention import mention
from napari_dicom_writer.options.choices import TimeLayout
from napari_dicom_writer.plan.frames import FramePlan, InstancePlan
from napari_dicom_writer.plan.plan import SeriesPlan, StudyPlan, TimePlan
from napari_dicom_writer.plan.segments import StoredContours, StoredLabels
from napari_dicom_writer.planning.compression import compress_segments, plan_compression
from napari_dicom_writer.planning.concatenation import fitting
from napari_dicom_writer.planning.float_display import display_notes, rules_for
from napari_dicom_writer.planning.fractions import plan_fractions
from napari_dicom_writer.planning.naming import describe_series
from napari_dicom_writer.planning.projections import check_projection
from napari_dicom_writer.planning.segments import plan_segments, plan_stored
from napari_dicom_writer.planning.timing import check_dates, time_notes
from napari_dicom_writer.planning.value_policy import plan_values
from napari_dicom_writer.planning.verdicts import with_verdicts
from napari_dicom_writer.planning.window import plan_limits, plan_window
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax
from napari_dicom_writer.standard.uids import UIDSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.codecs._base import Codec
    from napari_dicom_writer.iods._base import IOD
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.segments import SegmentPlan
    from napari_dicom_writer.plan.stored_values import StoredValues, Window
    from napari_dicom_writer.planning.draft import Draft
    from napari_dicom_writer.planning.labels import LabelUse


_LABEL = 12  # of an axis's name in a Series Description


@dataclass(frozen=True, slots=True)
class _Member:
    """One future series of a volume: fixed indices along its leading axes, and the time points in it."""

    fixed: tuple[int | None, ...]  # None along the time axis
    times: tuple[int, ...]
    suffix: str


def _members(draft: Draft, options: ExportOptions) -> list[_Member]:
    """Split a volume into series: one for each channel, and for each time point where the option says so."""
    volume = draft.volume
    choices: list[list[int | None]] = []
    times: tuple[int, ...] = (0,)
    for number, (name, length) in enumerate(zip(draft.names, volume.leading_shape, strict=True)):
        if name == "time":
            times = tuple(range(length))
        one_series = name == "time" or number == draft.channel
        choices.append([None if name == "time" else 0] if one_series else list(range(length)))
    members = []
    for fixed in product(*choices):
        lengths = [1 if number == draft.channel else n for number, n in enumerate(volume.leading_shape)]
        named = zip(draft.names, fixed, lengths, strict=True)
        suffix = "".join(f" {name[:_LABEL]} {i}" for name, i, length in named if i is not None and length > 1)
        if options.time is TimeLayout.SERIES_PER_POINT and len(times) > 1:
            members += [_Member(fixed, (t,), f"{suffix} time {t}") for t in times]
        else:
            members.append(_Member(fixed, times, suffix))
    return members


def plan_series(
    draft: Draft,
    codec: Codec | None,
    options: ExportOptions,
    study: StudyPlan,
    notes: Sequence[Note],
    *,
    first: int,
    several: bool,
    name: str | None = None,
    suffix: str = "",
) -> list[SeriesPlan]:
    """Plan every series of a volume; they are called as it unless `name` says otherwise, and `suffix` ends that."""
    volume, iod, uids = draft.volume, draft.iod, UIDSource()
    if iod.contours and options.transfer_syntax is not TransferSyntax.EXPLICIT_LE:
        options = replace(options, transfer_syntax=TransferSyntax.EXPLICIT_LE)
        notes = [*notes, Note(NoteKind.INFO, "Contours are no pixels, and are not compressed")]
    whole = TimePlan(draft.time_points, volume.time_step, volume.time_start, draft.time_points)
    check_dates(whole, study.created, options)
    called = volume.name if name is None else name
    plans = []
    by_channel: dict[tuple[int, ...], tuple[StoredValues, Window | None, list[Note]]] = {}
    members = _members(draft, options)
    time = replace(whole, points=len(members[0].times)) if whole.points > 1 else None
    projected = check_projection(iod, options, volume.shape[0], time.points if time else 1)
    _check_size(iod, volume.shape[0], time)
    _check_syntax(iod, options)
    common = _common(draft, options, study, time)
    for offset, member in enumerate(members):
        uid = uids.series()
        channel = () if volume.rgb else tuple(i for i in member.fixed if i is not None)
        use = draft.labels and draft.labels.along(
            [None if i == draft.channel else n for i, n in enumerate(member.fixed)]
        )
        if channel not in by_channel:
            by_channel[channel] = _values(draft, codec, options, channel, member, use)
        stored, window, value_notes = by_channel[channel]
        segments: tuple[SegmentPlan, ...] = ()
        if use and volume.labels is not None and isinstance(stored, StoredLabels):
            segments, segment_notes = plan_segments(use, volume.labels, stored, options, uid, volume.name)
            value_notes = [*value_notes, *segment_notes]
        instances = _instances(draft, member, uids, stored, segments, options)
        ending = member.suffix + suffix
        description, comment, name_notes = describe_series(called, ending, options, iod.comment, several=several)
        series = common(
            uid=uid,
            number=_series_number(options, first + offset),
            description=description,
            comment=comment,
            stored=stored,
            window=window,
            instances=instances,
            segments=segments,
        )
        series, own, as_is = compress_segments(series, codec) if use and not iod.contours else (series, codec, [])
        series, cut = fitting(iod, series, own)
        value_notes = [*value_notes, *as_is, *name_notes, *projected, *cut, *time_notes(iod, series)]
        said = [*draft.notes, *value_notes, *iod.remarks(series), *notes]
        plans.append(replace(series, notes=tuple(replace(n, where=n.where or draft.where) for n in said)))
    return with_verdicts(iod, plans)


def _common(draft: Draft, options: ExportOptions, study: StudyPlan, time: TimePlan | None) -> partial[SeriesPlan]:
    """Plan what all series of a volume have in common."""
    volume, modality = draft.volume, draft.iod.modality(options)
    planes, rows, columns = volume.shape
    return partial(
        SeriesPlan,
        iod=draft.iod.key,
        title=_title(draft.iod, modality),
        modality=modality,
        layer=volume.name,
        volume_index=draft.index,
        axes=draft.axes,
        options=options,
        study=study,
        grid=draft.grid,
        planes=planes,
        rows=rows,
        columns=columns,
        time=time,
        opens_in=(),
        notes=(),
        lossy=volume.lossy,
    )


def _values(
    draft: Draft,
    codec: Codec | None,
    options: ExportOptions,
    channel: tuple[int, ...],
    member: _Member,
    use: LabelUse | None,
) -> tuple[StoredValues, Window | None, list[Note]]:
    """How the values of one channel are stored and displayed, the same at all its time points."""
    if use:
        if draft.volume.labels and draft.volume.labels.fractions:
            fractions, said = plan_fractions(use, options)
            return fractions, None, said
        labels, label_notes = plan_stored(use, options, draft.volume.shape[2], contours=draft.iod.contours)
        if draft.drawn is not None and isinstance(labels, StoredContours):
            number = {label: at for at, label in enumerate(use.labels, 1)}
            drawn = {(number[region], plane): some for (region, plane), some in draft.drawn.items()}
            labels = replace(labels, drawn=drawn)
        return labels, None, label_notes
    volume, found = draft.volume, draft.ranges.get(channel)
    rules = draft.iod.rules if volume.rgb else rules_for(draft.iod.rules, volume.dtype, options)
    planned = plan_values(volume.dtype, found, rules, options, samples=volume.samples, steps=volume.steps)
    stored, notes = plan_compression(codec, *planned, volume.shape[1:], volume.dtype, options)
    if volume.rgb:
        return stored, None, [*notes, *display_notes(None, stored, rules, options)]
    if found is not None and stored.fill is not None:
        found = found.with_fill(stored.fill)
    leading = [
        range(n) if i is None else range(i, i + 1) for i, n in zip(member.fixed, volume.leading_shape, strict=True)
    ]
    limits, window_notes = plan_limits(volume, leading, found)
    shown = display_notes(limits, stored, draft.iod.rules, options)
    return stored, plan_window(limits, stored), [*notes, *window_notes, *shown]


def _title(iod: IOD, modality: str) -> str:
    row = iods.IODS.row(iod.key)
    return row.title if row.modalities or modality == "OT" else f"{row.title}, {modality}"


def _check_size(iod: IOD, planes: int, time: TimePlan | None) -> None:
    """Refuse what one series of this object cannot hold."""
    if reason := iod.why_not(planes, time):
        time_points = time.points if time else 1
        fits = time_points > 1 and not iod.why_not(planes, None)
        other = f"another {mention('object')}"
        remedy = f"Choose {mention('time', TimeLayout.SERIES_PER_POINT)}, or {other}" if fits else f"Choose {other}"
        fix = Fix("time", TimeLayout.SERIES_PER_POINT, "Split time points") if fits else None
        raise PixelError(f"It has {planes * time_points:,} planes; {reason}", remedy, fix=fix)


def _series_number(options: ExportOptions, offset: int) -> int:
    number = int(options.series.number or 1) + offset
    if number >= 2**31:
        raise OptionsError(f"Series number {number} passes what DICOM holds", "Start with a smaller one", "options")
    return number


def _instances(
    draft: Draft,
    member: _Member,
    uids: UIDSource,
    stored: StoredValues,
    segments: Sequence[SegmentPlan],
    options: ExportOptions,
) -> tuple[InstancePlan, ...]:
    """Frames time point by time point, rising along the normal: an instance each, or one for all of them."""
    count = draft.volume.shape[0]
    order = range(count - 1, -1, -1) if draft.grid.reversed else range(count)
    places = list(zip(order, draft.grid.places(order), strict=True))
    frames = [
        FramePlan(tuple(t if i is None else i for i in member.fixed), plane, t, position, location)
        for t in member.times
        for plane, (position, location) in places
    ]
    size = draft.iod.frames_together(count, len(member.times))
    groups = [tuple(frames[start : start + size]) for start in range(0, len(frames), size)]
    if segments and isinstance(stored, StoredLabels) and stored.by_segment:
        empty = options.empty_frames and not draft.iod.contours
        groups = [_masks(draft, group, segments, empty=empty) for group in groups]
    drawn = uids.instances(len(groups))
    return tuple(InstancePlan(uid, i, group) for i, (uid, group) in enumerate(zip(drawn, groups, strict=True), 1))


def _masks(
    draft: Draft, frames: Sequence[FramePlan], segments: Sequence[SegmentPlan], *, empty: bool
) -> tuple[FramePlan, ...]:
    """A frame for each segment on each plane that holds it, segment by segment; one at least."""
    there = draft.labels.planes if draft.labels else {}
    holding: dict[int, list[FramePlan]] = {segment.label: [] for segment in segments}
    for frame in frames:
        for own in _of_channels(draft, frame, segments):
            labels = (own.part,) if own.part else holding
            for label in labels if empty else there.get((own.leading, own.plane), ()):
                holding[label].append(own)
    masks = [
        FramePlan(f.leading, f.plane, f.time_index, f.position, f.location, segment.number)
        for segment in segments
        for f in holding[segment.label]
    ]
    return tuple(masks) or (frames[0]._replace(part=segments[0].number),)


def _of_channels(draft: Draft, frame: FramePlan, segments: Sequence[SegmentPlan]) -> list[FramePlan]:
    """The frame itself; where each segment has a channel of its own, one each, with its label."""
    at = draft.channel
    if at is None:
        return [frame]
    return [
        frame._replace(leading=(*frame.leading[:at], s.label - 1, *frame.leading[at + 1 :]), part=s.label)
        for s in segments
    ]


def _check_syntax(iod: IOD, options: ExportOptions) -> None:
    syntax = options.transfer_syntax
    if iod.multiframe and iod.rules.floats and syntax.encapsulated:
        what = f"{iod.rules.name} is not written as {mention('transfer_syntax', syntax)}"
        plain, deflated = (mention("transfer_syntax", s) for s in (TransferSyntax.EXPLICIT_LE, TransferSyntax.DEFLATED))
        remedy = f"Choose {plain} or {deflated}, or another {mention('object')}"
        raise OptionsError(what, remedy, fix=Fix("transfer_syntax", TransferSyntax.EXPLICIT_LE, "Uncompressed"))
