"""What a DICOMweb server says to what it was sent: the Store Instances Response (PS3.18 annex I)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from napari_dicom_writer.destinations.network.link import DUPLICATE
from napari_dicom_writer.destinations.network.peers import without_password
from napari_dicom_writer.plan.sent import Answer, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_dicom_writer.destinations.network.link import StagedFile

# Reasons of PS3.18 table I.2-2, and those of C-STORE that servers pass on.
_REASONS = {
    0x0110: "processing failure",
    DUPLICATE: "duplicate SOP instance",
    0x0112: "no such object instance",
    0x0117: "invalid object instance",
    0x0122: "SOP class not supported",
    0x0124: "not authorized",
    0x0131: "duplicate transaction UID",
    0xA700: "out of resources",
    0xA900: "data set does not match SOP class",
    0xB000: "coercion of data elements",
    0xB006: "elements discarded",
    0xB007: "data set does not match SOP class",
    0xC000: "cannot understand",
    0xC122: "transfer syntax not supported",
}
_STORED, _FAILED, _UID = "00081199", "00081198", "00081155"
_WARNING, _FAILURE = "00081196", "00081197"

Code = int | str | None


def answers(batch: Sequence[StagedFile], answer: Any) -> list[Answer]:
    """What the Store Instances Response says (PS3.18 annex I)."""
    stored, failed = said(answer)
    found = []
    for file in batch:
        if file.uid in failed:
            # What it has already, perhaps, it is asked for.
            state = State.UNKNOWN if failed[file.uid] == DUPLICATE else State.REFUSED
            found.append(Answer(file.uid, state, _reason(failed[file.uid])))
        elif file.uid in stored:
            code = stored[file.uid]
            found.append(Answer(file.uid, State.WARNING if code else State.STORED, _reason(code) if code else ""))
        elif answer.status_code >= 300:
            found.append(Answer(file.uid, State.REFUSED, in_words(answer)))
        else:
            found.append(Answer(file.uid, State.UNKNOWN, f"{in_words(answer)}, and not a word about this instance"))
    return found


def said(answer: Any) -> tuple[dict[str, Code], dict[str, Code]]:
    """Return the codes of what was stored, and of what was not, by SOP Instance UID; nothing that is not clear."""
    try:
        if "xml" in answer.headers.get("Content-Type", ""):
            root = ElementTree.fromstring(answer.content)  # noqa: S314 - expat expands no bombs since 2.4.1
            return dict(_of_xml(root, _STORED, _WARNING)), dict(_of_xml(root, _FAILED, _FAILURE))
        found = answer.json() if answer.content else {}
    except (ValueError, ElementTree.ParseError):
        return {}, {}
    found = found[0] if isinstance(found, list) and found else found
    return dict(_of_json(found, _STORED, _WARNING)), dict(_of_json(found, _FAILED, _FAILURE))


def _of_json(found: Any, sequence: str, reason: str) -> Iterator[tuple[str, Code]]:
    """Items of the DICOM JSON Model (PS3.18 annex F)."""
    for item in values_of(found, sequence):
        for uid in values_of(item, _UID)[:1]:
            yield str(uid).strip("\0 "), next(iter(values_of(item, reason)), None)


def values_of(item: Any, tag: str) -> list[Any]:
    """Return the values of an attribute in the DICOM JSON Model; none of what is not there, or no such thing."""
    try:
        return list(item[tag]["Value"])
    except (KeyError, TypeError):
        return []


def _of_xml(root: Any, sequence: str, reason: str) -> Iterator[tuple[str, Code]]:
    """Items of the Native DICOM Model (PS3.19 annex A), whose names may be in its namespace, or in none."""
    for item in root.findall(f"./{{*}}DicomAttribute[@tag='{sequence}']/{{*}}Item"):
        code = item.findtext(f"./{{*}}DicomAttribute[@tag='{reason}']/{{*}}Value")
        uid = item.findtext(f"./{{*}}DicomAttribute[@tag='{_UID}']/{{*}}Value", "")
        yield uid.strip(), int(code) if code and code.strip().isdecimal() else code


def _reason(code: Code) -> str:
    if code is None:
        return "without a reason"
    if not isinstance(code, int):
        return str(code)
    known = _REASONS.get(code) or _REASONS.get(code & 0xFF00) or _REASONS.get(code & 0xF000, "unknown status")
    return f"{code:04X}H, {known}"


def in_words(answer: Any) -> str:
    """Return the status of an answer, and what else it says to everybody."""
    status, headers = f"HTTP {answer.status_code} {answer.reason}".strip(), answer.headers
    if answer.is_redirect:
        return f"{status}: it is at {without_password(headers['Location']).partition('?')[0]}"
    if answer.status_code == 401 and (wanted := headers.get("WWW-Authenticate", "").partition(" ")[0]):
        return f"{status}: it wants to know who sends, by {wanted}"
    if "html" in headers.get("Content-Type", "") and answer.ok:
        return f"{status} with a page for people"
    return status
