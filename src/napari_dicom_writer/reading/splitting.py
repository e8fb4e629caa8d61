"""A series cut into what can be one stack each: some hold a localizer and planes, several echoes, or sizes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.model.geometry import patient_letters
from napari_dicom_writer.reading.gaps import even_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from napari_dicom_writer.reading.picture import Picture

_NUMBER = re.compile(r"(\d+(?:\.\d+)?)")
_DIGITS = 3  # of spacings and direction cosines that count as the same


def split(pictures: Sequence[Picture]) -> list[tuple[str, list[Picture]]]:
    """Cut the pictures of a series where one stack cannot hold them.

    Returns
    -------
    list of (str, list of Picture)
        What a part has for itself, in words, and its pictures in the order they had; the words are empty where there is
        one part only.
    """
    parts = [("", list(pictures))]
    for told, words, always in _TRAITS:
        parts = [
            (", ".join(filter(None, (label, words(group[0]) if len(groups) > 1 else ""))), group)
            for label, part in parts
            for groups in [sorted(_grouped(part, told), key=lambda group: _by_number(words(group[0])))]
            for group in (groups if always or _same_places(groups) else [part])
        ]
    parts = [(label, run) for label, part in parts for run in even_runs(part)]
    labels = [label for label, _ in parts]
    return [
        (label if labels.count(label) == 1 else f"{label}, part {number}".lstrip(", "), part)
        for number, (label, part) in enumerate(parts, 1)
    ]


def _grouped(pictures: Sequence[Picture], told: Callable[[Picture], Hashable]) -> list[list[Picture]]:
    groups: dict[Hashable, list[Picture]] = {}
    for picture in pictures:
        groups.setdefault(told(picture), []).append(picture)
    return list(groups.values())


def _by_number(words: str) -> list[tuple[float, str]]:
    """Sort numbers in words by their size: an echo of 4.6 ms before one of 11 ms."""
    return [(float(part), "") if at % 2 else (0.0, part) for at, part in enumerate(_NUMBER.split(words))]


def _same_places(groups: Sequence[Sequence[Picture]]) -> bool:
    """Whether groups are volumes of the same planes; else what tells them apart is a property of the plane."""
    places = [{picture.place.position for picture in group} for group in groups]
    return all(place == places[0] for place in places)


def _rounded(values: Sequence[float] | None) -> tuple[float, ...] | None:
    return None if values is None else tuple(round(value, _DIGITS) + 0.0 for value in values)


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

    return told, told, always


_Trait = tuple["Callable[[Picture], Hashable]", "Callable[[Picture], str]", bool]
_TRAITS: tuple[_Trait, ...] = (
    _of_kind("localizer", always=True),
    (
        lambda p: "" if p.place.position else p.source.path,
        lambda p: "" if p.place.position else "without a place",
        True,
    ),
    (lambda p: p.place.size, _size, True),
    (lambda p: _rounded(p.place.orientation), _plane, True),
    (lambda p: _rounded(p.place.spacing), _spacing, True),
    (lambda p: (p.stored, p.rgb), _type, True),
    *map(_of_kind, ("component", "echo", "diffusion", "part")),
)
"""What tells pictures apart, how it is called, and whether it cuts always, or only where parts fill the same planes."""
