"""What vendors say of diffusion in private elements, where the attributes of the standard are missing."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from pydicom.tag import Tag

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_CREATOR, _BLOCK = 0x0010, 0x1000  # where the first private creator of a group is, and its elements
_FLAGS = 100_000  # GE adds multiples to b-values


class _Private(NamedTuple):
    """An element of a private creator, and the attribute of the standard that says the same."""

    group: int
    creator: str
    element: int
    keyword: str


_ELEMENTS = (
    _Private(0x0019, "SIEMENS MR HEADER", 0x0C, "DiffusionBValue"),
    _Private(0x0019, "SIEMENS MR HEADER", 0x0E, "DiffusionGradientOrientation"),
    _Private(0x0043, "GEMS_PARM_01", 0x39, "DiffusionBValue"),
    _Private(0x2001, "Philips Imaging DD 001", 0x03, "DiffusionBValue"),
    _Private(0x0065, "Image Private Header", 0x09, "DiffusionBValue"),
)
_ELEMENTS_BY_TAG = {Tag(each.group, _BLOCK + each.element): each for each in _ELEMENTS}
PRIVATE_TAGS = [
    Tag(group, element)
    for group in sorted({each.group for each in _ELEMENTS})
    for element in (_CREATOR, *(_BLOCK + each.element for each in _ELEMENTS if each.group == group))
]
"""Tags that `diffusion_of` reads."""


def diffusion_of(header: Dataset) -> dict[str, Any]:
    """Read b-value and direction from the first private block of a vendor that is known; what makes no sense is not."""
    found: dict[str, Any] = {}
    there = header.keys()  # a data set itself takes much longer to say
    for tag, (group, creator, _, keyword) in _ELEMENTS_BY_TAG.items():
        if tag not in there:
            continue
        with suppress(Exception):  # whatever a wrong value makes the parser raise
            if str(header[group, _CREATOR].value).strip() == creator:
                found[keyword] = _plain(header[tag].value, keyword)
    return found


def _plain(value: Any, keyword: str) -> Any:
    if keyword != "DiffusionBValue":
        return [float(each) for each in value]
    try:
        return float(value)
    except TypeError:
        return float(value[0]) % _FLAGS
