"""C-STORE (PS3.4 annex B), over a few associations at a time, by pynetdicom."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from io import BytesIO
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.destinations.network.association import associated, hang_up, raw_files
from napari_dicom_writer.destinations.network.link import CONNECT_SECONDS, DUPLICATE, Link
from napari_dicom_writer.destinations.network.target import NetworkDestination
from napari_dicom_writer.errors import DestinationError
from napari_dicom_writer.plan.sent import Answer, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

from napari_dicom_writer.destinations.network.link import StagedFile

_CONTEXTS = 128  # presentation contexts that one association may propose (PS3.8 9.3.2.2)
_PLAIN = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")  # Explicit and Implicit VR Little Endian
_FIND = "1.2.840.10008.5.1.4.1.2.2.1"  # Study Root Query/Retrieve Information Model - FIND
_GET = "1.2.840.10008.5.1.4.1.2.2.3"  # Study Root Query/Retrieve Information Model - GET
_VERIFICATION = "1.2.840.10008.1.1"
_NO_ANSWER = "no answer: the association ended, or took too long"
_HEARTBEAT = 0.2  # seconds
_PATIENCE = 2  # seconds that an answer is waited for when all is to end


class _Work:
    """Files that wait for an association, the answers to them, and the associations that are at it."""

    def __init__(self, files: Sequence[StagedFile]) -> None:
        self.files = files
        self.waiting: SimpleQueue[StagedFile] = SimpleQueue()
        self.answers: SimpleQueue[Answer | None] = SimpleQueue()  # None: an association has ended
        self.stop = threading.Event()
        self._busy: dict[Any, _Going] = {}
        for file in files:
            self.waiting.put(file)

    @contextmanager
    def at(self, association: Any, going: _Going) -> Iterator[None]:
        """Have an association in sight while it works."""
        self._busy[association] = going
        try:
            yield
        finally:
            del self._busy[association]

    @property
    def going(self) -> int:
        """Bytes that have gone out of files without an answer."""
        return sum(going.bytes for going in list(self._busy.values()))

    def record(self, record: Callable[[Answer], None], seconds: float = 0) -> None:
        """Hand on the next answer, if there is one before the time is over."""
        with suppress(Empty):
            if answer := self.answers.get(timeout=seconds):
                record(answer)

    def end(self, running: Sequence[Future[None]]) -> None:
        """Let everybody end with the file at hand; who does not get an answer to it soon, hangs up."""
        self.stop.set()
        if wait(running, _PATIENCE).not_done:
            for association in list(self._busy):
                hang_up(association)


class _Going:
    """How much of the file at hand has gone out over an association."""

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, size: int) -> None:
        """Count anew: the next file has so many bytes."""
        self._size, self.bytes = size, 0

    def __call__(self, event: Any) -> None:
        self.bytes = min(self._size, self.bytes + len(event.data))


class CStoreLink(Link):
    """A DICOM node; see `Link`."""

    fetched_by = "C-GET"

    def echo(self) -> None:
        """See `Link`."""
        try:  # it says more about why nobody is there than pynetdicom does
            socket.create_connection((self.peer.host, self.peer.port), CONNECT_SECONDS).close()
        except OSError as error:
            self.fail(f"cannot be reached: {error.strerror or error}")
        with associated(self, [(_VERIFICATION, _PLAIN)]) as association:
            status = association.send_c_echo()
            if not status or status.Status != 0:
                self.fail("does not answer an echo")

    def owners(self, study: str) -> set[tuple[str, str]] | None:
        """See `Link`."""
        found = self._find("STUDY", StudyInstanceUID=study, PatientID="", PatientName="")
        if found is None:
            return None
        return {(str(one.get("PatientID", "")), str(one.get("PatientName", ""))) for one in found}

    def holds(self, study: str, series: str) -> set[str] | None:
        """See `Link`."""
        found = self._find("IMAGE", StudyInstanceUID=study, SeriesInstanceUID=series, SOPInstanceUID="")
        return None if found is None else {str(one.SOPInstanceUID) for one in found}

    def _find(self, level: str, **keys: str) -> list[Any] | None:
        try:
            with associated(self, [(_FIND, _PLAIN)]) as association:
                found = []
                for status, answer in association.send_c_find(_query(level, **keys), _FIND):
                    if not status or status.Status not in (0xFF00, 0xFF01, 0x0000):
                        return None
                    if answer is not None:
                        found.append(answer)
                return found
        except (DestinationError, ValueError):  # it does not offer queries, or nothing that we can read
            return None

    def fetch(self, file: StagedFile, into: Path) -> bool:
        """See `Link`: C-GET, in which the peer stores over the same association."""
        from pynetdicom import build_role, evt

        came: list[int] = []

        def store(event: Any) -> int:
            into.write_bytes(event.encoded_dataset())
            came.append(1)
            return 0

        query = _query("IMAGE", StudyInstanceUID=file.study, SeriesInstanceUID=file.series, SOPInstanceUID=file.uid)
        contexts = [(_GET, _PLAIN), *_contexts([file])]
        more = {"ext_neg": [build_role(file.sop_class, scp_role=True)]}
        try:
            with associated(self, contexts, handlers=[(evt.EVT_C_STORE, store)], **more) as association:
                for status, _ in association.send_c_get(query, _GET):
                    if not status or status.Status not in (0xFF00, 0x0000):
                        return False
        except (DestinationError, ValueError):  # it does not offer it
            return False
        return bool(came)

    def send(self, files: Sequence[StagedFile], record: Callable[[Answer], None], tick: Callable[[int], None]) -> None:
        """See `Link`."""
        work = _Work(files)
        workers = min(self.peer.associations, len(files))
        with raw_files(), ThreadPoolExecutor(workers or 1) as pool:
            running: list[Future[None]] = []

            def another() -> None:
                """Begin an association when the one before is there: some nodes take one at a time."""
                if len(running) < workers and not work.waiting.empty() and not work.stop.is_set():
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

    def _work(self, work: _Work, another: Callable[[], None]) -> None:
        """Send files over one association until there are no more, or it ends."""
        from pynetdicom import evt

        going = _Going()
        counting = [(evt.EVT_DATA_SENT, going)]
        with associated(self, _contexts(work.files), counting) as association, work.at(association, going):
            another()
            while not work.stop.is_set() and association.is_established:
                try:
                    file = work.waiting.get_nowait()
                except Empty:
                    return
                going.begin(file.size)
                answer = self._store(association, file)
                going.begin(0)  # before it is counted as answered
                work.answers.put(answer or Answer(file.uid, State.UNKNOWN, _NO_ANSWER))
                if answer is None:  # nor would there be one to the next
                    hang_up(association)
                    return

    def _store(self, association: Any, file: StagedFile) -> Answer | None:
        accepted = {
            str(context.transfer_syntax[0])
            for context in association.accepted_contexts
            if str(context.abstract_syntax) == file.sop_class
        }
        if not accepted:
            return Answer(file.uid, State.REFUSED, f"the peer takes no {_named(file.sop_class)}")
        try:
            sent = file.path if file.syntax in accepted else self._transcoded(file, accepted)
            status = association.send_c_store(sent)
        except Exception:  # noqa: BLE001 - whatever pynetdicom raises when an association ends
            return None
        return _answer(file.uid, status) if status else None

    def _transcoded(self, file: StagedFile, accepted: set[str]) -> Any:
        from pydicom import dcmread
        from pydicom.uid import UID

        dataset = dcmread(file.path)
        if dataset.file_meta.TransferSyntaxUID.is_compressed:
            dataset.decompress(generate_instance_uid=False)
        syntax = next(one for one in _PLAIN if one in accepted)
        dataset.file_meta.TransferSyntaxUID = UID(syntax)
        buffer = BytesIO()
        dataset.save_as(buffer)
        dataset = dcmread(BytesIO(buffer.getvalue()))
        self.notes.append(f"Sent as {_named(syntax)}, because the peer does not take {_named(file.syntax)}")
        return dataset


def _named(uid: str) -> str:
    from pydicom.uid import UID

    return UID(uid).name


def _query(level: str, **keys: str) -> Any:
    from pydicom.dataset import Dataset

    query = Dataset()
    query.QueryRetrieveLevel = level
    for key, value in keys.items():
        setattr(query, key, value)
    return query


def _contexts(files: Iterable[StagedFile]) -> list[tuple[str, list[str]]]:
    """What is to be sent as it is, each by itself, and plain, for peers that do not take it so."""
    as_they_are = dict.fromkeys((file.sop_class, file.syntax) for file in files)
    plain = [(sop_class, one) for sop_class, _ in as_they_are for one in _PLAIN]
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
