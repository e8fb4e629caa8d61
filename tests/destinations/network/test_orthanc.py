"""Into a real PACS and back: Orthanc, as a DICOM node and as a DICOMweb server."""

from __future__ import annotations

import json
import shutil

import keyring
import numpy as np
import pydicom
import pytest

from judges.peers import free_port, orthanc, storescp
from judges.tables import SYNTAXES
from judges.volumes import oblique_volume
from napari_dicom_writer import DestinationError, ExportCancelled, ExportOptions, Patient, Volume, export
from napari_dicom_writer.cli.main import main
from napari_dicom_writer.destinations import DESTINATIONS
from napari_dicom_writer.destinations.network.peers import peer_at
from napari_dicom_writer.destinations.network.sending import send, staged_files

pytestmark = pytest.mark.xdist_group("orthanc")
STACK = oblique_volume()
LARGE = Volume(np.arange(5 * 64 * 64, dtype=np.uint8).reshape(5, 64, 64), spacing=(1, 1, 1), name="large")
PLANE = Volume(LARGE.array[3], spacing=(1, 1), name="plane")
REMOTE = [key for key, kind in DESTINATIONS.items() if kind.remote]
JANE = ExportOptions(patient=Patient(name="Doe^Jane", id="0815"))


@pytest.fixture(params=REMOTE)
def to(request):
    return request.param


def link(pacs, to):
    return DESTINATIONS[to].link(peer_at(pacs.address(to)))


def left(state):
    """Files of patients that wait."""
    return [path for path in state.rglob("*") if path.is_file() and "config" not in path.parts]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_transfer_syntax_arrives(pacs, to, syntax, tmp_path):
    """As it is, where the peer takes it; else plain, and that is said."""
    pytest.importorskip("imagecodecs")
    needed = {"jpeg-ls-lossy": {"lossy_error": 2}, "jpeg-2000-lossy": {"lossy_ratio": 4}}
    # One plane: Orthanc takes two seconds for each that is deflated.
    export(PLANE, tmp_path / "x.dcm", ExportOptions(transfer_syntax=syntax, **needed.get(syntax, {})))
    sent = send(link(pacs, to), staged_files(tmp_path / "x.dcm"), lambda: None)
    assert sent.complete, str(sent)
    dataset = pydicom.dcmread(tmp_path / "x.dcm")
    (there,) = pacs.datasets().values()
    if there.file_meta.TransferSyntaxUID != dataset.file_meta.TransferSyntaxUID:
        assert "Sent as Explicit VR Little Endian" in str(sent)
    np.testing.assert_array_equal(there.pixel_array, dataset.pixel_array)


def test_an_export_goes_there_and_leaves_nothing_here(pacs, to, state):
    report = export([STACK, STACK], pacs.address(to), JANE, to=to)
    planned = {instance.uid for series in report.plan.series for instance in series.instances}
    assert pacs.instances().keys() == planned
    assert {answer.uid for answer in report.sent.answers} == planned
    assert pacs.address(to) in str(report)
    assert left(state) == []
    assert not report.path.exists()


def test_what_is_there_already_is_not_sent_again(pacs, to, tmp_path, monkeypatch):
    """Cancelled half-way; the next attempt sends the rest, and all of it is as it was staged."""
    export(Volume(np.zeros((30, 64, 64), np.uint8), spacing=(1, 1, 1)), tmp_path / "x", JANE)
    files = staged_files(tmp_path / "x")
    monkeypatch.setattr("napari_dicom_writer.destinations.network.stow_rs.BATCH", 20_000)
    a_third = sum(file.size for file in files) // 3

    def gone(size):
        if size >= a_third:
            raise ExportCancelled

    with pytest.raises(ExportCancelled, match=r"when \d+ of 30 instances had arrived"):
        send(link(pacs, to), files, lambda: None, gone)
    there = len(pacs.instances())
    assert 10 <= there < 30
    again = []
    assert send(link(pacs, to), files, lambda: None, again.append).complete
    assert again[0] >= a_third
    assert again == sorted(again)
    pacs.check_same(tmp_path / "x")


def test_cancelling_an_export_while_it_is_sent_keeps_it(pacs, to, state, monkeypatch):
    monkeypatch.setattr("napari_dicom_writer.destinations.network.stow_rs.BATCH", 20_000)
    volume = Volume(np.zeros((30, 64, 64), np.uint8), spacing=(1, 1, 1))

    def cancel(done, total):
        if done == total and pacs.instances():
            raise ExportCancelled

    with pytest.raises(ExportCancelled, match="The export waits in") as caught:
        export(volume, pacs.address(to), JANE, progress=cancel, to=to)
    (folder,) = (state / "unsent").iterdir()
    assert str(folder) in str(caught.value)
    assert folder.stat().st_mode & 0o077 == 0 or folder.parent.stat().st_mode & 0o077 == 0
    assert main(["send", str(folder), pacs.address(to), "--yes"]) == 0
    assert len(pacs.instances()) == 30
    assert left(state) == []


