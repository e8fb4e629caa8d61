"""Text and numbers as DICOM value representations hold them (PS3.5 section 6.2).

pydicom's validators are the base; what they let through (days that do not exist, backslashes, control characters,
numbers out of range) is checked here, because these reach a radiologist's worklist as broken names or shifted tags.
pydicom is imported where something is checked: a form opens without waiting for it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, datetime, time
from functools import cache
from numbers import Integral, Real
from types import NoneType
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import OptionsError
from napari_dicom_writer.standard.decimals import decimal_string

if TYPE_CHECKING:
    from collections.abc import Callable

_IS_RANGE = range(-(2**31), 2**31)
# PS3.5 6.2: these may hold line breaks; no other character under 32 is allowed anywhere.
_MULTI_LINE = {"LT", "ST", "UT"}
_UNICODE = {"LO", "PN", "SH", "LT", "ST", "UC", "UT"}
_POSITIVE = {"PatientWeight", "PatientSize"}
_LENGTHS = {"CS": 16, "DS": 16, "IS": 12, "LO": 64, "LT": 10240, "PN": 64, "SH": 16, "ST": 1024}
_CLOCKS = ("%H", "%H%M", "%H%M%S", "%H%M%S.%f")
# What text is not, if it is neither too long nor wrong in one of the ways that have words of their own.
_FORMS = {
    "AS": "is not an age: a number up to 999 and Y, M, W or D, such as 42Y",
    "CS": "is not a code: it may hold letters A to Z, digits, blanks and underscores",
    "DS": "is not a number",
    "IS": "is not an integer",
}


def check(keyword: str, value: object, name: str = "") -> str:
    """Return `value` as the text of one DICOM attribute.

    Parameters
    ----------
    keyword
        The attribute's keyword in PS3.6, such as ``PatientBirthDate``; its VR decides what is valid.
    value
        Text, a number for IS and DS, or a `datetime.date` / `datetime.time` for DA and TM. Dates and times may also
        be written as in ISO 8601 (``2026-11-22``, ``14:05``), codes in small letters, ages without zeros in front
        (``42Y``) and, in years, without their unit (``42``).
    name
        What messages call it; default: its name in PS3.6.

    Returns
    -------
    str
        The value, stripped of surrounding blanks; empty for None.

    Raises
    ------
    OptionsError
        If DICOM does not allow the value: length, characters, a date that does not exist.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return ""
    vr = vr_of(keyword)
    problem = _wrong_type(vr, value)
    text = "" if problem else _as_text(vr, value)
    problem = problem or _problem(vr, keyword, text)
    if problem:
        # The value itself may be a patient's: the message names the attribute only.
        raise OptionsError(f"{name or title(keyword)} {problem}", "Correct it, or leave it empty", "options")
    return text


@cache
def vr_of(keyword: str) -> str:
    """VR of an attribute in PS3.6, such as DA."""
    from pydicom.datadict import dictionary_VR

    return dictionary_VR(keyword)


@cache
def title(keyword: str) -> str:
    """Name of an attribute in PS3.6, such as Patient's Birth Date."""
    from pydicom.datadict import dictionary_description

    return dictionary_description(keyword)


def tag(attribute: str | int) -> str:
    """Tag of an attribute, by its keyword or number, as PS3.6 writes it.

    Examples
    --------
    >>> tag("PatientID"), tag(0x00100020)
    ('(0010,0020)', '(0010,0020)')
    """
    from pydicom.datadict import tag_for_keyword

    number = attribute if isinstance(attribute, int) else tag_for_keyword(attribute) or 0
    return f"({number >> 16:04X},{number & 0xFFFF:04X})"


def moment_of(day: str, clock: str) -> datetime | None:
    """Return the moment that a DA and a TM name together; None where one of them is empty.

    Examples
    --------
    >>> moment_of("20261122", "1405")
    datetime.datetime(2026, 11, 22, 14, 5)
    """
    if not day or not clock:
        return None
    form = next(form for form in _CLOCKS if _parses(clock, form))
    return datetime.strptime(day + clock, "%Y%m%d" + form)


