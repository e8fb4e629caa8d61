"""What axes are called: told by one table, whoever names them, a layer, a file or the user.

A name is compared as people write it: ``Time (s)``, ``time_point``, ``Z-axis`` and ``z`` are in the table once.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class AxisKind(StrEnum):
    """What an axis is."""

    TIME = "time"
    CHANNEL = "channel"
    PLANE = "plane"
    ROW = "row"
    COLUMN = "column"
    SAMPLE = "sample"
    OTHER = "other"  # known to be none of these: angle, well
    OPEN = ""  # nothing tells, or a word nobody knows


# The table: in lower case, in the singular, without separators.
_WORDS = {
    AxisKind.TIME: "t time timepoint timestep timeframe timeseries frame tp",
    AxisKind.CHANNEL: "c ch chan channel wavelength lambda band spectrum fluorophore marker stain dye",
    AxisKind.PLANE: "z zslice zplane zstack zposition plane pln slice opticalslice depth d section opticalsection",
    AxisKind.ROW: "y row line height h ypixel yposition",
    AxisKind.COLUMN: "x col column width w xpixel xposition",
    AxisKind.SAMPLE: "s sample rgb rgba color colour",
    AxisKind.OTHER: "angle rotation tilt view phase illumination well plate field fov site position pos tile mosaic "
    "scene series region roi block batch subject echo echotime te ti inversiontime delay lifetime exposure bvalue "
    "flipangle direction gradient repetitiontime tr energy kernel "
    "repeat repetition replicate run trial modality contrast coil component polarization "
    "platerow platecolumn platecol wellrow wellcolumn wellcol a b m n p",
}
NUMBER = re.compile(r"-?\d+|(dim|axis)[ _]?\d+|")  # what napari and others call an axis without a label
_WITH_UNIT = re.compile(r"(.+?)\s*(?:\(([^()]*)\)|\[([^\[\]]*)\]|/\s*(\S+)|,\s*(\S+)|\s+in\s+(\S+))")
_UNIT_LAST = re.compile(r"(.+?)[\s_-]+(s|sec|ms|us|µs|min|nm|um|µm|μm|mm|cm)")
_FILLER = re.compile(r"[\s_.-]+(axis|index|idx|dim|dimension|number)")
_PLURALS = {"time": "time points", "": "of an unnamed axis"}


@cache
def _table() -> dict[str, AxisKind]:
    return {word: kind for kind, words in _WORDS.items() for word in words.split()}


def kind_of(label: str) -> AxisKind:
    """Look a label up in the table.

    Examples
    --------
    >>> [str(kind_of(label)) for label in ("Time (s)", "Z-axis", "frames", "well", "-3", "shoe size")]
    ['time', 'plane', 'time', 'other', '', '']
    """
    return split_label(label)[0]


def split_label(label: str) -> tuple[AxisKind, str]:
    """Kind of a label, and the unit in it."""
    text = label.strip().lower()
    parted = [found for pattern in (_WITH_UNIT, _UNIT_LAST) if (found := pattern.fullmatch(text))]
    readings = [(text, ""), *((found[1], next(filter(None, found.groups()[1:]), "").strip()) for found in parted)]
    for words, unit in readings:
        word = re.sub(r"[\s_.-]+", "", _FILLER.sub("", words))
        if kind := _table().get(word) or _table().get(word.removesuffix("s")):
            return kind, unit
    return AxisKind.OPEN, readings[-1][1]


def split_kinds(kinds: str | Sequence[str]) -> list[str]:
    """Split ``TZYX`` into letters, and ``time, plane, row, column`` into words."""
    if not isinstance(kinds, str):
        return [str(kind).strip() for kind in kinds]
    words = re.split(r"[\s,;]+", kinds.strip())
    return list(words[0]) if len(words) == 1 else words


def letter_of(kind: str) -> str:
    """Return the letter that microscopists write for what an axis is.

    Examples
    --------
    >>> letter_of("row")
    'Y'
    """
    return _WORDS[AxisKind(kind)].split()[0].upper()


def axis_names(given: str | Sequence[str]) -> tuple[str, ...]:
    """Name axes that are given by letters or words of the table; any other word keeps its own name.

    So does a word that says what another axis is called outright, such as the rows of a plate beside those of pixels.

    Examples
    --------
    >>> axis_names("TCZYX")
    ('time', 'channel', 'plane', 'row', 'column')
    >>> axis_names(("angle", "slice", "row", "column"))
    ('angle', 'plane', 'row', 'column')
    """
    words = split_kinds(given)
    return tuple(kind if (kind := _told(word)) and (kind == word or kind not in words) else word for word in words)


def _told(word: str) -> str:
    kind = kind_of(word)
    # Colors may be channels; only who writes S, or sample, says that they are samples of a pixel.
    vague = kind is AxisKind.SAMPLE and word.lower() not in ("s", kind)
    return "" if vague or kind is AxisKind.OTHER else str(kind)


def sizes_in_words(names: Sequence[str], shape: Sequence[int]) -> str:
    """Say what each axis of an array is, with its size, in the array's order.

    Examples
    --------
    >>> sizes_in_words(("time", "plane", "row", "column"), (1, 40, 512, 512))
    '1 time point × 40 planes × 512 rows × 512 columns'
    """
    return " × ".join(f"{size:,} {_word(name, size)}" for name, size in zip(names, shape, strict=True))


def _word(name: str, size: int) -> str:
    if name.endswith(" axis"):  # such as "row axis"
        return name
    word = _PLURALS.get(name, f"{name}s")
    return word.removesuffix("s") if size == 1 else word
