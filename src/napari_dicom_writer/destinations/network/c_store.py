"""C-STORE (PS3.4 annex B), over a few associations at a time, by pynetdicom."""

from __future__ import annotations

import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from io import BytesIO
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.destinations.network.link import ANSWER_SECONDS, CONNECT_SECONDS, Link
from napari_dicom_writer.destinations.network.target import NetworkDestination
from napari_dicom_writer.errors import DestinationError
from napari_dicom_writer.plan.sent import Answer, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from napari_dicom_writer.destinations.network.link import StagedFile

_CONTEXTS = 128  # presentation contexts that one association may propose (PS3.8 9.3.2.2)
_PLAIN = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")  # Explicit and Implicit VR Little Endian
_FIND = "1.2.840.10008.5.1.4.1.2.2.1"  # Study Root Query/Retrieve Information Model - FIND
_GET = "1.2.840.10008.5.1.4.1.2.2.3"  # Study Root Query/Retrieve Information Model - GET
_VERIFICATION = "1.2.840.10008.1.1"
_HEARTBEAT = 0.2


class CStoreLink(Link):
    """A DICOM node; see `Link`."""

    fetched_by = "C-GET"

    def echo(self) -> None:
        """See `Link`."""
        try:  # it says more about why nobody is there than pynetdicom does
            socket.create_connection((self.peer.host, self.peer.port), CONNECT_SECONDS).close()
        except OSError as error:
            self.fail(f"cannot be reached: {error.strerror or error}")
        with self._association([(_VERIFICATION, _PLAIN)]) as association:
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
            with self._association([(_FIND, _PLAIN)]) as association:
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
            with self._association(contexts, handlers=[(evt.EVT_C_STORE, store)], **more) as association:
                for status, _ in association.send_c_get(query, _GET):
                    if not status or status.Status not in (0xFF00, 0x0000):
                        return False
        except (DestinationError, ValueError):  # it does not offer it
            return False
        return bool(came)

    def send(self, files: Sequence[StagedFile], record: Callable[[Answer], None], tick: Callable[[], None]) -> None:
        """See `Link`."""
        waiting: SimpleQueue[StagedFile] = SimpleQueue()
        answers: SimpleQueue[Answer] = SimpleQueue()
        for file in files:
            waiting.put(file)
        stop = threading.Event()
        workers = min(self.peer.associations, len(files))
        with ThreadPoolExecutor(workers or 1) as pool, _raw_files():
            try:
                running = [pool.submit(self._work, files, waiting, answers, stop) for _ in range(workers)]
                while not all(one.done() for one in running) or not answers.empty():
                    tick()
                    try:
                        record(answers.get(timeout=_HEARTBEAT))
                    except Empty:
                        continue
            finally:
                stop.set()
            failures = [error for one in running if (error := one.exception())]
        while not answers.empty():
            record(answers.get())
        if failures and len(failures) == len(running):  # nobody is left who would send the rest
            why = getattr(failures[0], "refusals", None)
            while not waiting.empty():
                record(Answer(waiting.get().uid, State.UNKNOWN, f"not sent: {why[0].what if why else failures[0]}"))

    def _work(
        self,
        files: Sequence[StagedFile],
        waiting: SimpleQueue[StagedFile],
        answers: SimpleQueue[Answer],
        stop: threading.Event,
    ) -> None:
        """Send files over one association until there are no more, or it ends."""
        with self._association(_contexts(files)) as association:
            while not stop.is_set() and association.is_established:
                try:
                    file = waiting.get_nowait()
                except Empty:
                    return
                answers.put(self._store(association, file))

    def _store(self, association: Any, file: StagedFile) -> Answer:
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
        except Exception as error:  # noqa: BLE001 - whatever pynetdicom raises when an association ends
            return Answer(file.uid, State.UNKNOWN, f"no answer: {error}")
        return _answer(file.uid, status)

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

    @contextmanager
    def _association(
        self, contexts: Sequence[tuple[str, Sequence[str]]], handlers: Sequence[Any] = (), **more: Any
    ) -> Iterator[Any]:
        try:
            from pynetdicom import AE, evt
        except ImportError:
            self.fail("is reached by pynetdicom", 'Install it: pip install "napari-dicom-writer[network]"')
        entity = AE(ae_title=self.peer.calling)
        entity.connection_timeout = CONNECT_SECONDS
        entity.acse_timeout = CONNECT_SECONDS
        entity.dimse_timeout = entity.network_timeout = ANSWER_SECONDS
        for abstract, syntaxes in contexts:
            entity.add_requested_context(abstract, list(syntaxes))
        tls = (ssl.create_default_context(), self.peer.host) if self.peer.tls else None
        try:
            association = entity.associate(
                self.peer.host,
                self.peer.port,
                ae_title=self.peer.called,
                tls_args=tls,
                evt_handlers=[(evt.EVT_CONN_OPEN, _send_at_once), (evt.EVT_DATA_SENT, _confirm_at_once), *handlers],
                **more,
            )
        except OSError as error:
            self.fail(f"cannot be reached: {error}")
        if not association.is_established:
            self.fail(_why_not(association))
        try:
            yield association
        finally:
            if association.is_established:
                association.release()


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


