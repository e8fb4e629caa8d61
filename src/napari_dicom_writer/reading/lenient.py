"""Numbers and texts out of a header that may hold anything: what cannot be understood is None, and found elsewhere."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

from napari_dicom_writer.reading.stacking import Place, place_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

NO_PLACE = Place(frames=0, enhanced=False, size=(0, 0), spacing=None, orientation=None, position=None)
"""Of a header whose attributes of place are nonsense."""


def numbers(header: Dataset, keyword: str) -> tuple[float, ...] | None:
    """Read the values of a numeric attribute; None where it is missing, empty or not finite."""
    value: Any = value_of(header, keyword)
    try:
        found = tuple(float(v) for v in (value if isinstance(value, MultiValue | list | tuple) else [value]))
    except (TypeError, ValueError):
        return None
    return found if found and all(map(math.isfinite, found)) else None


def number(header: Dataset, keyword: str) -> float | None:
    """Read the first value of a numeric attribute."""
    found = numbers(header, keyword)
    return found[0] if found else None


def whole(header: Dataset, keyword: str) -> int | None:
    """Read the first value of a numeric attribute that is a whole number."""
    found = number(header, keyword)
    return int(found) if found is not None and found.is_integer() else None


def text(header: Dataset, keyword: str) -> str:
    """Read an attribute as text; empty where it is missing or cannot be understood."""
    value = value_of(header, keyword)
    if isinstance(value, MultiValue | list):
        return "\\".join(str(v) for v in value)
    return "" if value is None else str(value)


def is_empty(header: Dataset, keyword: str) -> bool:
    """Whether an attribute is missing or has no value."""
    return value_of(header, keyword) in (None, "", [], b"")


def value_of(header: Dataset, keyword: str) -> object:
    """Read any attribute; None where the parser cannot."""
    tag = _tag(keyword)
    if tag not in header.keys():  # noqa: SIM118 - a data set itself takes much longer to say so
        return None
    try:
        value: object = header[tag].value
    except Exception:  # noqa: BLE001 - whatever a wrong value makes the parser raise
        return None
    # Who set pydicom.config.DS_numpy gets arrays, and numbers of NumPy.
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


@cache
def _tag(keyword: str) -> BaseTag:
    return Tag(keyword)


def items(header: Dataset, keyword: str) -> list[Dataset]:
    """Read the items of a sequence."""
    value = value_of(header, keyword)
    return list(value) if isinstance(value, Sequence) else []


def place(header: Dataset) -> Place:
    """Read size and place; what is nonsense, or not finite, is unknown."""
    try:
        found = place_of(header)
    except Exception:  # noqa: BLE001 - as above
        return NO_PLACE
    return replace(
        found,
        spacing=found.spacing if _is_finite(found.spacing) else None,
        orientation=found.orientation if _is_finite(found.orientation) else None,
        position=found.position if _is_finite(found.position) else None,
    )


def _is_finite(values: tuple[float, ...] | None) -> bool:
    return all(map(math.isfinite, values or ()))
