"""DICOMweb servers that answer in their own ways: no word of theirs is taken for more than it says."""

from __future__ import annotations

import gzip
import json
import shutil
import threading

import keyring
import numpy as np
import pytest

from judges.faulty_peers import certificate, response, server
from napari_dicom_writer import DestinationError, ExportCancelled, Volume, export
from napari_dicom_writer.destinations.network import stow_rs
from napari_dicom_writer.destinations.network.peers import peer_at
from napari_dicom_writer.destinations.network.sending import send, staged_files
from napari_dicom_writer.plan.sent import State

STACK = Volume(np.arange(4 * 8 * 8, dtype=np.uint16).reshape(4, 8, 8), spacing=(1, 1, 1))
S, W, R, U = State.STORED, State.WARNING, State.REFUSED, State.UNKNOWN


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    return staged_files(export(STACK, tmp_path_factory.mktemp("staged") / "x").path)


def to_server(address, files, tick=lambda: None):
    return send(stow_rs.StowLink(peer_at(address)), files, tick)


def states(sent):
    return [answer.state for answer in sent.answers]


def xml(stored, failed, namespace=' xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM"'):
    def item(uid, *more):
        value = f'<DicomAttribute tag="00081155" vr="UI"><Value number="1">{uid}</Value></DicomAttribute>'
        codes = "".join(
            f'<DicomAttribute tag="{tag}" vr="US"><Value>{code}</Value></DicomAttribute>' for tag, code in more
        )
        return f'<Item number="1">{value}{codes}</Item>'

    return (
        f"<NativeDicomModel{namespace}>"
        f'<DicomAttribute tag="00081199" vr="SQ">{"".join(item(uid) for uid in stored)}</DicomAttribute>'
        f'<DicomAttribute tag="00081198" vr="SQ">{"".join(item(uid, ("00081197", 0xA700)) for uid in failed)}'
        "</DicomAttribute></NativeDicomModel>"
    ).encode()


def items(values, tag="00081199"):
    return json.dumps({tag: {"vr": "SQ", "Value": values}}).encode()