def offset_of(moment: datetime) -> str:
    """Offset from UTC, as DICOM writes it; empty where DICOM cannot (PS3.3 C.12.1.1.8): whole minutes, -12 to +14 h."""
    offset = moment.utcoffset()
    if offset is None or offset.total_seconds() % 60 or not -43200 <= offset.total_seconds() <= 50400:
        return ""
    return moment.strftime("%z")


def _wrong_type(vr: str, value: object) -> str | None:
    """Say what is wrong with the type: ``nan`` from a table, bytes or a list would become text that looks real."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if number and vr in ("DS", "IS") and not math.isfinite(value):  # type: ignore[arg-type]  # a Real is a float
        return "is not a finite number"
    right = isinstance(value, str | NoneType) or (isinstance(value, Integral) and number) or (number and vr == "DS")
    right = right or (vr == "DA" and isinstance(value, date)) or (vr == "TM" and isinstance(value, time | datetime))
    return None if right else f"is a {type(value).__name__}"


def _as_text(vr: str, value: object) -> str:
    """Text of a date, time or number; ISO 8601 dates and times lose their punctuation."""
    if isinstance(value, datetime):
        return value.strftime("%Y%m%d" if vr == "DA" else "%H%M%S.%f")
    if isinstance(value, date):
        return value.strftime("%Y%m%d")
    if isinstance(value, time):
        return value.strftime("%H%M%S.%f")
    if vr == "DS" and isinstance(value, Real):
        return decimal_string(float(value))
    return _NORMALIZERS.get(vr, str)(str(value).strip())


def _bare_date(text: str) -> str:
    return text.replace("-", "") if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text


def _bare_time(text: str) -> str:
    return text.replace(":", "") if re.fullmatch(r"\d\d(:\d\d){1,2}(\.\d*)?", text) else text


def _full_age(text: str) -> str:
    """Write an age with three digits and its unit, which is years where none is given."""
    found = re.fullmatch(r"(\d{1,3}) *(?:(d)(?:ays?)?|(w)(?:eeks?)?|(m)(?:onths?)?|y(?:ears?)?)?", text, re.IGNORECASE)
    if not found:
        return text
    number, *units = found.groups()
    return f"{int(number):03}{next(filter(None, units), 'Y').upper()}"


def _bare_moment(text: str) -> str:
    """Take the punctuation of ISO 8601 out of a DT, but for the sign of its offset."""
    found = re.fullmatch(r"(\d{4}-?\d\d-?\d\d)[T ]?([\d:.]*)([+-]\d\d:?\d\d)?", text)
    if not found:
        return text
    day, clock, offset = (part or "" for part in found.groups())
    return day.replace("-", "") + clock.replace(":", "") + offset.replace(":", "")


_NORMALIZERS: dict[str, Callable[[str], str]] = {
    "DA": _bare_date,
    "TM": _bare_time,
    "DT": _bare_moment,
    "AS": _full_age,
    "CS": str.upper,
}


def _problem(vr: str, keyword: str, text: str) -> str | None:
    """Say what is wrong with `text`, or None."""
    from pydicom import config
    from pydicom.valuerep import validate_value

    allowed = "\n\r\f\t" if vr in _MULTI_LINE else ""
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in allowed for c in text):
        return "holds a control character"
    if "\\" in text and vr not in _MULTI_LINE:
        return "holds a backslash, which separates values in DICOM"
    if vr not in _UNICODE and not text.isascii():
        # Python takes any script's digits for numbers; DICOM takes 0 to 9.
        return "holds characters beyond ASCII, such as full-width digits"
    if vr == "PN" and any(group.count("^") > 4 for group in text.split("=")):
        return "has more than five name components"
    if vr == "PN" and text.count("=") > 2:
        return "has more than three groups of name components"
    if vr == "DA" and not _parses(text, "%Y%m%d"):
        has_form = re.fullmatch(r"\d{8}", text)
        return "is a date that does not exist" if has_form else "is not written as a date, such as 1970-02-28"
    if vr == "TM" and not any(_parses(text, form) for form in _CLOCKS):
        has_form = re.fullmatch(r"\d\d(\d\d){0,2}|\d{6}\.\d{1,6}", text)
        return "is a time that does not exist" if has_form else "is not written as a time, such as 14:05:30"
    if vr == "DT" and (reason := _no_moment(text)):
        return reason
    if vr == "UI" and (len(text) > 64 or not _valid_root(text)):
        return "is not a valid UID"
    try:
        for part in text.split("=") if vr == "PN" else [text]:
            validate_value(vr, _padded(part) if vr in _UNICODE else part, config.RAISE)
        if vr == "DS" and not math.isfinite(float(text)):
            return "is not a finite number"
        if keyword in _POSITIVE and float(text) <= 0:
            return "is not positive"
        if vr == "IS" and int(text) not in _IS_RANGE:
            return "is outside the range of a 32-bit integer"
    except ValueError:
        return _too_long(vr, text) or _FORMS.get(vr, f"is not what DICOM calls {vr}")
    return None


def _no_moment(text: str) -> str:
    """Say why a DT of a day at least is none that exists."""
    stamp = re.split(r"[+-]", text)[0]
    if not _parses(stamp[:8], "%Y%m%d"):
        return "is not written as a date that exists with a time, such as 2026-01-31 14:05:30"
    right = len(stamp) == 8 or any(_parses(stamp[8:], form) for form in _CLOCKS)
    return "" if right else "is not written as a time that exists, such as 2026-01-31 14:05:30"


def _too_long(vr: str, text: str) -> str:
    """Say how long the text of a VR may be, if it is longer."""
    limit, part = _LENGTHS.get(vr, math.inf), max(text.split("="), key=len) if vr == "PN" else text
    if len(part) > limit:
        return f"has {len(part)} characters, and DICOM allows {limit}"
    return f"has more than {limit} characters with its padding" if len(_padded(part)) > limit else ""


def person(name: str) -> str:
    """Write a name of one component with its delimiter: ``Doe`` is a family name (PS3.5 6.2.1).

    A name that fills all the characters there are goes without.

    Examples
    --------
    >>> person("Doe"), person("Doe^Jane"), len(person("D" * 64))
    ('Doe^', 'Doe^Jane', 64)
    """
    delimited = f"{name}^"
    return name if not name or "^" in name or "=" in name or _too_long("PN", delimited) else delimited


def _padded(text: str) -> str:
    """Text as it is stored, padded to an even number of bytes; the blank counts for the length."""
    return text + " " if len(text.encode()) % 2 else text


def _parses(text: str, form: str) -> bool:
    try:
        # strptime takes "2026112" for "%Y%m%d"; DICOM wants every digit.
        return datetime.strptime(text, form).strftime(form).startswith(text)
    except ValueError:
        return False


def _valid_root(uid: str) -> bool:
    """PS3.5 section 9.1 with the arcs of ISO 9834-1: the first is 0, 1 or 2, the second under 40 below 0 and 1."""
    arcs = uid.split(".")
    if len(arcs) < 2 or arcs[0] not in ("0", "1", "2") or not arcs[1].isdigit():
        return False
    return arcs[0] == "2" or int(arcs[1]) < 40


def single_line(text: str, limit: int) -> str:
    r"""Make free text (a layer's name) fit a single-valued LO or SH of `limit` characters.

    Control characters become blanks, a backslash becomes a slash, and the end is cut. Callers compare the result with
    the original and announce any difference.

    Examples
    --------
    >>> single_line("a\\b\n", 64)
    'a/b'
    """
    blanked = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
    line = blanked.replace("\\", "/").strip()[:limit].strip()
    return line if len(_padded(line)) <= limit else line[:-1].strip()


def multi_line(text: str, limit: int) -> str:
    """Make free text fit an LT of `limit` characters: it may hold line breaks and backslashes."""
    allowed = "\n\r\f\t"
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") and c not in allowed else c for c in text)
    return kept.strip()[: limit - 1].strip()
