"""How messages name some of many: the first few, and how many more there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_T = TypeVar("_T")


def listed(values: Sequence[_T], most: int, word: Callable[[_T], str] = str) -> str:
    """Name the first of them.

    Parameters
    ----------
    values
        All of them.
    most
        How many are named.
    word
        What one is called.

    Examples
    --------
    >>> listed([1, 2, 3, 4], 2)
    '1, 2 and 2 more'
    >>> listed(["area"], 2, repr)
    "'area'"
    """
    more = f" and {len(values) - most:,} more" if len(values) > most else ""
    return ", ".join(map(word, values[:most])) + more
