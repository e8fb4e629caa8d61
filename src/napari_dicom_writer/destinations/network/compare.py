"""What a peer holds, fetched and compared with what it was sent."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pydicom import dcmread

from napari_dicom_writer.plan.sent import Answer, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydicom.dataset import FileDataset

    from napari_dicom_writer.destinations.network.link import Link, StagedFile

_BLOCK = 2**20
_NOT_COMPARED = "The peer was not read back: it hands nothing out by {how}"
_OTHERS = "{others:,} came back in another transfer syntax than they have here, and were not compared"
_COMPARED = "All that arrived was fetched again and compared: header and pixels are the same"


def compare(
    link: Link, files: Sequence[StagedFile], answers: Sequence[Answer], tick: Callable[[], None]
) -> list[Answer]:
    """Fetch what has arrived, and change the answers where it is not what was sent.

    Parameters
    ----------
    link
        To the peer; its notes say what could not be compared.
    files, answers
        What was sent, and what was said to each.
    tick
        Called before each; may raise to stop.
    """
    compared, others = [], 0
    with tempfile.TemporaryDirectory() as folder:
        came = Path(folder) / "came.dcm"
        for file, answer in zip(files, answers, strict=True):
            tick()
            if not answer.state.arrived:
                compared.append(answer)
                continue
            if not link.fetch(file, came):
                link.notes.append(_NOT_COMPARED.format(how=link.fetched_by))
                return list(answers)
            words = difference(file.path, came)
            others += words is None
            compared.append(Answer(file.uid, State.ALTERED, words) if words else answer)
            came.unlink()
    if others:
        link.notes.append(_OTHERS.format(others=others))
    elif all(answer.state.arrived for answer in compared):
        link.notes.append(_COMPARED)
    return compared


def difference(sent: Path, came: Path) -> str | None:
    """Say what is not the same in two files; their file meta information aside, which is the peer's own.

    Returns
    -------
    str or None
        Empty where all is the same; None where their transfer syntaxes differ, as nothing is decoded.
    """
    with sent.open("rb") as one, came.open("rb") as other:
        try:
            ours, theirs = (dcmread(file, stop_before_pixels=True) for file in (one, other))
        except Exception as error:  # noqa: BLE001 - whatever the parser says to what came
            return f"what came back cannot be read: {error}"
        syntaxes = [str(dataset.file_meta.get("TransferSyntaxUID", "")) for dataset in (ours, theirs)]
        if syntaxes[0] != syntaxes[1]:
            return None
        return _element(ours, theirs) or ("" if _same_rest(one, other) else "its pixels came back as others")


def _element(ours: FileDataset, theirs: FileDataset) -> str:
    """Name the first element that differs."""
    for tag in sorted(ours.keys() | theirs.keys()):
        if tag not in theirs:
            return f"{ours[tag].name} did not come back"
        if tag not in ours:
            return f"{theirs[tag].name} came back, and was not sent"
        if ours[tag] != theirs[tag]:
            return f"{ours[tag].name} came back as another"
    return ""


def _same_rest(one: BinaryIO, other: BinaryIO) -> bool:
    """Whether two files are the same from where they were read to."""
    while True:
        block = one.read(_BLOCK)
        if block != other.read(_BLOCK):
            return False
        if not block:
            return True
