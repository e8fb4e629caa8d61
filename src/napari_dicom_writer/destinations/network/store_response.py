"""What a DICOMweb server says to what it was sent: the Store Instances Response (PS3.18 annex I)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_dicom_writer.destinations.network.link import DUPLICATE
from napari_dicom_writer.plan.sent import Answer, State

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def answers(batch: Sequence[StagedFile], answer: Any) -> list[Answer]:
    """What the Store Instances Response says (PS3.18 annex I)."""
    try:
        said = answer.json() if answer.content else {}
    except ValueError:
        said = {}
    said = said[0] if isinstance(said, list) and said else said
    stored = _items(said, "00081199", "00081196")
    failed = _items(said, "00081198", "00081197")
    found = []
    for file in batch:
        if file.uid in failed:
            # What it has already, perhaps, it is asked for.
            state = State.UNKNOWN if failed[file.uid] == DUPLICATE else State.REFUSED
            found.append(Answer(file.uid, state, _reason(failed[file.uid])))
        elif file.uid in stored:
            code = stored[file.uid]
            found.append(Answer(file.uid, State.WARNING if code else State.STORED, _reason(code) if code else ""))
        elif answer.status_code >= 400:
            found.append(Answer(file.uid, State.REFUSED, in_words(answer)))
        else:
            found.append(Answer(file.uid, State.UNKNOWN, f"{in_words(answer)}, and not a word about this instance"))
    return found


def _items(said: Any, sequence: str, reason: str) -> dict[str, int | None]:
    try:
        items = said[sequence]["Value"]
        return {item["00081155"]["Value"][0]: next(iter(item.get(reason, {}).get("Value", [])), None) for item in items}
    except (AttributeError, IndexError, KeyError, TypeError):
        return {}  # nothing was said, or nothing that is to be relied on


def _reason(code: int | None) -> str:
    if code is None:
        return "without a reason"
    known = _REASONS.get(code) or _REASONS.get(code & 0xFF00) or _REASONS.get(code & 0xF000, "unknown status")
    return f"{code:04X}H, {known}"


def in_words(answer: Any) -> str:
    """Return the status of an answer."""
    return f"HTTP {answer.status_code} {answer.reason}".strip()
