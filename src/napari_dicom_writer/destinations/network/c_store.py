"""C-STORE (PS3.4 annex B), over a few associations at a time, by pynetdicom."""

from __future__ import annotations

import socket
import ssl
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.destinations.network import query
from napari_dicom_writer.destinations.network.association import associated, hang_up, switched, trusting
from napari_dicom_writer.destinations.network.link import CONNECT_SECONDS, DUPLICATE, Link
from napari_dicom_writer.destinations.network.store_work import Going, Work
from napari_dicom_writer.destinations.network.target import NetworkDestination
from napari_dicom_writer.destinations.network.transcoding import PLAIN, transcode
from napari_dicom_writer.plan.sent import Answer, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future

    from napari_dicom_writer.destinations.network.link import StagedFile

_CONTEXTS = 128  # presentation contexts that one association may propose (PS3.8 9.3.2.2)
_VERIFICATION = "1.2.840.10008.1.1"
_HEARTBEAT = 0.2  # seconds
_TRIES = 3
"""Associations that a worker opens to a node that ends them: perhaps a single instance is the reason."""


class CStoreLink(Link):
    """A DICOM node; see `Link`."""

    fetched_by = "C-GET"

    def echo(self) -> None:
        """See `Link`."""
        self._greet()
        with associated(self, [(_VERIFICATION, PLAIN)]) as association:
            status = association.send_c_echo()
            if not status or status.Status != 0:
                self.fail("does not answer an echo")

    def _greet(self) -> None:
        """Connect, which says more about why nobody is there than pynetdicom does."""
        try:
            with ExitStack() as stack:
                way = stack.enter_context(socket.create_connection((self.peer.host, self.peer.port), CONNECT_SECONDS))
                if self.peer.tls:
                    stack.enter_context(trusting().wrap_socket(way, server_hostname=self.peer.host))
        except ssl.SSLCertVerificationError as error:
            self.fail(
                f"has no certificate that is trusted: {error.verify_message}", "Add its authority to SSL_CERT_FILE"
            )
        except ssl.SSLError as error:
            self.fail(f"does not speak TLS: {error.reason}", "Try dicom:// instead of dicoms://, or another port")
        except OSError as error:
            self.fail(f"cannot be reached: {error.strerror or error}")

    def owners(self, study: str) -> set[tuple[str, str]] | None:
        """See `Link`."""
        found = query.find(self, "STUDY", StudyInstanceUID=study, PatientID="", PatientName="")
        if found is None:
            return None
        return {
            (str(one.get("PatientID", "")), str(one.get("PatientName", "")))
            for one in found
            if one.get("StudyInstanceUID") in (study, None)  # some do not heed what they are asked for
        }

    def holds(self, study: str, series: str) -> set[str] | None:
        """See `Link`."""
        found = query.find(self, "IMAGE", StudyInstanceUID=study, SeriesInstanceUID=series, SOPInstanceUID="")
        return None if found is None else {str(one.get("SOPInstanceUID", "")) for one in found}

    def fetch(self, file: StagedFile, into: Path) -> bool:
        """See `Link`."""
        return query.get(self, file, _contexts([file]), into)

    def send(self, files: Sequence[StagedFile], record: Callable[[Answer], None], tick: Callable[[int], None]) -> None:
        """See `Link`."""
        work = Work(files)
        workers = min(self.peer.associations, len(files))
        with switched(STORE_SEND_CHUNKED_DATASET=True), ThreadPoolExecutor(workers or 1) as pool:
            running: list[Future[None]] = []

            def another() -> None:
                """Begin an association when the one before is there: some nodes take one at a time."""
                if len(running) < workers and work.goes_on:
                    running.append(pool.submit(self._work, work, another))
                    running[-1].add_done_callback(lambda _: work.answers.put(None))

            another()
            try:
                while not all(one.done() for one in running) or not work.answers.empty():
                    tick(work.going)
                    work.record(record, _HEARTBEAT)
            except BaseException:
                work.end(running)
                while not work.answers.empty():  # they came in time
                    work.record(record)
                raise
        failures = [error for one in running if (error := one.exception())]
        if failures and len(failures) == len(running):  # nobody is left who would send the rest
            why = getattr(failures[0], "refusals", None)
            while not work.waiting.empty():
                file = work.waiting.get()
                record(Answer(file.uid, State.UNKNOWN, f"not sent: {why[0].what if why else failures[0]}"))

    def _work(self, work: Work, another: Callable[[], None]) -> None:
        """Send files until there are no more, the node does not answer, or it ends one association after another."""
        for _ in range(_TRIES):
            if not self._over_one(work, another):
                return

    def _over_one(self, work: Work, another: Callable[[], None]) -> bool:
        """Send files over one association, and say whether it was the node that ended it."""
        from pynetdicom import evt

        going = Going()
        counting = [(evt.EVT_DATA_SENT, going)]
        with associated(self, _contexts(work.files), counting) as association, work.at(association, going):
            another()
            while not work.stop.is_set() and association.is_established:
                try:
                    file = work.waiting.get_nowait()
                except Empty:
                    return False
                going.begin(file.size)
                began = time.monotonic()
                answer = self._store(association, file)
                going.begin(0)  # before it is counted as answered
                if answer is None:  # nor would there be one to the next
                    seconds = association.dimse_timeout
                    late = time.monotonic() - began >= seconds
                    why = f"none in {seconds:g} seconds" if late else "the association ended"
                    work.answers.put(Answer(file.uid, State.UNKNOWN, f"no answer: {why}"))
                    hang_up(association)
                    return work.goes_on and not late
                work.answers.put(answer)
            return work.goes_on

    def _store(self, association: Any, file: StagedFile) -> Answer | None:
        accepted = {
            str(context.transfer_syntax[0])
            for context in association.accepted_contexts
            if str(context.abstract_syntax) == file.sop_class
        }
        if not accepted:
            return Answer(file.uid, State.REFUSED, f"the peer takes no {_named(file.sop_class)}")
        with ExitStack() as stack:
            path = file.path
            if file.syntax not in accepted:
                syntax = next(one for one in PLAIN if one in accepted)
                path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "plain.dcm"
                try:
                    transcode(file.path, path, syntax)
                except Exception as error:  # noqa: BLE001 - whatever the parser, the decoder or the system says
                    taken = f"the peer takes no {_named(file.syntax)}"
                    return Answer(file.uid, State.REFUSED, f"{taken}, and it cannot be sent otherwise: {error}")
                self.notes.append(f"Sent as {_named(syntax)}, because the peer does not take {_named(file.syntax)}")
            try:
                status = association.send_c_store(path)
            except Exception:  # noqa: BLE001 - whatever pynetdicom raises when an association ends
                return None
        return _answer(file.uid, status) if status else None


