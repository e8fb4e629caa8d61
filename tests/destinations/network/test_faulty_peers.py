"""Peers that refuse, warn, fall silent or die half-way: the report is true, and the rest can be sent later."""

from __future__ import annotations

import http.server
import threading
from pathlib import Path

import numpy as np
import pydicom
import pytest
import requests

from judges.faulty_peers import PLAIN, certificate, node, response, server
from napari_dicom_writer import DestinationError, ExportOptions, SendError, Volume, export
from napari_dicom_writer.destinations.network import association, c_store, link, stow_rs
from napari_dicom_writer.destinations.network.peers import peer_at
from napari_dicom_writer.destinations.network.sending import send, staged_files
from napari_dicom_writer.plan.sent import State

STACK = Volume(np.arange(12 * 64 * 64, dtype=np.uint16).reshape(12, 64, 64), spacing=(1, 1, 1))


@pytest.fixture
def staged(tmp_path):
    return staged_files(export(STACK, tmp_path / "x").path)


def states(sent):
    return [answer.state for answer in sent.answers]


def to_node(address, files):
    return send(c_store.CStoreLink(peer_at(address)), files, lambda: None)


@pytest.mark.parametrize(
    ("code", "state", "words"),
    [
        (0xA700, State.REFUSED, "A700H, Refused: Out of Resources"),
        (0xC001, State.REFUSED, "C001H, Cannot Understand"),
        (0xB000, State.WARNING, "B000H, Coercion of Data Elements"),
        (0xFFF0, State.REFUSED, "FFF0H, unknown status"),
    ],
)
def test_what_a_node_says_to_one_instance_is_told_in_words(staged, code, state, words):
    with node(lambda number, event: code if number == 5 else 0) as address:
        sent = to_node(address, staged)
        assert sorted(states(sent)) == sorted([state, *[State.STORED] * 11])
        assert words in str(sent)
        assert sent.complete == state.arrived


def test_only_what_was_refused_is_sent_again(staged):
    seen = []

    def store(number, event):
        seen.append(event.request.AffectedSOPInstanceUID)
        return 0xA700 if number % 3 == 0 and len(seen) <= 12 else 0

    with node(store) as address:
        assert states(to_node(address, staged)).count(State.REFUSED) == 4
        assert to_node(address, staged).complete
    assert len(seen) == 16
    assert set(seen) == {file.uid for file in staged}


def test_bytes_arrive_as_they_were_staged(staged):
    there = {}

    def store(number, event):
        there[event.request.AffectedSOPInstanceUID] = event.request.DataSet.getvalue()
        return 0

    with node(store) as address:
        assert to_node(address, staged).complete
    for file in staged:
        data = file.path.read_bytes()
        assert data.endswith(there[file.uid])
        assert len(data) - len(there[file.uid]) < 500, "the file meta information, which is not sent"


def test_a_node_that_dies_half_way_leaves_the_rest_to_be_sent(staged, monkeypatch):
    monkeypatch.setattr(association, "ANSWER_SECONDS", 2)

    def store(number, event):
        if number > 4:
            event.assoc.abort()
            return 0xC000
        return 0

    with node(store) as address:
        sent = to_node(address, staged)
        assert states(sent).count(State.STORED) == 4
        assert states(sent).count(State.UNKNOWN) == 8
        assert "no answer" in str(sent)


def test_a_node_that_falls_silent_is_not_waited_for_forever(staged, monkeypatch):
    monkeypatch.setattr(association, "ANSWER_SECONDS", 1)
    silent = threading.Event()

    def store(number, event):
        if number > 2:
            silent.wait(60)
        return 0

    with node(store) as address:
        try:
            sent = to_node(address, staged)
            assert states(sent).count(State.STORED) == 2
            assert not sent.complete
        finally:
            silent.set()


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", PLAIN])
def test_what_a_node_does_not_take_compressed_is_sent_plain(tmp_path, syntax):
    pytest.importorskip("imagecodecs")
    there = {}

    def store(number, event):
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        there[dataset.SOPInstanceUID] = dataset
        return 0

    files = staged_files(export(STACK, tmp_path / "x", ExportOptions(transfer_syntax="rle")).path)
    with node(store, (syntax,)) as address:
        sent = to_node(address, files)
    assert sent.complete, str(sent)
    assert f"Sent as {pydicom.uid.UID(syntax).name}, because the peer does not take RLE Lossless" in str(sent)
    for file in files:
        np.testing.assert_array_equal(there[file.uid].pixel_array, pydicom.dcmread(file.path).pixel_array)


