"""What axes are called: a letter each, as microscopists write them, or a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LETTERS = {"t": "time", "c": "channel", "z": "plane", "y": "row", "x": "column", "s": "sample"}
_PLURALS = {"time": "time points", "": "of an unnamed axis"}


def axis_names(given: str | Sequence[str]) -> tuple[str, ...]:
    """Name axes that are given by letters or words; what is neither keeps its own name.

    Examples
    --------
    >>> axis_names("TCZYX")
    ('time', 'channel', 'plane', 'row', 'column')
    >>> axis_names(("time", "z", "row", "column"))
    ('time', 'plane', 'row', 'column')
    """
    names = given.split(",") if isinstance(given, str) and "," in given else given
    return tuple(LETTERS.get(name.strip().lower(), name.strip()) for name in names)


def sizes_in_words(names: Sequence[str], shape: Sequence[int]) -> str:
    """Say what each axis of an array is, with its size, in the array's order.

    Examples
    --------
    >>> sizes_in_words(("time", "plane", "row", "column"), (1, 40, 512, 512))
    '1 time point × 40 planes × 512 rows × 512 columns'
    """
    return " × ".join(f"{size:,} {_word(name, size)}" for name, size in zip(names, shape, strict=True))


def _word(name: str, size: int) -> str:
    if " " in name:  # such as "row axis"
        return name
    word = _PLURALS.get(name, f"{name}s")
    return word.removesuffix("s") if size == 1 else word
