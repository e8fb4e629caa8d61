"""Text and numbers as DICOM value representations hold them (PS3.5 section 6.2).

pydicom's validators are the base; what they let through (days that do not exist, backslashes, control characters,
numbers out of range) is checked here, because these reach a radiologist's worklist as broken names or shifted tags.
"""

from __future__ import annotations

import math
import unicodedata
from datetime import date, datetime, time
from numbers import Integral, Real
from types import NoneType

from pydicom import config
from pydicom.datadict import dictionary_description, dictionary_VR, tag_for_keyword
from pydicom.valuerep import validate_value

from napari_dicom_writer.errors import OptionsError
from napari_dicom_writer.standard.decimals import decimal_string

_IS_RANGE = range(-(2**31), 2**31)
# PS3.5 6.2: these may hold line breaks; no other character under 32 is allowed anywhere.
_MULTI_LINE = {"LT", "ST", "UT"}
_UNICODE = {"LO", "PN", "SH", "LT", "ST"}
_POSITIVE = {"PatientWeight", "PatientSize"}


def check(keyword: str, value: object) -> str:
    """Return `value` as the text of one DICOM attribute.

    Parameters
    ----------
    keyword
        The attribute's keyword in PS3.6, such as ``PatientBirthDate``; its VR decides what is valid.
    value
        Text, a number for IS and DS, or a `datetime.date` / `datetime.time` for DA and TM. Dates and times may also
        be written as in ISO 8601 (``2026-11-22``, ``14:05``).

    Returns
    -------
    str
        The value, stripped of surrounding blanks; empty for None.

    Raises
    ------
    OptionsError
        If DICOM does not allow the value: length, characters, a date that does not exist.
    """
    vr = dictionary_VR(keyword)
    problem = _wrong_type(vr, value)
    text = "" if value is None or problem else _as_text(vr, value).strip()
    if not text and not problem:
        return ""
    problem = problem or _problem(vr, keyword, text)
    if problem:
        # The value itself may be a patient's: the message names the attribute only.
        raise OptionsError(f"{title(keyword)} {problem}", f"Correct {keyword}", "options")
    return text


def title(keyword: str) -> str:
    """Name of an attribute in PS3.6, such as Patient's Birth Date."""
    return dictionary_description(keyword)


def tag(attribute: str | int) -> str:
    """Tag of an attribute, by its keyword or number, as PS3.6 writes it.

    Examples
    --------
    >>> tag("PatientID"), tag(0x00100020)
    ('(0010,0020)', '(0010,0020)')
    """
    number = attribute if isinstance(attribute, int) else tag_for_keyword(attribute) or 0
    return f"({number >> 16:04X},{number & 0xFFFF:04X})"


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
    text = str(value)
    if vr == "DA":
        return text.replace("-", "")
    return text.replace(":", "") if vr == "TM" else text


def _problem(vr: str, keyword: str, text: str) -> str | None:
    """Say what is wrong with `text`, or None."""
    allowed = "\n\r\f\t" if vr in _MULTI_LINE else ""
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in allowed for c in text):
        return "holds a control character"
    if "\\" in text and vr not in _MULTI_LINE:
        return "holds a backslash, which separates values in DICOM"
    if vr == "PN" and any(group.count("^") > 4 for group in text.split("=")):
        return "has more than five name components"
    if vr == "PN" and text.count("=") > 2:
        return "has more than three groups of name components"
    if vr == "DA" and not _parses(text, "%Y%m%d"):
        return "is not a date that exists, written YYYYMMDD or YYYY-MM-DD"
    if vr == "TM" and not any(_parses(text, form) for form in ("%H", "%H%M", "%H%M%S", "%H%M%S.%f")):
        return "is not a time, written HHMMSS or HH:MM:SS"
    if vr == "UI" and (len(text) > 64 or not _valid_root(text)):
        return "is not a valid UID"
    try:
        for part in text.split("=") if vr == "PN" else [text]:
            validate_value(vr, _padded(part) if vr in _UNICODE else part, config.RAISE)
        if keyword in _POSITIVE and float(text) <= 0:
            return "is not positive"
        if vr == "IS" and int(text) not in _IS_RANGE:
            return "is outside the range of a 32-bit integer"
    except ValueError as error:
        return f"is not valid ({vr}): {_first_sentence(str(error), text)}"
    return None


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


def _first_sentence(message: str, value: str) -> str:
    """Return pydicom's reason without the value, which may identify a patient, and without its link."""
    return message.replace(repr(value), "the text given").split(" Please see")[0].rstrip(".")


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
