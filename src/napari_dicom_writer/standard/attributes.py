"""Attributes that somebody gives by keyword: checked against PS3.6, their VR and how many values they may have.

The plain form, in which they travel, is a dict of keyword → tuple of values: text, int or float; for a sequence, one
dict of the same form an item.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from pydicom.datadict import dictionary_VM, dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset

from napari_dicom_writer.errors import OptionsError, Refusals
from napari_dicom_writer.standard import text

if TYPE_CHECKING:
    from pathlib import Path

Values = tuple[Any, ...]
Given = dict[str, Values]

_INTEGERS = {
    "US": range(2**16), "UL": range(2**32), "UV": range(2**64),
    "SS": range(-(2**15), 2**15), "SL": range(-(2**31), 2**31), "SV": range(-(2**63), 2**63),
}  # fmt: skip
_FLOATS = {"FL", "FD"}
_TEXT = set("AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split())
# One text, in which a backslash is a character.
_WHOLE = {"LT", "ST", "UT", "UR"}
_DEEPEST = 8  # items within items


def check_attributes(given: Mapping[str, Any]) -> Given:
    """Bring attributes into their plain form.

    Parameters
    ----------
    given
        Keyword → value, or values, or items; text may hold several values with backslashes between. Or the same in the
        DICOM JSON model (PS3.18 F.2): tag → ``{"vr": …, "Value": […]}``.

    Raises
    ------
    OptionsError
        With a refusal for every attribute that is not in the dictionary, or whose value its VR or VM does not allow.

    Examples
    --------
    >>> check_attributes({"ProtocolName": "T1", "FlipAngle": 12})
    {'ProtocolName': ('T1',), 'FlipAngle': ('12',)}
    """
    return _checked(given, 0)


def _checked(given: Mapping[str, Any], depth: int) -> Given:
    if not isinstance(given, Mapping):
        raise OptionsError(
            "Attributes are not keywords with values",
            "Give keywords and values, such as {'ProtocolName': 'T1'}",
            "options",
        )
    refusals, found = Refusals(), Given()
    for name, value in given.items():
        with refusals.collect("options"):
            keyword = _keyword(name)
            found[keyword] = _values(keyword, _plain(value), depth)
    refusals.raise_if_any()
    return found


def _keyword(name: object) -> str:
    """Return a keyword of PS3.6, or the one of eight hexadecimal digits."""
    word = str(name).strip()
    if tag_for_keyword(word) is not None:
        return word
    try:
        known = keyword_for_tag(int(word, 16)) if len(word) == 8 else ""
    except ValueError:
        known = ""
    if not known:
        raise OptionsError(
            f"{word[:64]!r} is not an attribute of DICOM", "Give a keyword of PS3.6, such as ProtocolName"
        )
    return known


def _plain(value: Any) -> Any:
    """Take the values out of the DICOM JSON model."""
    if isinstance(value, Mapping) and set(value) <= {"vr", "Value"} and "vr" in value:
        values = value.get("Value", [])
        return ["=".join(_groups(v)) if isinstance(v, Mapping) and value["vr"] == "PN" else v for v in values]
    return value


def _groups(name: Mapping[str, str]) -> list[str]:
    groups = [name.get(part) or "" for part in ("Alphabetic", "Ideographic", "Phonetic")]
    while len(groups) > 1 and not groups[-1]:
        groups.pop()
    return groups


def _values(keyword: str, value: Any, depth: int) -> Values:
    vr = dictionary_VR(keyword)
    if vr == "SQ":
        return _items(keyword, value, depth)
    single = isinstance(value, str) or not isinstance(value, Sequence)
    listed = [value] if single else list(value)
    if single and isinstance(value, str) and vr not in _WHOLE:
        listed = value.split("\\")
    if listed in ([None], [""]):
        listed = []
    values = tuple(_value(keyword, vr, one) for one in listed)
    if values and not _allowed(len(values), dictionary_VM(keyword)):
        what = f"{text.title(keyword)} has {len(values)} values, and DICOM allows {dictionary_VM(keyword)}"
        raise OptionsError(what, "Give as many as it may have")
    return values


def _value(keyword: str, vr: str, value: Any) -> str | int | float:
    kinds = set(vr.split(" or "))
    if kinds <= _TEXT:
        return text.check(keyword, value)
    if kinds <= {*_INTEGERS}:
        return _integer(keyword, kinds, value)
    if kinds <= _FLOATS:
        return _float(keyword, value)
    raise OptionsError(f"{text.title(keyword)} holds bytes ({vr}), which cannot be given", "Leave it out")


def _integer(keyword: str, kinds: set[str], value: Any) -> int:
    try:
        number = int(value) if isinstance(value, str | Integral) and not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is None or not any(number in _INTEGERS[kind] for kind in kinds):
        ranges = [_INTEGERS[kind] for kind in sorted(kinds)]
        remedy = f"Give an integer from {min(r.start for r in ranges)} to {max(r.stop for r in ranges) - 1}"
        raise OptionsError(f"{text.title(keyword)} is not an integer that it may be", remedy)
    return number


def _float(keyword: str, value: Any) -> float:
    try:
        number = float(value) if isinstance(value, str | Real) and not isinstance(value, bool) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise OptionsError(f"{text.title(keyword)} is not a finite number", "Give a number")
    return number


def _items(keyword: str, value: Any, depth: int) -> Values:
    items = [value] if isinstance(value, Mapping) else value
    if isinstance(items, str) or not isinstance(items, Sequence) or not all(isinstance(i, Mapping) for i in items):
        what = f"{text.title(keyword)} is a sequence, and no items are given"
        raise OptionsError(what, "Give a list of items, each with keywords and values")
    if depth == _DEEPEST:
        raise OptionsError(f"{text.title(keyword)} is nested too deeply", "Give fewer levels of items")
    return tuple(_checked(item, depth + 1) for item in items)


def _allowed(count: int, vm: str) -> bool:
    """Whether a VM such as ``1``, ``2-n``, ``3-3n`` or ``1-n or 1`` allows so many values."""
    for part in vm.split(" or "):
        low, _, high = part.partition("-")
        if not high:
            if count == int(low):
                return True
        elif high.endswith("n"):
            step = int(high[:-1] or 1)
            if count >= int(low) and count % step == 0:
                return True
        elif int(low) <= count <= int(high):
            return True
    return False


def as_dataset(given: Mapping[str, Values]) -> Dataset:
    """Make a data set of attributes in their plain form."""
    dataset = Dataset()
    for keyword, values in given.items():
        if dictionary_VR(keyword) == "SQ":
            value: Any = [as_dataset(item) for item in values]
        else:
            value = "" if not values else values[0] if len(values) == 1 else list(values)
        setattr(dataset, keyword, value)
    return dataset


def read_json(path: Path) -> Mapping[str, Any]:
    """Read attributes from a JSON file: keywords with values, or the DICOM JSON model.

    Raises
    ------
    OptionsError
        If it cannot be read, or holds something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = f": {error.strerror}" if isinstance(error, OSError) else " as JSON"
        raise OptionsError(
            f"{path} cannot be read{reason}",
            "Give a file of keywords with values, or in the DICOM JSON model",
            "options",
        ) from error
    if isinstance(found, list) and len(found) == 1:  # DICOMweb gives a list of data sets
        (found,) = found
    if not isinstance(found, dict):
        raise OptionsError(f"{path} holds no attributes", "Give one object of keywords with values", "options")
    return found
