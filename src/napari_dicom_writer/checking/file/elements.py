"""The values of every element against their VRs (PS3.5 6.2), in sequences, too.

pydicom replaces what it cannot decode, and says nothing of a date that does not exist; so the bytes are looked at here.
No message holds a value: it might name a patient.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from pydicom.datadict import dictionary_has_tag, dictionary_VR

from napari_dicom_writer.checking.findings import Severity
from napari_dicom_writer.reading.lenient import text
from napari_dicom_writer.standard.charset import UndecodableError, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydicom.dataelem import DataElement, RawDataElement
    from pydicom.dataset import Dataset

    from napari_dicom_writer.checking.findings import Report

_SIZES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "UV": 8, "SV": 8, "AT": 4, "OW": 2, "OF": 4, "OD": 8}
_CHARACTERS = {"SH": 16, "LO": 64, "ST": 1024, "LT": 10240}
_TEXT = {"SH", "LO", "PN", "ST", "LT", "UT", "UC"}
_ONE_VALUE = {"ST", "LT", "UT", "UR"}  # a backslash is text in these
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d|60)?(\.\d{1,6})?)?")
_ZONE = re.compile(r"[+-](0\d|1[0-4])[0-5]\d")
_CODE = re.compile(r"[A-Z0-9 _]{0,16}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_SHORT = 256  # bytes
_TIMEZONE = 0x00080201
_CHARSET = 0x00080005
_READERS = "Readers reject the file, or leave the attribute out"


def check_elements(header: Dataset, report: Report) -> None:
    """Check every element of a data set and of its sequences.

    Parameters
    ----------
    header
        As pydicom parsed it, its values still raw.
    report
        Where to.
    """
    waiting: list[tuple[Dataset, bytes]] = [(header, b"")]
    while waiting:
        dataset, charset = waiting.pop()
        charset = _charset(dataset) if _CHARSET in dataset else charset
        for tag in sorted(dataset.keys()):
            element = dataset.get_item(tag)
            vr = _vr(tag, element.VR)
            if vr == "SQ":
                try:
                    items = dataset[tag].value or ()
                except Exception:  # noqa: BLE001 - whatever a broken sequence makes the parser raise
                    report.error("sequence-broken", "A sequence cannot be read", _READERS, tag)
                    continue
                waiting += [(item, charset) for item in items]
                continue
            if element.VR == "UN" and dictionary_has_tag(tag):
                # One finding for all: where a program writes one so, it writes many.
                report.warning("vr-unknown", "Known attributes have the VR UN", "Most readers do not see their values")
            elif element.VR and not _vr_fits(tag, element.VR):
                what = f"Its VR is {element.VR}, and the standard says {dictionary_VR(tag)}"
                report.warning("vr-wrong", what, "Readers that go by the standard misread it", tag)
            raw = _bytes(element)
            # The instances of a series say the same in most of their elements.
            found = _known_faults if len(raw) <= _SHORT else _faults
            for severity, code, what in found(int(tag), vr, raw, charset):
                report.add(severity, code, what, _READERS if severity is Severity.ERROR else "", tag)


def _charset(dataset: Dataset) -> bytes:
    """Specific Character Set as it is written; pydicom parses it before all others."""
    value = dataset.get_item(_CHARSET).value
    return value if isinstance(value, bytes) else text(dataset, "SpecificCharacterSet").encode()


def _bytes(element: RawDataElement | DataElement | None) -> bytes:
    value = element.value if element is not None else None
    return value if isinstance(value, bytes) else b""


@lru_cache(4096)
def _vr(tag: int, written: str | None) -> str:
    """VR as written, else the standard's; empty where it is not known."""
    if written and written != "UN":
        return written
    return dictionary_VR(tag) if dictionary_has_tag(tag) else ""


@lru_cache(4096)
def _vr_fits(tag: int, vr: str) -> bool:
    if not dictionary_has_tag(tag) or tag & 0xFFFF == 0:
        return True
    # OB and OW: the standard leaves the choice to the transfer syntax.
    return vr in dictionary_VR(tag).split(" or ") or {vr, dictionary_VR(tag)} <= {"OB", "OW", "UN"}


