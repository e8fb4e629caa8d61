"""What a peer holds, fetched and compared with what it was sent."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pydicom import dcmread

from napari_dicom_writer.destinations.network.patience import patiently
from napari_dicom_writer.destinations.paths import refused_by_system
from napari_dicom_writer.plan.sent import Answer, State
from napari_dicom_writer.plan.wording import count

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from pydicom.dataset import FileDataset

    from napari_dicom_writer.destinations.network.link import Link, StagedFile

_BLOCK = 2**20
_NOT_COMPARED = "Not read back, as the peer hands nothing out by {how}: {which}"
_OTHERS = "{others:,} came back in another transfer syntax than they have here, and were not compared"
_COMPARED = "Fetched again and compared, header and pixels are the same: {which}"


def compare(
    link: Link,
    files: Sequence[StagedFile],
    answers: Sequence[Answer],
    tick: Callable[[], None],
    only: Collection[str] | None = None,
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
    only
        UIDs of those that were there before, or may have been: no others are fetched. Default: all.

    Raises
    ------
    DestinationError
        If there is no room here for one of them.
    """
    which = "all that arrived" if only is None else f"{count(len(only))} that may have been there before"
    compared: list[Answer] = []
    others = 0
    no_room = "What the peer holds cannot be fetched again to be compared"
    # Of who cancels, the fetch goes on for a moment, and may write there yet.
    with refused_by_system(no_room), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        came = Path(folder) / "came.dcm"
        for file, answer in zip(files, answers, strict=True):
            tick()
            if not answer.state.arrived or (only is not None and file.uid not in only):
                compared.append(answer)
                continue
            if not patiently(partial(link.fetch, file, came), tick):
                link.notes.append(_NOT_COMPARED.format(which=which, how=link.fetched_by))
                return [*compared, *answers[len(compared) :]]
            words = difference(file.path, came)
            others += words is None
            compared.append(Answer(file.uid, State.ALTERED, words) if words else answer)
            came.unlink()
    if others:
        link.notes.append(_OTHERS.format(others=others))
    elif not any(answer.state is State.ALTERED for answer in compared):
        link.notes.append(_COMPARED.format(which=which))
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