def _send_at_once(event: Any) -> None:
    """Let no packet wait for the answer to the one before: with that, an instance takes 40 ms more."""
    _set(event, socket.TCP_NODELAY)


def _confirm_at_once(event: Any) -> None:
    """Let the peer wait no 40 ms, either: DCMTK sends the second half of an answer when the first is confirmed.

    The system forgets it, so it is said again with all that is sent. Only Linux can.
    """
    if confirm := getattr(socket, "TCP_QUICKACK", None):
        _set(event, confirm)


def _set(event: Any, option: int) -> None:
    with suppress(AttributeError, OSError):
        event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, option, 1)


def _why_not(association: Any) -> str:
    if association.rejected_contexts and not association.accepted_contexts:
        return "takes none of these objects"
    if association.is_rejected:
        reason = getattr(association.acceptor.primitive, "reason_str", "") or "without a reason"
        return f"rejects the association: {reason}"
    return "does not take the call: nobody is there, the certificate is not trusted, or it wants another AE title"


def _contexts(files: Iterable[StagedFile]) -> list[tuple[str, list[str]]]:
    """What is to be sent as it is, each by itself, and plain, for peers that do not take it so."""
    as_they_are = dict.fromkeys((file.sop_class, file.syntax) for file in files)
    plain = [(sop_class, one) for sop_class, _ in as_they_are for one in _PLAIN]
    return [(one, [syntax]) for one, syntax in dict.fromkeys([*as_they_are, *plain])][:_CONTEXTS]


def _answer(uid: str, status: Any) -> Answer:
    from pynetdicom.status import STORAGE_SERVICE_CLASS_STATUS, code_to_category

    if not status:
        return Answer(uid, State.UNKNOWN, "no answer: the association ended, or took too long")
    code = status.Status
    if code == 0:
        return Answer(uid, State.STORED)
    words = STORAGE_SERVICE_CLASS_STATUS.get(code, ("", "unknown status"))[1]
    said = f"{code:04X}H, {words}" + (f": {status.ErrorComment}" if status.get("ErrorComment") else "")
    return Answer(uid, State.WARNING if code_to_category(code) == "Warning" else State.REFUSED, said)


_RAW = threading.Lock()


@contextmanager
def _raw_files() -> Iterator[None]:
    """Let pynetdicom send the bytes of a file as they are: a switch of its whole module."""
    from pynetdicom import _config

    with _RAW:
        before, _config.STORE_SEND_CHUNKED_DATASET = _config.STORE_SEND_CHUNKED_DATASET, True
        try:
            yield
        finally:
            _config.STORE_SEND_CHUNKED_DATASET = before


class CStoreDestination(NetworkDestination):
    """A DICOM node, such as a PACS; see `NetworkDestination`."""

    words = "a DICOM node (PACS), dicom://AETITLE@host:port"
    language = "c-store"
    link = CStoreLink