@lru_cache(4096)
def _known_faults(tag: int, vr: str, raw: bytes, charset: bytes) -> tuple[tuple[Severity, str, str], ...]:
    return tuple(_faults(tag, vr, raw, charset))


def _faults(tag: int, vr: str, raw: bytes, charset: bytes) -> Iterator[tuple[Severity, str, str]]:
    """Check the bytes of one element; yield severity, code and words."""
    if len(raw) % _SIZES.get(vr.split(" or ")[0], 1):
        yield Severity.ERROR, "value-length", f"A value of VR {vr} has {len(raw)} bytes"
    if vr in _TEXT:
        yield from _text_faults(vr, raw, charset)
    if tag == _TIMEZONE and raw and not _ZONE.fullmatch(_ascii(raw).strip()):
        yield Severity.ERROR, "timezone", "It is not a time zone of the form ±HHMM"
    if vr not in _RULES:
        return
    if vr == "UI" and raw.endswith(b" "):
        yield Severity.WARNING, "uid-padding", "A UID is padded with a space instead of a null"
    for value in [raw] if vr in _ONE_VALUE else raw.split(b"\\"):
        content = _ascii(value).strip(" \0")
        if content and not _RULES[vr](content):
            severity = Severity.WARNING if vr in ("CS", "AE") else Severity.ERROR
            yield severity, "value-invalid", f"It is not a valid {_KINDS[vr]} (VR {vr})"


def _ascii(raw: bytes) -> str:
    return raw.decode("ascii", "replace")


def _text_faults(vr: str, raw: bytes, charset: bytes) -> Iterator[tuple[Severity, str, str]]:
    try:
        decoded = decode(raw, charset, name=vr == "PN")
    except UndecodableError as error:
        yield Severity.ERROR, "text-undecodable", f"Its text {error}"
        return
    if _CONTROL.search(decoded.rstrip("\0")):
        yield Severity.WARNING, "text-control", "Its text holds control characters"
    longest = _CHARACTERS.get(vr)
    values = [decoded] if vr in _ONE_VALUE else decoded.split("\\")
    if longest and max(len(value.strip()) for value in values) > longest:
        yield Severity.WARNING, "text-long", f"Its text is longer than the {longest} characters of VR {vr}"
    if vr == "PN" and any(len(part) > 64 for value in values for part in value.split("=")):
        yield Severity.WARNING, "text-long", "Its text is longer than the 64 characters of VR PN"


def _is_date(text: str) -> bool:
    # The form with points is that of the standard's predecessor; readers take it still.
    return _parses(text.replace(".", "") if len(text) == 10 else text, "%Y%m%d", 8)


def _parses(text: str, form: str, length: int) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return len(text) == length and text.isdigit()


def _is_time(text: str) -> bool:
    return bool(_TIME.fullmatch(text.replace(":", "") if text.count(":") == 2 else text))


def _is_datetime(text: str) -> bool:
    text = re.sub(r"[+-]\d{4}$", "", text) if _ZONE.fullmatch(text[-5:]) else text
    whole, _, fraction = text.partition(".")
    forms = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
    valid = len(whole) in forms and _parses(whole, forms[len(whole)], len(whole))
    return valid and (not fraction or (len(whole) == 14 and fraction.isdigit() and len(fraction) <= 6))


_RULES: dict[str, Callable[[str], bool]] = {
    "AE": lambda text: len(text) <= 16,
    "AS": lambda text: bool(re.fullmatch(r"\d{3}[DWMY]", text)),
    "CS": lambda text: bool(_CODE.fullmatch(text)),
    "DA": _is_date,
    "DS": lambda text: len(text) <= 16 and bool(_NUMBER.fullmatch(text)),
    "DT": _is_datetime,
    "IS": lambda text: bool(re.fullmatch(r"[+-]?\d{1,10}", text)) and -(2**31) <= int(text) < 2**31,
    "TM": _is_time,
    "UI": lambda text: len(text) <= 64 and bool(_UID.fullmatch(text)),
}
_KINDS = {
    "AE": "title of an application",
    "AS": "age",
    "CS": "code string",
    "DA": "date",
    "DS": "number of at most 16 characters",
    "DT": "date and time",
    "IS": "whole number",
    "TM": "time",
    "UI": "UID",
}
