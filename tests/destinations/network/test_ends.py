"""Sending that is cancelled, or stuck: what is said is true, and the rest arrives as it was staged, byte for byte."""

from __future__ import annotations

import threading
import time
import tracemalloc
from contextlib import contextmanager

import numpy as np
import pytest
from pynetdicom import evt

from judges.faulty_peers import certificate, node, response, server
from napari_dicom_writer import DestinationError, ExportCancelled, SendError, Volume, export
from napari_dicom_writer.destinations import DESTINATIONS
from napari_dicom_writer.destinations.network import association, c_store, store_work, stow_rs
from napari_dicom_writer.destinations.network.deliver import deliver
from napari_dicom_writer.destinations.network.link import DUPLICATE
from napari_dicom_writer.destinations.network.peers import peer_at
from napari_dicom_writer.destinations.network.sending import send, staged_files
from napari_dicom_writer.plan.sent import Resend, State

STACK = Volume(np.arange(6 * 8 * 8, dtype=np.uint16).reshape(6, 8, 8), spacing=(1, 1, 1))
REMOTE = [key for key, kind in DESTINATIONS.items() if kind.remote]


@pytest.fixture(params=REMOTE)
def to(request, monkeypatch):
    monkeypatch.setattr(stow_rs, "BATCH", 3_000)  # two instances
    return request.param


@pytest.fixture
def staged(tmp_path):
    return staged_files(export(STACK, tmp_path / "x").path)


def link(address):
    peer = peer_at(address)
    return DESTINATIONS[peer.to].link(peer)


class Archive:
    """A peer that keeps what it is sent, and does with each what it is told: None falls over, a number answers."""

    def __init__(self, to):
        self.to, self.kept, self.seen = to, {}, []
        self.behave = lambda number: 0

    @contextmanager
    def open(self, **more):
        if self.to == "c-store":
            with node(self._store, listed=self.kept, **more) as address:
                yield f"{address}?associations=1"
        else:
            with server(self._post, listed=self.kept, whole=True, **more) as address:
                yield address

    def _store(self, number, event):
        uid = str(event.request.AffectedSOPInstanceUID)
        self.seen.append(uid)
        code = self.behave(len(self.seen))
        if code is None:
            event.assoc.abort()
            return 0xC000
        if not code:
            self.kept[uid] = event.request.DataSet.getvalue()
        return code

    def _post(self, number, parts):
        answers = {}
        for uid, data in parts.items():
            self.seen.append(uid)
            answers[uid] = self.behave(len(self.seen))
            if answers[uid] is None:
                return None
            if not answers[uid]:
                self.kept[uid] = data
        failed = [uid for uid, code in answers.items() if code]
        reason = next((code for code in answers.values() if code), 0)
        return 200, response([uid for uid in answers if uid not in failed], failed, reason=reason)

    def holds_exactly(self, files):
        """Byte for byte what was staged; of a DICOM node, without the file meta information, which is not sent."""
        assert self.kept.keys() == {file.uid for file in files}
        for file in files:
            data = file.path.read_bytes()
            assert data == self.kept[file.uid] if self.to == "stow-rs" else data.endswith(self.kept[file.uid])
        return True


def test_what_is_sent_after_a_peer_died_is_byte_for_byte_what_was_staged(to, staged):
    archive = Archive(to)
    archive.behave = lambda number: None if number == 4 else 0
    with archive.open() as address:
        first = send(link(address), staged, lambda: None)
        assert 2 <= sum(answer.state.arrived for answer in first.answers) < 6
        before, seen = dict(archive.kept), len(archive.seen)
        sent = send(link(address), staged, lambda: None)
        assert sent.complete, str(sent)
        assert archive.holds_exactly(staged)
    again = archive.seen[seen:]
    assert not set(again) & set(before), "what had arrived was sent again"


def test_an_instance_that_is_there_already_has_arrived(to, staged):
    archive = Archive(to)
    with archive.open() as address:
        assert send(link(address), staged, lambda: None).complete
        archive.behave = lambda number: DUPLICATE
        sent = send(link(address), staged, lambda: None)
    assert sent.complete
    assert "found there when asked, after: 0111H, " in str(sent)
    assert "Not read back, as the peer hands nothing out" in str(sent)
    assert "6 instances that may have been there before" in str(sent)