def _named(uid: str) -> str:
    from pydicom.uid import UID

    return UID(uid).name


def _contexts(files: Iterable[StagedFile]) -> list[tuple[str, list[str]]]:
    """What is to be sent as it is, each by itself, and plain, for peers that do not take it so."""
    as_they_are = dict.fromkeys((file.sop_class, file.syntax) for file in files)
    plain = [(sop_class, one) for sop_class, _ in as_they_are for one in PLAIN]
    return [(one, [syntax]) for one, syntax in dict.fromkeys([*as_they_are, *plain])][:_CONTEXTS]


def _answer(uid: str, status: Any) -> Answer:
    from pynetdicom.status import STORAGE_SERVICE_CLASS_STATUS, code_to_category

    code = status.Status
    if code == 0:
        return Answer(uid, State.STORED)
    words = STORAGE_SERVICE_CLASS_STATUS.get(code, ("", "unknown status"))[1]
    said = f"{code:04X}H, {words}" + (f": {status.ErrorComment}" if status.get("ErrorComment") else "")
    if code == DUPLICATE:  # then it has it, perhaps: it is asked
        return Answer(uid, State.UNKNOWN, said)
    return Answer(uid, State.WARNING if code_to_category(code) == "Warning" else State.REFUSED, said)


class CStoreDestination(NetworkDestination):
    """A DICOM node, such as a PACS; see `NetworkDestination`."""

    title = "PACS (C-STORE)"
    words = "a DICOM node (PACS), dicom://AETITLE@host:port"
    language = "c-store"
    link = CStoreLink