def test_a_node_that_takes_no_such_objects_says_so(staged):
    with node(lambda *_: 0, classes=()) as address:
        sent = to_node(address, staged)
    assert not sent.complete
    assert "takes none of these objects (12)" in str(sent)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("trusted", [False, True])
def test_a_nodes_certificate_must_be_trusted(staged, tmp_path, monkeypatch, trusted):
    path, context = certificate(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with node(lambda *_: 0, context=context) as address:
        if trusted:
            assert to_node(address, staged).complete
        else:
            with pytest.raises(DestinationError, match="certificate"):
                to_node(address, staged)


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(stow_rs, "BATCH", 30_000)  # three instances


def to_server(address, files):
    return send(stow_rs.StowLink(peer_at(address)), files, lambda: None)


def test_what_a_server_says_to_each_instance_is_told_in_words(staged, small_batches):
    batches = []

    def store(number, uids):
        batches.append(len(uids))
        return 202, response(uids[2:], uids[:1], uids[1:2])

    with server(store) as address:
        sent = to_server(address, staged)
    assert batches == [3, 3, 3, 3]
    assert states(sent) == [State.REFUSED, State.WARNING, State.STORED] * 4
    assert "A700H, out of resources (4)" in str(sent)
    assert "B000H, coercion of data elements (4)" in str(sent)


def test_a_server_that_dies_half_way_leaves_the_rest_to_be_sent(staged, small_batches):
    seen = []

    def store(number, uids):
        seen.append(uids)
        return None if number == 3 else (200, response(uids))

    with server(store) as address:
        sent = to_server(address, staged)
        assert states(sent) == [State.STORED] * 6 + [State.UNKNOWN] * 6
        assert to_server(address, staged).complete
    assert seen[2] == seen[3]
    assert len(seen) == 5


def test_a_server_that_lies_is_found_out_and_sent_to_again(staged, small_batches):
    """It says that it has stored what it does not list."""
    listed, seen = set(), []

    def store(number, uids):
        seen.extend(uids)
        listed.update(uids if number != 2 else [])
        return 200, response(uids)

    with server(store, listed=listed) as address:
        sent = to_server(address, staged)
        assert states(sent) == [State.STORED] * 3 + [State.UNKNOWN] * 3 + [State.STORED] * 6
        assert "said to be stored, and not found there when asked (3)" in str(sent)
        assert to_server(address, staged).complete
    assert len(seen) == 15


def test_what_arrived_without_an_answer_is_found_when_asked(staged, small_batches):
    listed = set()

    def store(number, uids):
        listed.update(uids)
        return None if number == 4 else (200, response(uids))

    with server(store, listed=listed) as address:
        sent = to_server(address, staged)
    assert sent.complete
    assert "found there when asked, after: no answer" in str(sent)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((413, b""), "HTTP 413"),
        ((507, b"disk full"), "HTTP 507"),
        ((409, b"<html>"), "HTTP 409"),
        ((200, b"not JSON"), "not a word about this instance"),
        ((200, b"[]"), "not a word about this instance"),
        ((200, b'{"00081198": 5}'), "not a word about this instance"),
    ],
)
def test_whatever_else_a_server_answers_nothing_is_taken_for_stored(staged, answer, words):
    with server(lambda *_: answer) as address:
        sent = to_server(address, staged)
    assert not any(state.arrived for state in states(sent))
    assert words in str(sent)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no folder that nobody can write to")
