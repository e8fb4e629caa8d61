"""Layers that become one structure set: all that is drawn on the same image, whether labels, shapes or points."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Fix, Note, NoteKind
from napari_dicom_writer.listed import listed
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.contours import POINT
from napari_dicom_writer.options.choices import Structures, TimeLayout
from napari_dicom_writer.plan.segments import StoredContours, with_ending
from napari_dicom_writer.plan.wording import where
from napari_dicom_writer.planning.segments import named_alike
from napari_dicom_writer.standard.text import single_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.model.contours import Outline
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.options.layer import Wishes
    from napari_dicom_writer.plan.frames import FramePlan, InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.plan.segments import SegmentPlan
    from napari_dicom_writer.planning.draft import Draft

_LO = 64
_NAMED = 5  # layers that a note lists
_ANY = {"points", "outlines"}
_BETWEEN = ", "  # names of layers in that of their set, and of a set and a part of it in that of a layer


def sets_of(drafts: Sequence[Draft], wishes: Wishes) -> list[list[Draft]]:
    """Part drafts into what is planned together: those of one structure set, and every other by itself.

    Layers are one set where they lie on one image, with as many time points, were not opened from different ones, and
    their options say the same of the series, unless these say that sets stay apart.
    """
    groups: list[list[Draft]] = []
    for draft in drafts:
        options = wishes.of(draft.index)
        same = (
            group
            for group in groups
            if _are_one(group[0], wishes.of(group[0].index), draft, options) and _of_one_origin([*group, draft])
        )
        if group := next(same, None):
            group.append(draft)
        else:
            groups.append([draft])
    return groups


def _are_one(one: Draft, its: ExportOptions, other: Draft, others: ExportOptions) -> bool:
    if one.image is None or other.image is None:
        return False
    alike = one.time_points == other.time_points and (its.series, its.attributes) == (others.series, others.attributes)
    of_image = one.image.index == other.image.index and one.image.series == other.image.series
    return alike and of_image and _may_join(one, its) and _may_join(other, others)


def _of_one_origin(drafts: Sequence[Draft]) -> bool:
    return len({draft.volume.origin.instances for draft in drafts if draft.volume.origin}) < 2


def _may_join(draft: Draft, options: ExportOptions) -> bool:
    """Whether a layer becomes one structure set, which is not to stay apart."""
    if not draft.iod.contours or options.structures is Structures.APART:
        return False
    split = options.time is TimeLayout.SERIES_PER_POINT and draft.time_points > 1
    other_axes = (n for name, n in zip(draft.names, draft.volume.leading_shape, strict=True) if name != "time")
    return not split and all(n == 1 for n in other_axes)


def name_of_set(names: Sequence[str]) -> str:
    """Name a set after its layers: by what all of their names begin with, as those of an opened set do, or by all.

    Examples
    --------
    >>> name_of_set(["tumor", "marks"])
    'tumor, marks'
    >>> name_of_set(["plan, PTV", "plan, bladder", "plan, points"])
    'plan'
    """
    parts = [name.split(_BETWEEN) for name in names]
    common = [some[0] for some in takewhile(lambda some: len(set(some)) == 1, zip(*parts, strict=False))]
    return _BETWEEN.join(common or dict.fromkeys(filter(None, names)))


def together(members: Sequence[SeriesPlan]) -> SeriesPlan:
    """Make one structure set of several, which lie on one image and have as many instances.

    Parameters
    ----------
    members
        What each layer becomes alone, called as the set.

    Returns
    -------
    SeriesPlan
        The first, with the regions of all, numbered from 1. Points and outlines of one region, which napari holds
        apart, are one again.
    """
    first = members[0]
    numbers, segments = _numbered(members)
    drawn: dict[tuple[int, int], tuple[Outline, ...]] = {}
    for of_member, one in zip(numbers, members, strict=True):
        for (number, plane), outlines in _drawn(one).items():
            key = of_member[number], plane
            drawn[key] = (*drawn.get(key, ()), *outlines)
    assert isinstance(first.stored, StoredContours)  # noqa: S101 - the object has no others
    told, notes = _told_apart(segments, members, numbers)
    labels = tuple(segment.label for segment in segments)
    long = any(isinstance(one.stored, StoredContours) and one.stored.long for one in members)
    said = [note for one in members for note in one.notes]
    return replace(
        first,
        layer=name_of_set([one.layer for one in members]),
        stored=replace(first.stored, labels=labels, drawn=drawn, long=long),
        instances=_instances(members, numbers),
        segments=told,
        notes=tuple(dict.fromkeys([_note(members), *said, *_made_one(told, numbers), *notes])),
        members=tuple(members),
    )


_Numbers = list[dict[int, int]]
"""Of each member: number of a region in it → that in the set."""


def _drawn(one: SeriesPlan) -> dict[tuple[int, int], tuple[Outline, ...]]:
    return one.stored.drawn if isinstance(one.stored, StoredContours) else {}


def _kinds(one: SeriesPlan) -> set[str]:
    """What a layer holds; of labels, which are no part of another region, both."""
    kinds = {"points" if outline.kind == POINT else "outlines" for some in _drawn(one).values() for outline in some}
    return kinds or _ANY


def _numbered(members: Sequence[SeriesPlan]) -> tuple[_Numbers, list[SegmentPlan]]:
    """Count the regions of all members."""
    numbers: _Numbers = []
    segments: list[SegmentPlan] = []
    known: dict[tuple[int, str], tuple[int, set[str]]] = {}
    for one in members:
        of_member: dict[int, int] = {}
        for segment in one.segments:
            number, kinds = known.get((segment.label, segment.name), (0, _ANY))
            if kinds & _kinds(one):
                number, kinds = len(segments) + 1, set()
                segments.append(replace(segment, number=number))
            other = segments[number - 1].planes
            planes = min(other[0], segment.planes[0]), max(other[1], segment.planes[1])
            segments[number - 1] = replace(segments[number - 1], planes=planes)
            known[segment.label, segment.name] = number, kinds | _kinds(one)
            of_member[segment.number] = number
        numbers.append(of_member)
    return numbers, segments


def _instances(members: Sequence[SeriesPlan], numbers: _Numbers) -> tuple[InstancePlan, ...]:
    """Put the frames of all members behind each other; where points and outlines of a region meet, there is one."""
    found = []
    for instances in zip(*(one.instances for one in members), strict=True):
        frames: list[FramePlan] = []
        there: set[tuple[int, int]] = set()
        for member, (instance, of_member) in enumerate(zip(instances, numbers, strict=True)):
            own = [f._replace(part=of_member[f.part or 1], member=member) for f in instance.frames]
            frames += [frame for frame in own if (frame.part, frame.plane) not in there]
            there |= {(frame.part or 1, frame.plane) for frame in own}
        found.append(instances[0]._replace(frames=tuple(frames)))
    return tuple(found)


def _told_apart(
    segments: Sequence[SegmentPlan], members: Sequence[SeriesPlan], numbers: _Numbers
) -> tuple[tuple[SegmentPlan, ...], list[Note]]:
    """Tell apart by their layers labels that nobody named; where layers share numbers, the set has its own."""
    owners = {n: (one, own) for one, of in zip(members, numbers, strict=True) for own, n in of.items()}
    called = Counter(segment.name for segment in segments)
    share = len({segment.label for segment in segments}) < len(segments)
    told, notes = [], []
    for segment in segments:
        (one, own), unnamed = owners[segment.number], f"Label {segment.label}"
        layer, was_told = one.layer, own != segment.label or not _drawn(one)
        if segment.name == unnamed and called[unnamed] > 1 and layer:
            segment = replace(segment, name=single_line(f"{layer} {unnamed.lower()}", _LO))
        if share and segment.label != segment.number:
            was = f"Label {segment.label} of {single_line(layer, _LO)!r}" if layer and was_told else ""
            description = with_ending(segment.description, was)
            if segment.description not in description:
                text = f"The description of {segment.name!r} is cut, to hold its number and layer"
                notes.append(Note(NoteKind.LOST, text))
            segment = replace(segment, label=segment.number, description=description)
        told.append(segment)
    if share:
        notes.append(Note(NoteKind.INFO, "Regions are numbered anew, from 1: several layers have the same numbers"))
    if not any(named_alike(one.segments) for one in members):
        notes += named_alike(told)
    return tuple(told), notes


def _made_one(segments: Sequence[SegmentPlan], numbers: _Numbers) -> list[Note]:
    """Say which regions are of several layers: their names may be alike by chance."""
    layers = Counter(number for of_member in numbers for number in of_member.values())
    names = [segment.name for segment in segments if layers[segment.number] > 1]
    if not names:
        return []
    text = "Points and outlines of several layers are one region, by their name and number"
    text += f": {listed(names, _NAMED, repr)}"
    return [Note(NoteKind.INFO, text, hint="other names keep them apart")]


def _note(members: Sequence[SeriesPlan]) -> Note:
    names = [where(one.volume_index, one.layer).removeprefix("layer ") for one in members]
    text = f"One RT Structure Set holds the regions of {len(names):,} layers: {listed(names, _NAMED)}"
    fix = Fix("structures", Structures.APART, "A set each")
    return Note(NoteKind.INFO, text, hint=f"{mention('structures', Structures.APART)} writes a set for each", fix=fix)