def test_a_duplicate_that_is_not_there_has_not_arrived(to, staged):
    archive = Archive(to)
    archive.behave = lambda number: DUPLICATE
    with archive.open() as address:
        sent = send(link(address), staged, lambda: None)
    assert {answer.state for answer in sent.answers} == {State.UNKNOWN}
    assert "0111H, " in str(sent).replace("0x0111", "0111H")


def test_cancelled_at_whatever_moment_the_rest_arrives(to, state):
    """From the first plane that is written to the last answer; then its own remedy sends what is missing."""
    calls, stop, done, resumed = [], 1, False, 0

    def cancel(*_):
        calls.append(1)
        if len(calls) == stop:
            raise ExportCancelled

    while not done:
        calls.clear()
        archive = Archive(to)
        with archive.open() as address:
            try:
                export(STACK, address, progress=cancel, sending=cancel, to=to)
                done = True
            except ExportCancelled as error:
                fix = error.refusals[0].fix
                if fix is None:
                    assert not archive.seen, "it was sent, and not said"
                    assert not list(state.glob("unsent/*"))
                else:
                    assert isinstance(fix, Resend)
                    files = staged_files(fix.value.folder)
                    copies = {file.uid: file.path.read_bytes() for file in files}
                    deliver(link(fix.value.peer), fix.value.folder, lambda: None)
                    assert archive.kept.keys() == copies.keys()
                    assert all(copies[uid].endswith(data) for uid, data in archive.kept.items())
                    assert not fix.value.folder.exists()
                    resumed += 1
        stop += 11 if stop < 30 else 4
    assert resumed


@pytest.mark.parametrize("said", ["the missing 2", "it"])
def test_the_remedy_says_how_many_are_missing(to, state, said):
    archive = Archive(to)
    archive.behave = lambda number: 0xA700 if said == "it" or number > 4 else 0
    with archive.open() as address:
        with pytest.raises(SendError, match="The export waits in") as caught:
            export(STACK, address, to=to)
        fix = caught.value.refusals[0].fix
        assert fix.label == f"Send {said} again"
        assert fix.value.peer == address
        archive.behave = lambda number: 0
        assert deliver(link(address), fix.value.folder, lambda: None).complete
    assert not list(state.glob("unsent/*"))


def test_nobody_who_cancels_waits_for_a_peer_that_is_silent(to, staged, monkeypatch):
    monkeypatch.setattr(store_work, "_PATIENCE", 0.1)
    monkeypatch.setattr(stow_rs, "_PATIENCE", 0.1)
    silent, heard = threading.Event(), threading.Event()
    archive = Archive(to)

    def behave(number):
        heard.set()
        return 0 if silent.wait(60) else None

    archive.behave = behave

    def tick():
        if heard.is_set():
            raise ExportCancelled

    try:
        with archive.open() as address:
            with pytest.raises(ExportCancelled, match="when 0 of 6"):
                send(link(address), staged, tick)
            assert not silent.is_set()
            silent.set()
    finally:
        silent.set()


def test_nobody_who_cancels_waits_for_what_a_peer_holds(to, staged):
    silent, heard = threading.Event(), threading.Event()

    class Kept(dict):
        def __iter__(self):  # it is asked
            heard.set()
            silent.wait(60)
            return super().__iter__()

    def tick():
        if heard.is_set():
            raise ExportCancelled

    archive = Archive(to)
    archive.kept = Kept()
    try:
        with archive.open() as address:
            with pytest.raises(ExportCancelled, match="when 6 of 6"):
                send(link(address), staged, tick)
            assert not silent.is_set()
            silent.set()
    finally:
        silent.set()


def test_a_server_that_falls_silent_is_not_waited_for_forever(staged, monkeypatch):
    monkeypatch.setattr(stow_rs, "ANSWER_SECONDS", 0.3)
    silent = threading.Event()
    try:
        with server(lambda *_: silent.wait(60) and None) as address:
            sent = send(link(address), staged, lambda: None)
            silent.set()
    finally:
        silent.set()
    assert {answer.state for answer in sent.answers} == {State.UNKNOWN}
    assert "no answer: " in str(sent)