def test_answers_that_cannot_be_written_down_leave_the_export_to_be_sent(state):
    def store(number, uids):
        (state / "sent").rmdir()
        (state / "sent").symlink_to("/proc/self")
        return 200, response(uids)

    said = pytest.raises(SendError, match=r"(?s)answers of the peer cannot be written.*The export waits in")
    with server(store, listed=()) as address, said:
        export(STACK, address, to="stow-rs")


class _Site(http.server.BaseHTTPRequestHandler):
    """A page for everything; of an instance only its beginning."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        kind = "multipart/related; boundary=b" if "/instances/" in self.path else "text/html; charset=utf-8"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"--b\r\nContent-Type: application/dicom\r\n\r\nhalf")
        if "/instances/" not in self.path:
            self.wfile.write(b" " * 958)


@pytest.fixture
def site():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Site) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def test_a_page_for_people_is_no_dicomweb_server(site):
    with pytest.raises(DestinationError, match="no DICOMweb server"):
        stow_rs.StowLink(peer_at(site)).echo()


def test_what_breaks_off_as_it_is_fetched_did_not_come(site, staged, tmp_path):
    assert not stow_rs.StowLink(peer_at(site)).fetch(staged[0], tmp_path / "came.dcm")


def test_an_export_that_did_not_arrive_waits_and_is_named(small_batches, state):
    with server(lambda number, uids: (200, response(uids)) if number < 3 else (507, b"")) as address:
        with pytest.raises(SendError, match=r"(?s)6 stored, 6 refused.*HTTP 507.*The export waits in") as caught:
            export(STACK, address, to="stow-rs")
        (folder,) = (state / "unsent").iterdir()
        assert str(folder) in str(caught.value)
    assert len(list(folder.iterdir())) == 12


def test_a_servers_certificate_must_be_trusted(staged, tmp_path, monkeypatch):
    path, context = certificate(tmp_path)
    with server(lambda number, uids: (200, response(uids)), context) as address:
        with pytest.raises(DestinationError, match="has no certificate that is trusted"):
            to_server(address, staged)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
        assert to_server(address, staged).complete


def test_a_password_is_never_sent_in_the_open(staged, monkeypatch):
    monkeypatch.setenv("NAPARI_DICOM_WRITER_USER", "jane")
    monkeypatch.setenv("NAPARI_DICOM_WRITER_PASSWORD", "s3cret")
    monkeypatch.setattr(requests, "request", lambda *_, **__: pytest.fail("it was sent"))
    with pytest.raises(DestinationError, match="anybody on the way can read") as caught:
        to_server("http://pacs.example/dicom-web", staged)
    assert "s3cret" not in str(caught.value)


def test_what_is_no_dicom_is_not_sent(tmp_path):
    export(STACK, tmp_path / "x", to="dicomdir")
    assert len(staged_files(tmp_path / "x")) == 12, "the directory is not sent"
    (tmp_path / "x" / "notes.txt").write_text("mine")
    with pytest.raises(DestinationError, match="notes.txt cannot be sent: it is not a DICOM file"):
        staged_files(tmp_path / "x")
    with pytest.raises(DestinationError, match="There is no .*nowhere"):
        staged_files(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DestinationError, match="nothing to send"):
        staged_files(tmp_path / "empty")


@pytest.mark.parametrize("syntax", ["explicit-le", "rle"])
def test_a_copy_that_breaks_off_is_not_sent(tmp_path, syntax):
    if syntax == "rle":
        pytest.importorskip("imagecodecs")
    volume = Volume(np.zeros((3, 64, 64), np.uint8), spacing=(1, 1, 1))
    path = export(volume, tmp_path / "x.dcm", ExportOptions(object="multi-frame", transfer_syntax=syntax)).path
    assert len(staged_files(path)) == 1
    content = path.read_bytes()
    for missing in (1, 4, 9, 100):
        path.write_bytes(content[:-missing])
        with pytest.raises(DestinationError, match=r"x.dcm cannot be sent: it breaks off"):
            staged_files(path)


def test_times_are_bounded():
    assert 0 < link.CONNECT_SECONDS <= link.ANSWER_SECONDS <= 120