def test_another_patients_study_is_not_added_to(pacs, to, tmp_path):
    export(STACK, tmp_path / "x", JANE)
    send(link(pacs, to), staged_files(tmp_path / "x"), lambda: None)
    before = pacs.instances()
    for path in (tmp_path / "x").iterdir():
        dataset = pydicom.dcmread(path)
        dataset.PatientID, dataset.PatientName = "4711", "Roe^Richard"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
        dataset.save_as(path)
    with pytest.raises(DestinationError, match=r"holds this study for the patient '0815' .* is of '4711'"):
        send(link(pacs, to), staged_files(tmp_path / "x"), lambda: None)
    assert pacs.instances() == before


def test_sending_twice_is_no_fault(pacs, to, tmp_path):
    export(STACK, tmp_path / "x", JANE)
    for _ in range(2):
        assert send(link(pacs, to), staged_files(tmp_path / "x"), lambda: None).complete
    pacs.check_same(tmp_path / "x")


def test_nobody_is_there(to, state):
    port = free_port()
    where = f"dicom://X@127.0.0.1:{port}" if to == "c-store" else f"http://127.0.0.1:{port}/dicom-web"
    calls = []
    with pytest.raises(DestinationError, match="cannot be reached"):
        export(STACK, where, to=to, progress=lambda *_: calls.append(1))
    assert left(state) == []


def test_a_wrong_title_is_refused(pacs, state):
    with pytest.raises(DestinationError, match="(?i)rejects the association: .*called"):
        export(STACK, f"dicom://PACS@127.0.0.1:{pacs.dicom}", to="c-store")
    assert left(state) == []


def test_a_password_is_needed_and_goes_nowhere_else(tmp_path, monkeypatch, capsys):
    with orthanc(tmp_path, AuthenticationEnabled=True, RegisteredUsers={"jane": "s3cret"}) as server:
        with pytest.raises(DestinationError, match="answers HTTP 401"):
            export(STACK, server.stow, to="stow-rs")
        monkeypatch.setenv("NAPARI_DICOM_WRITER_USER", "jane")
        monkeypatch.setenv("NAPARI_DICOM_WRITER_PASSWORD", "s3cret")
        report = export(STACK, server.stow, to="stow-rs")
        for name in ("USER", "PASSWORD"):
            monkeypatch.delenv(f"NAPARI_DICOM_WRITER_{name}")
        monkeypatch.setattr(keyring.core, "_keyring_backend", Ring(server.stow))
        assert export(STACK, server.stow, to="stow-rs").sent.complete
        monkeypatch.setattr(keyring.core, "_keyring_backend", Ring("https://elsewhere.example"))
        with pytest.raises(DestinationError, match="answers HTTP 401"):
            export(STACK, server.stow, to="stow-rs")
    assert report.sent.complete
    assert "s3cret" not in f"{report}{report!r}{capsys.readouterr()}"


class Ring(keyring.backend.KeyringBackend):
    """A keyring that knows one password, for one server."""

    priority = 0

    def __init__(self, address):
        self._service = f"napari-dicom-writer {address}"

    def get_password(self, service, username):
        return "s3cret" if (service, username) == (self._service, "jane") else None

    def get_credential(self, service, username):
        return keyring.credentials.SimpleCredential("jane", "s3cret") if service == self._service else None

    def set_password(self, service, username, password):
        raise NotImplementedError

    def delete_password(self, service, username):
        raise NotImplementedError


@pytest.mark.skipif(not shutil.which("storescp"), reason="DCMTK is not installed")
def test_a_node_that_answers_no_queries(tmp_path, state):
    (tmp_path / "there").mkdir()
    with storescp(tmp_path / "there") as port:
        report = export(STACK, f"dicom://STORE@127.0.0.1:{port}", JANE, to="c-store")
    assert len(list((tmp_path / "there").iterdir())) - 1 == report.plan.instances
    assert "was not asked whose study it is" in str(report)
    assert left(state) == []


def test_the_command_line_sends_when_told_twice(pacs, to, tmp_path, capsys):
    np.save(tmp_path / "in.npy", LARGE.array)
    assert main(["peer", "pacs", pacs.address(to)]) == 0
    assert main(["peer"]) == 0
    assert main(["echo", "pacs"]) == 0
    assert f"{pacs.address(to)} answers" in capsys.readouterr().out
    command = [
        "export",
        str(tmp_path / "in.npy"),
        "--spacing",
        "1",
        "1",
        "1",
        "--to",
        "pacs",
        "--patient-name",
        "Doe^Jane",
    ]
    assert main(command) == 1
    said = capsys.readouterr().err
    assert "Doe^Jane" in said
    assert pacs.address(to) in said
    assert "--yes" in said
    assert pacs.instances() == {}
    assert main([*command, "--yes"]) == 0
    assert len(pacs.instances()) == 5
    assert f"{pacs.address(to)}: 5 stored" in capsys.readouterr().out.replace("\n", "")
    assert main([*command, "--yes", "--json"]) == 0
    sent = json.loads(capsys.readouterr().out)["sent"]
    assert sent["peer"] == pacs.address(to)
    assert [answer["state"] for answer in sent["answers"]] == ["stored"] * 5
    assert main([*command, "--dry-run"]) == 0
    assert main(["send", str(tmp_path / "nothing"), "pacs", "--yes"]) == 1
