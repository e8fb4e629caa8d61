"""Peers that refuse, warn, fall silent or die half-way: the report is true, and the rest can be sent later."""

from __future__ import annotations

import http.server
import json
import re
import socket
import ssl
import threading
from contextlib import contextmanager

import numpy as np
import pydicom
import pytest
import requests
from pynetdicom import AE, evt
from pynetdicom.sop_class import SecondaryCaptureImageStorage, Verification

from napari_dicom_writer import DestinationError, ExportOptions, SendError, Volume, export
from napari_dicom_writer.destinations.network import c_store, link, stow_rs
from napari_dicom_writer.destinations.network.peers import peer_at
from napari_dicom_writer.destinations.network.sending import send, staged_files
from napari_dicom_writer.plan.sent import State

STACK = Volume(np.arange(12 * 64 * 64, dtype=np.uint16).reshape(12, 64, 64), spacing=(1, 1, 1))
PLAIN = "1.2.840.10008.1.2.1"


@pytest.fixture
def staged(tmp_path):
    return staged_files(export(STACK, tmp_path / "x").path)


@contextmanager
def node(store, syntaxes=(PLAIN,), classes=(SecondaryCaptureImageStorage,), context=None):
    """A DICOM node that answers a C-STORE with what `store` returns for (its number, the request)."""
    entity = AE("NODE")
    entity.add_supported_context(Verification)
    for one in classes:
        entity.add_supported_context(one, list(syntaxes))
    count = iter(range(1, 10_000))
    lock = threading.Lock()

    def handle(event):
        with lock:
            number = next(count)
        return store(number, event)

    server = entity.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, handle)], ssl_context=context
    )
    try:
        yield f"dicom{'s' if context else ''}://NODE@localhost:{server.server_address[1]}"
    finally:
        server.shutdown()


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
    monkeypatch.setattr(c_store, "ANSWER_SECONDS", 2)

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
    monkeypatch.setattr(c_store, "ANSWER_SECONDS", 1)
    silent = threading.Event()

    def store(number, event):
        if number > 2:
            silent.wait(20)
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


def certificate(folder, name="localhost"):
    """One that nobody has signed but itself."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    plain = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, plain, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


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


@contextmanager
def server(store, context=None, listed=None):
    """A DICOMweb server that answers a POST with what `store` returns for (its number, UIDs): a status and a body.

    It says that it holds the instances that are `listed`; None refuses to say.
    """
    count = iter(range(1, 10_000))

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, status, body=b""):
            self.send_response(status)
            self.send_header("Content-Type", "application/dicom+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            if "/instances" not in self.path:
                self.answer(200, b"[]")
            elif listed is None:
                self.answer(400)
            else:
                self.answer(200, json.dumps([{"00080018": {"vr": "UI", "Value": [uid]}} for uid in listed]).encode())

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            boundary = re.search("boundary=(.*)", self.headers["Content-Type"])[1].encode()
            parts = [part.split(b"\r\n\r\n", 1)[1][:-2] for part in body.split(b"--" + boundary)[1:-1]]
            uids = [pydicom.dcmread(pydicom.filebase.DicomBytesIO(part)).SOPInstanceUID for part in parts]
            found = store(next(count), uids)
            if found is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.answer(*found)

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield f"http{'s' if context else ''}://127.0.0.1:{listening.server_address[1]}/dicom-web"
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def response(stored=(), failed=(), warned=()):
    def items(uids, **more):
        return {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": [uid]}} | more for uid in uids]}

    body = {"00081199": items(stored), "00081198": items(failed, **{"00081197": {"vr": "US", "Value": [0xA700]}})}
    body["00081199"]["Value"] += items(warned, **{"00081196": {"vr": "US", "Value": [0xB000]}})["Value"]
    return json.dumps(body).encode()


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(stow_rs, "_BATCH", 30_000)  # three instances


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
    assert "found there when asked (3)" in str(sent)


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
    with pytest.raises(DestinationError, match="notes.txt cannot be sent"):
        staged_files(tmp_path / "x")
    with pytest.raises(DestinationError, match="nothing to send"):
        staged_files(tmp_path / "nowhere")


def test_times_are_bounded():
    assert 0 < link.CONNECT_SECONDS <= link.ANSWER_SECONDS <= 120
