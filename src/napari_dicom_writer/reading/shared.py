"""Equal values kept once: the pictures of a series say much alike, and there may be many thousands of them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Hashable

_T = TypeVar("_T")
_KEPT = 1024


def shared(value: _T) -> _T:
    """Return an equal value of the same type that is kept already, if there is one; it must be hashable."""
    return cast("_T", _kept(cast("Hashable", value)))


@lru_cache(_KEPT, typed=True)
def _kept(value: Hashable) -> Hashable:
    return value