XML = {"Content-Type": "application/dicom+xml; charset=utf-8"}
ANSWERS = {
    "in XML": (lambda u: (200, xml(u[:2], u[2:]), XML), [S, S, R, R], "A700H, out of resources (2)"),
    "in XML of no namespace": (lambda u: (200, xml(u, (), ""), XML), [S] * 4, ""),
    "in XML that breaks off": (lambda u: (200, xml(u, ())[:-9], XML), [U] * 4, "not a word about this instance"),
    "packed": (lambda u: (200, gzip.compress(response(u)), {"Content-Encoding": "gzip"}), [S] * 4, ""),
    "after a byte order mark": (lambda u: (200, b"\xef\xbb\xbf" + response(u)), [S] * 4, ""),
    "in a list": (lambda u: (200, b"[" + response(u) + b"]"), [S] * 4, ""),
    "as accepted for later": (lambda u: (202, b""), [U] * 4, "HTTP 202 Accepted, and not a word"),
    "of some": (lambda u: (409, response((), u[:1])), [R] * 4, "HTTP 409 Conflict (3)"),
    "twice over": (lambda u: (200, response(u, u[:1])), [R, S, S, S], "A700H"),
    "of others": (lambda u: (200, response(["1.2.3"])), [U] * 4, "not a word about this instance"),
    "with padded UIDs": (lambda u: (200, response([f"{one}\0" for one in u])), [S] * 4, ""),
    "with a code in letters": (
        lambda u: (
            409,
            items([{"00081155": {"Value": [one]}, "00081197": {"Value": ["A700"]}} for one in u], "00081198"),
        ),
        [R] * 4,
        "refused: A700 (4)",
    ),
    "with items that say nothing": (
        lambda u: (200, items([None, {}, {"00081155": {"Value": None}}, {"00081155": {"Value": u[2:]}}])),
        [U, U, S, U],
        "not a word about this instance (3)",
    ),
    "with a page": (
        lambda u: (200, b"<html>", {"Content-Type": "text/html"}),
        [U] * 4,
        "200 OK with a page for people",
    ),
    "that it is elsewhere": (
        lambda u: (307, b"", {"Location": "https://jane:s3cret@pacs.example/at?ticket=s3cret"}),
        [R] * 4,
        "HTTP 307 Temporary Redirect: it is at https://jane@pacs.example/at (4)",
    ),
    "that it wants another password": (
        lambda u: (401, b"", {"WWW-Authenticate": 'Digest realm="x", nonce="1"'}),
        [R] * 4,
        "HTTP 401 Unauthorized: it wants to know who sends, by Digest (4)",
    ),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer(staged, kind):
    answer, expected, words = ANSWERS[kind]
    with server(lambda number, uids: answer(list(map(str, uids)))) as address:
        sent = to_server(address, staged)
    assert states(sent) == expected
    assert words in str(sent)
    assert "s3cret" not in str(sent)


def test_a_batch_that_is_too_large_is_sent_in_smaller_ones(staged):
    batches = []

    def store(number, uids):
        batches.append(len(uids))
        return (413, b"") if len(uids) > 1 else (200, response(uids))

    with server(store) as address:
        assert to_server(address, staged).complete
    assert batches[0] == 4
    assert batches.count(1) == 4
    assert len(batches) <= 7, "sizes differ by some bytes"


def test_one_instance_that_a_server_refuses_without_a_word_keeps_no_other_back(staged):
    poison = staged[1].uid

    def store(number, uids):
        return (400, b"") if poison in uids else (200, response(uids))

    with server(store) as address:
        assert states(to_server(address, staged)) == [S, R, S, S]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_without_time_is_asked_again_when_it_says(staged, status):
    seen = []

    def store(number, uids):
        seen.append(uids)
        return (status, b"", {"Retry-After": "0"}) if number < 3 else (200, response(uids))

    with server(store) as address:
        assert to_server(address, staged).complete
    assert len(seen) == 3


def test_a_server_that_never_has_time_is_left(staged):
    seen = []

    def store(number, uids):
        seen.append(uids)
        return 503, b"", {"Retry-After": "0"}

    with server(store) as address:
        assert states(to_server(address, staged)) == [R] * 4
    assert len(seen) == 3


def test_nobody_who_cancels_waits_until_a_server_has_time(staged):
    asked = threading.Event()

    def store(number, uids):
        asked.set()
        return 503, b"", {"Retry-After": "50"}

    def tick():
        if asked.is_set():
            raise ExportCancelled

    with server(store) as address, pytest.raises(ExportCancelled, match="when 0 of 4"):
        to_server(address, staged, tick)


def test_who_is_not_let_in_sends_no_more(staged, monkeypatch):
    monkeypatch.setattr(stow_rs, "BATCH", 1)
    seen = []

    def store(number, uids):
        seen.append(uids)
        return 403, b""

    with server(store) as address:
        assert states(to_server(address, staged)) == [R, U, U, U]
    assert len(seen) == 1


def test_what_stays_on_this_machine_takes_no_way_by_another(staged, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:3128")
    with server(lambda number, uids: (200, response(uids))) as address:
        assert to_server(address, staged).complete


@pytest.fixture
def headers(monkeypatch, tmp_path):
    """What is said of who sends; a password of somebody else's lies in the home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login joe password s3cret\n")
    monkeypatch.delenv("NETRC", raising=False)
    seen = []

    def see(request):
        seen.append(request.get("Authorization"))

    return seen, see


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, None),
        ({"TOKEN": "t0ken"}, "Bearer t0ken"),
        ({"USER": "jörg", "PASSWORD": "пароль"}, "Basic asO2cmc60L/QsNGA0L7Qu9GM"),
    ],
)
def test_who_sends_is_said_by_the_environment_alone(staged, monkeypatch, headers, given, said):
    seen, see = headers
    for name, value in given.items():
        monkeypatch.setenv(f"NAPARI_DICOM_WRITER_{name}", value)
    with server(lambda number, uids: (200, response(uids)), asked=see) as address:
        sent = to_server(address, staged)
    assert sent.complete
    assert set(seen) == {said}
    assert not any(value in f"{sent}{sent!r}" for value in given.values())


def test_a_server_that_hands_out_few_at_a_time_is_asked_for_all(staged, monkeypatch):
    monkeypatch.setattr(stow_rs, "_LEAST", 2)
    listed, pages = [], []

    def page(query):
        pages.append(query)
        return slice(int(query["offset"][0]), int(query["offset"][0]) + 2)  # whatever it is asked for

    def store(number, uids):
        listed.extend(uids)
        return 200, response(uids)

    with server(store, listed=listed, page=page) as address:
        assert to_server(address, staged).complete
    assert len(pages) == 3


def test_a_server_that_lists_other_studies_does_not_stand_in_the_way(staged):
    other = {"0020000D": {"vr": "UI", "Value": ["1.2.3"]}, "00100020": {"vr": "LO", "Value": ["4711"]}}

    def studies():
        return 200, json.dumps([other]).encode()

    with server(lambda number, uids: (200, response(uids)), studies=studies) as address:
        assert to_server(address, staged).complete
    other["0020000D"]["Value"] = [staged[0].study]
    said = pytest.raises(DestinationError, match="holds this study for the patient '4711'")
    with server(lambda number, uids: (200, response(uids)), studies=studies) as address, said:
        to_server(address, staged)


@pytest.mark.parametrize("body", [b'["1.2.3"]', b'{"error": "busy"}', b"[null]"])
def test_a_list_of_studies_that_makes_no_sense_is_none(staged, body):
    with server(lambda number, uids: (200, response(uids)), studies=lambda: (200, body)) as address:
        sent = to_server(address, staged)
    assert sent.complete
    assert "The peer was not asked whose study it is: it answers a query with what is no DICOM JSON" in sent.notes


@pytest.mark.parametrize("how", ["hangs up", "fails"])
def test_a_server_that_fails_when_it_is_asked_whose_study_it_is_gets_nothing(staged, how):
    """Perhaps it is another patient's."""
    asked, seen = [], []

    def studies():
        asked.append(1)
        if len(asked) == 2:  # the first is an echo
            return None if how == "hangs up" else (503, b"")
        return 200, b"[]"

    said = pytest.raises(DestinationError, match="cannot be reached|answers a query with HTTP 503")
    with server(lambda number, uids: seen.append(uids), studies=studies) as address, said:
        to_server(address, staged)
    assert not seen


def test_what_cannot_be_removed_when_all_has_arrived_is_said(monkeypatch):
    def refuse(path, *, ignore_errors=False):
        if not ignore_errors:
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with server(lambda number, uids: (200, response(uids))) as address:
        report = export(STACK, address, to="stow-rs")
    assert report.sent.complete
    assert "cannot be removed: Permission denied" in str(report)


def test_a_keyring_that_fails_is_none(staged, monkeypatch):
    monkeypatch.setattr(keyring, "get_credential", lambda *_: 1 / 0)
    with server(lambda number, uids: (200, response(uids))) as address:
        assert to_server(address, staged).complete


def test_a_certificate_that_has_expired_is_not_trusted(staged, tmp_path, monkeypatch):
    path, context = certificate(tmp_path, days=-1)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    said = pytest.raises(DestinationError, match="no certificate that is trusted: certificate has expired")
    with server(lambda number, uids: (200, response(uids)), context) as address, said:
        to_server(address, staged)