def test_a_node_that_reads_no_more_costs_no_memory_and_is_given_up(tmp_path, monkeypatch):
    """Of an instance that is large, only what fits into a few packets is in memory."""
    monkeypatch.setattr(association, "ANSWER_SECONDS", 1)
    files = staged_files(export(Volume(np.zeros((3000, 4000), np.uint16), spacing=(1, 1)), tmp_path / "x.dcm").path)
    reads = threading.Event()

    def stop_reading(event):
        if event.data[0] == 4 and len(event.data) > 1000:  # a part of an instance
            reads.wait(60)

    try:
        with node(lambda *_: 0, handlers=[(evt.EVT_DATA_RECV, stop_reading)]) as address:
            tracemalloc.start()
            sent = send(link(address), files, lambda: None)
            _, peak = tracemalloc.get_traced_memory()
            reads.set()
    finally:
        tracemalloc.stop()
        reads.set()
    assert not sent.complete
    assert files[0].size > 20e6
    assert peak < 5e6


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_certificate_of_another_machine_is_not_trusted(to, staged, tmp_path, monkeypatch):
    path, context = certificate(tmp_path, "elsewhere.example", "192.0.2.1")
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(path))
    archive = Archive(to)
    with archive.open(context=context) as address, pytest.raises(DestinationError, match="certificate"):
        send(link(address), staged, lambda: None)
    assert not archive.kept


def test_an_answer_that_was_cut_off_takes_no_other_with_it(to, staged, state):
    """The process died while it was written down."""
    archive = Archive(to)
    archive.behave = lambda number: 0xA700 if number > 3 else 0
    with archive.open() as address:
        send(link(address), staged, lambda: None)
        (ledger,) = (state / "sent").iterdir()
        ledger.write_text(ledger.read_text()[:-9])
        archive.behave = lambda number: 0xA700 if number != 7 else 0
        assert str(send(link(address), staged, lambda: None)).count("stored") == 1
        seen = len(archive.seen)
        archive.behave = lambda number: 0
        assert send(link(address), staged, lambda: None).complete
    assert len(archive.seen) - seen == 2


def test_a_way_that_is_not_encrypted_is_said(staged, monkeypatch):
    archive = Archive("stow-rs")
    with archive.open() as address:
        assert "not encrypted" not in str(send(link(address), staged, lambda: None))
        monkeypatch.setattr(type(peer_at(address)), "is_this_machine", False)
        assert "It was not encrypted on its way" in str(send(link(address), staged, lambda: None))


def test_how_far_it_is_and_a_cancel_count_bytes_inside_an_instance(to, tmp_path, monkeypatch):
    for module in (store_work, stow_rs):
        monkeypatch.setattr(module, "_PATIENCE", 0)
    for module in (c_store, stow_rs):
        monkeypatch.setattr(module, "_HEARTBEAT", 0.01)
    files = staged_files(export(Volume(np.zeros((3000, 4000), np.uint16), spacing=(1, 1)), tmp_path / "x.dcm").path)
    told, goes_on = [], threading.Event()

    def gone(size):
        told.append(size)
        if size:
            raise ExportCancelled

    def hold(event=None):
        if event is None or len(event.data) > 1000:  # a part of an instance
            goes_on.wait(60)

    archive = Archive(to)
    more = {"handlers": [(evt.EVT_DATA_RECV, hold)]} if to == "c-store" else {"reading": hold}
    try:
        with archive.open(**more) as address:
            with pytest.raises(ExportCancelled, match="when 0 of 1"):
                send(link(address), files, lambda: None, gone)
            goes_on.set()
    finally:
        goes_on.set()
    assert 0 < told[-1] < files[0].size
    assert not archive.kept


def test_nobody_waits_for_a_pause_to_end_once_all_is_answered(to, staged, monkeypatch):
    """The pauses between looks at a peer are for cancelling."""
    for module in (c_store, stow_rs):
        monkeypatch.setattr(module, "_HEARTBEAT", 100)
    archive, began = Archive(to), time.monotonic()
    with archive.open() as address:
        assert send(link(address), staged, lambda: None).complete
    assert time.monotonic() - began < 50
