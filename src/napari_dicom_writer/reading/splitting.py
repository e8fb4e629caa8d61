"""A series cut into what can be one stack each: some hold a localizer and planes, several echoes, or sizes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_dicom_writer.model.geometry import patient_letters
from napari_dicom_writer.reading.fields import fields_apart
from napari_dicom_writer.reading.gaps import even_runs
from napari_dicom_writer.reading.pictures import MEANINGLESS
from napari_dicom_writer.reading.settings import FEW, SETTINGS, by_number
from napari_dicom_writer.reading.stacking import SAME, TURNED, stack, why_no_stack
from napari_dicom_writer.reading.time_points import further_pictures, is_mostly_blank, leveled, time_points_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from napari_dicom_writer.reading.picture import Picture


def split(pictures: Sequence[Picture]) -> list[tuple[str, list[Picture]]]:
    """Cut the pictures of a series where one stack cannot hold them.

    Returns
    -------
    list of (str, list of Picture)
        What a part has for itself, in words, and its pictures in the order they had; the words are empty where there is
        one part only.
    """
    parts = [("", list(pictures))]
    for trait in (_LOCALIZERS, _placeless(pictures), _spaces(pictures), *_TRAITS):
        parts = [
            (", ".join(filter(None, (label, words))), group)
            for label, part in parts
            for words, group in _cut(part, trait)
        ]
    parts = [
        (", ".join(filter(None, (label, words))), run) for label, part in parts for words, run in _even_parts(part)
    ]
    labels = [label for label, _ in parts]
    return [
        (label if labels.count(label) == 1 else f"{label}, part {number}".lstrip(", "), part)
        for number, (label, part) in enumerate(parts, 1)
    ]


def _even_parts(part: list[Picture]) -> list[tuple[str, list[Picture]]]:
    fields = fields_apart(part)
    part = fields[0] if len(fields) == 1 else part
    runs = even_runs(part)
    is_broken = max(len(fields), len(runs)) > 1 or is_mostly_blank(part)
    apart = time_points_apart(part) if is_broken else None
    if apart is None and is_broken and (level := leveled(part)):
        return _even_parts(level)
    if apart is None and len(fields) > 1:
        return [
            (", ".join(filter(None, (f"field of view {number}", words))), group)
            for number, field in enumerate(fields, 1)
            for words, group in _even_parts(field)
        ]
    return [
        (", ".join(filter(None, (label, words))), group)
        for label, run in apart or [("", run) for run in runs]
        for words, group in further_pictures(run)
    ]


class _Trait(NamedTuple):
    """What tells pictures apart, how it is called, and whether it cuts always, or only where parts share planes.

    Numbers are the same within `near`, which may be a share of them. What has `few` values cuts if some plane has all;
    and, if `even`, as many pictures of each; it does not cut where words are one, but for what they drift.
    """

    told: Callable[[Picture], Hashable]
    words: Callable[[Picture], str]
    always: bool = False
    near: float = 0.0
    is_share: bool = False
    few: bool = False
    even: bool = False
    is_one: Callable[[Iterable[str]], bool] = lambda words: False


def _cut(part: list[Picture], trait: _Trait) -> list[tuple[str, list[Picture]]]:
    """Cut a part by one trait, where it does; words are empty where it does not."""
    groups = _grouped(part, trait)
    every = [trait.words(group[0]) for group in groups]
    if len(groups) == 1 or trait.is_one(every) or not (trait.always or _share_planes(groups, trait)):
        return [("", part)]
    said = [each.split("\\") for each in every]
    common = set.intersection(*map(set, said))
    own = [[word for word in words if word not in common] or words for words in said]
    words = [" ".join(dict.fromkeys(each)) for each in own]
    return sorted(zip(words, groups, strict=True), key=lambda found: by_number(found[0]))


def _grouped(pictures: Sequence[Picture], trait: _Trait) -> list[list[Picture]]:
    keys = [trait.told(picture) for picture in pictures]
    same: dict[Hashable, Hashable] = {key: key for key in keys}
    if len(same) > 1 and trait.near:
        same |= _merged([key for key in same if key is not None], trait)
    groups: dict[Hashable, list[Picture]] = {}
    for key, picture in zip(keys, pictures, strict=True):
        groups.setdefault(same[key], []).append(picture)
    return list(groups.values())


def _merged(keys: Sequence[Hashable], trait: _Trait) -> dict[Hashable, Hashable]:
    """Say of numbers which of those before are the same; rounding would cut where they lie around its step."""
    numbers, left = np.array(keys, float), np.arange(len(keys))
    found: dict[Hashable, Hashable] = {}
    while len(left):
        first = numbers[left[0]]
        allowed = trait.near * np.abs(first) if trait.is_share else trait.near
        alike = (np.abs(numbers[left] - first) <= allowed).all(axis=1)
        found |= dict.fromkeys([keys[index] for index in left[alike]], keys[left[0]])
        left = left[~alike]
    return found


def _share_planes(groups: Sequence[Sequence[Picture]], trait: _Trait) -> bool:
    """Whether some groups fill the same planes; else what tells them apart is a property of the plane."""
    places = [picture.place for group in groups for picture in group]
    if why_no_stack(places):
        planes = [Counter(picture.place.position for picture in group) for group in groups]
    else:
        found = stack(places)
        numbers = np.empty(len(places), int)
        numbers[found.order] = np.repeat(np.arange(len(found.counts)), found.counts)
        ends = np.cumsum([len(group) for group in groups])[:-1]
        planes = [Counter(part.tolist()) for part in np.split(numbers, ends)]
    most = max(Counter(plane for each in planes for plane in each).values())
    if not trait.few:
        return most > 1
    counts = {max(each.values()) for each in planes}
    # Of many values an axis is made, but where something else is one beside.
    are_few = most <= FEW or (len(counts) == 1 and max(counts) > 1 and most <= FEW**2)
    return most == len(groups) and are_few and (len(counts) == 1 or not trait.even)


def _placeless(pictures: Sequence[Picture]) -> _Trait:
    """Put each file that says no place aside; of many, nobody wants a layer each."""
    are_many = len({picture.source.path for picture in pictures if not picture.place.position}) > FEW
    return _Trait(
        lambda p: "" if p.place.position else "without" if are_many else p.source.path,
        lambda p: "" if p.place.position else "without a place",
        always=True,
    )


def _spaces(pictures: Sequence[Picture]) -> _Trait:
    """Put what is in another frame of reference aside: positions are from another origin.

    A UID for each file means nothing; so do programs that take names away write them.
    """
    files = {(picture.kind.space, picture.source.path) for picture in pictures if picture.kind.space}
    uids = list(dict.fromkeys(picture.kind.space for picture in pictures if picture.kind.space))
    numbers = {uid: number for number, uid in enumerate(uids, 1)} if len(uids) < max(len(files), MEANINGLESS) else {}
    return _Trait(
        lambda p: numbers.get(p.kind.space, 1),
        lambda p: f"frame of reference {numbers.get(p.kind.space, 1)}",
        always=True,
    )


def _plane(picture: Picture) -> str:
    """Name the direction of the planes' normal."""
    if picture.place.orientation is None:
        return "without orientation"
    row, column = np.reshape(picture.place.orientation, (2, 3))
    return f"planes toward {patient_letters(np.cross(row, column))}"


