"""Files to a peer: guarded, resumed, and asked back."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from napari_dicom_writer.destinations.network.compare import compare
from napari_dicom_writer.destinations.network.ledger import Ledger
from napari_dicom_writer.destinations.network.link import StagedFile
from napari_dicom_writer.destinations.network.patience import patiently
from napari_dicom_writer.destinations.network.whole import pixels_are_whole
from napari_dicom_writer.errors import DestinationError, ExportCancelled
from napari_dicom_writer.mention import mention
from napari_dicom_writer.plan.sent import Answer, Sent, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_dicom_writer.destinations.network.link import Link

_TAGS = ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID", "PatientName"]
_FOUND = "found there when asked"
_DIRECTORY = "1.2.840.10008.1.3.10"


def staged_files(folder: Path) -> list[StagedFile]:
    """Find the instances in a folder and below it, or the one of a file.

    Raises
    ------
    DestinationError
        If there are none, or something there is no DICOM, or breaks off.
    """
    paths = [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.is_file())
    found = [staged for path in paths if not path.name.startswith(".") for staged in _staged(path)]
    if not folder.exists():
        raise DestinationError(f"There is no {folder}", "Name a folder with DICOM files, or one of them")
    if not found:
        raise DestinationError(f"There is nothing to send in {folder}", "Name a folder with DICOM files")
    repeated = [uid for uid, number in Counter(one.uid for one in found).items() if number > 1]
    if repeated:
        raise DestinationError(f"Two files in {folder} share the SOP Instance UID {repeated[0]}", "Remove one of them")
    return found


def _staged(path: Path) -> list[StagedFile]:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            dataset = dcmread(file, stop_before_pixels=True, specific_tags=_TAGS)
            meta = dataset.file_meta
            if meta.MediaStorageSOPClassUID == _DIRECTORY:
                return []
            # All of a deflated one is unpacked as it is read.
            if not meta.TransferSyntaxUID.is_deflated and not pixels_are_whole(file, size, meta.TransferSyntaxUID):
                raise EOFError("it breaks off in its pixel data")
        return [
            StagedFile(
                path,
                size,
                sop_class=str(dataset.SOPClassUID),
                uid=str(dataset.SOPInstanceUID),
                syntax=str(meta.TransferSyntaxUID),
                study=str(dataset.StudyInstanceUID),
                series=str(dataset.SeriesInstanceUID),
                patient=(str(dataset.get("PatientID") or ""), str(dataset.get("PatientName") or "")),
            )
        ]
    except InvalidDicomError as error:
        remedy = "Remove it, or name another folder; unpack a zip file first"
        raise DestinationError(f"{path} cannot be sent: it is not a DICOM file", remedy) from error
    except (AttributeError, EOFError) as error:
        raise DestinationError(f"{path} cannot be sent: {error}", "Remove it, or name another folder") from error
    except OSError as error:
        raise DestinationError(f"{path} cannot be read: {error.strerror or error}", "Check its permissions") from error


def send(
    link: Link,
    files: Sequence[StagedFile],
    tick: Callable[[], None],
    gone: Callable[[int], None] = lambda _bytes: None,
    *,
    compared: bool = False,
) -> Sent:
    """Send what the peer does not have yet.

    Parameters
    ----------
    link
        To the peer.
    files
        What to send.
    tick
        Called now and then; may raise `ExportCancelled`.
    gone
        Called with the bytes that have gone out, those of an earlier attempt among them; never with less than before.
    compared
        Whether all that has arrived is fetched again and compared with what was sent.

    Returns
    -------
    Sent
        Every instance's answer; complete or not.

    Raises
    ------
    DestinationError
        If the peer is not there, or holds these studies for other patients; nothing was sent.
    ExportCancelled
        Saying how much has arrived.
    """
    patiently(link.echo, tick)
    if not (link.peer.tls or link.peer.is_this_machine):
        link.notes.append("It was not encrypted on its way")
    known = refuse_other_patients(link, files, tick)
    ledger, answers = _arrived(link, files)
    before = _held(link, [file for file in files if file.study in known and file.uid not in answers], tick) or set()
    sizes = {file.uid: file.size for file in files}
    done = most = sum(sizes[uid] for uid in answers)

    def count(going: int = 0) -> None:
        nonlocal most
        tick()
        most = max(most, done + going)
        gone(most)

    def record(answer: Answer) -> None:  # who stops does so in `count`, or answers that came would be lost
        nonlocal done
        done += sizes[answer.uid]
        answers[answer.uid] = answer
        ledger.add(answer)

    try:
        count()
        link.send([file for file in files if file.uid not in answers], record, count)
        count()
        complete = [
            answers.get(file.uid, Answer(file.uid, State.UNKNOWN, "it was not sent any more")) for file in files
        ]
        asked = _asked_back(link, files, complete, tick)
        if compared:
            asked = compare(link, files, asked, tick)
        elif doubtful := [one.uid for one in asked if one.state.arrived and (one.uid in before or _FOUND in one.words)]:
            asked = compare(link, files, asked, tick, set(doubtful))
    except ExportCancelled:
        there = sum(answer.state.arrived for answer in answers.values())
        raise ExportCancelled(
            f"Sending was cancelled when {there:,} of {len(files):,} instances had arrived at {link.peer.address}",
            "Send the same again to go on from there",
        ) from None
    for answer in set(asked) - set(complete):
        ledger.add(answer)  # or the next attempt would believe what was said first
    sent = Sent(link.peer.address, tuple(asked), tuple(dict.fromkeys(link.notes)))
    if sent.complete:
        ledger.close()
    return sent


def missing(link: Link, files: Sequence[StagedFile]) -> list[StagedFile]:
    """Return the files that have not arrived yet, as far as the peer has said."""
    _, answers = _arrived(link, files)
    return [file for file in files if file.uid not in answers]


def _arrived(link: Link, files: Sequence[StagedFile]) -> tuple[Ledger, dict[str, Answer]]:
    ledger = Ledger(link.peer, (file.study for file in files))
    known = {uid: answer for uid, answer in ledger.answers().items() if answer.state.arrived}
    return ledger, {file.uid: known[file.uid] for file in files if file.uid in known}


def refuse_other_patients(link: Link, files: Sequence[StagedFile], tick: Callable[[], None]) -> set[str]:
    """Refuse to add to a study that the peer holds for somebody else.

    Returns
    -------
    set of str
        Study Instance UIDs of those that it holds already.

    Raises
    ------
    DestinationError
        Naming both patients.
    """
    known: set[str] = set()
    for study, patient in {file.study: file.patient for file in files}.items():
        owners = patiently(partial(link.owners, study), tick)
        if owners is None:
            link.notes.append(f"The peer was not asked whose study it is: {link.unasked}")
            return known
        known |= {study} if owners else set()
        # By the ID: servers write names in their own way.
        for number, name in owners:
            if number.strip() != patient[0].strip():
                raise DestinationError(
                    f"{link.peer.address} holds this study for the patient {number!r} ({name}), "
                    f"and what would be sent is of {patient[0]!r} ({patient[1]})",
                    f"Check the patient, or export it as a study of its own: {mention('same_study', False)}",
                )
    return known


def _held(link: Link, files: Sequence[StagedFile], tick: Callable[[], None]) -> set[str] | None:
    """UIDs of what the peer holds of these files' series; None if it cannot be asked."""
    held: set[str] = set()
    for study, series in dict.fromkeys((file.study, file.series) for file in files):
        there = patiently(partial(link.holds, study, series), tick)
        if there is None:
            return None
        held |= there
    return held


def _asked_back(
    link: Link, files: Sequence[StagedFile], answers: list[Answer], tick: Callable[[], None]
) -> list[Answer]:
    """What a peer said that it had stored, and what it lists, must agree; what is unknown may be there."""
    held = _held(link, files, tick)
    if held is None:
        link.notes.append(f"The peer was not asked what it holds now: {link.unasked}")
        return answers
    asked = []
    for answer in answers:
        if answer.state is State.UNKNOWN and answer.uid in held:
            asked.append(Answer(answer.uid, State.STORED, f"{_FOUND}, after: {answer.words}"))
        elif answer.state.arrived and answer.uid not in held:
            asked.append(Answer(answer.uid, State.UNKNOWN, "said to be stored, and not found there when asked"))
        else:
            asked.append(answer)
    return asked