def _size(picture: Picture) -> str:
    return " × ".join(map(str, picture.place.size))


def _spacing(picture: Picture) -> str:
    spacing = picture.place.spacing
    return "without spacing" if spacing is None else f"{' × '.join(f'{s:g}' for s in spacing)} mm"


def _type(picture: Picture) -> str:
    stored = picture.stored
    return f"{stored.photometric}, {'signed ' if stored.signed else ''}{stored.bits} bits"


def _of_kind(name: str, *, always: bool = False) -> _Trait:
    def told(picture: Picture) -> str:
        return str(getattr(picture.kind, name))

    return _Trait(told, told, always)


def _of_setting(number: int) -> _Trait:
    def told(picture: Picture) -> str:
        return picture.kind.settings[number]

    return _Trait(told, told, few=True, even=SETTINGS[number].even, is_one=SETTINGS[number].is_one)


_LOCALIZERS = _of_kind("localizer", always=True)
_TRAITS = (
    _Trait(lambda p: p.place.size, _size, always=True),
    _Trait(lambda p: p.place.orientation, _plane, always=True, near=TURNED),
    _Trait(lambda p: p.place.spacing, _spacing, always=True, near=SAME, is_share=True),
    _Trait(lambda p: (p.stored, p.rgb), _type, always=True),
    _Trait(lambda p: (p.kind.quantity, p.unit), lambda p: p.kind.quantity or p.unit, always=True),
    _Trait(lambda p: p.dose, lambda p: p.kind.dose, always=True),  # of a beam, of all, …
    _of_kind("component"),
    *(_of_setting(number) for number, setting in enumerate(SETTINGS) if setting.apart),
    _of_kind("image_type"),
    _of_kind("part"),
)
