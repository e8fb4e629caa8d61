"""What a peer holds is fetched again and compared: by real peers, and by one that changes what it is given."""

from __future__ import annotations

import shutil

import numpy as np
import pydicom
import pytest

from judges.peers import dcmqrscp
from judges.tables import SYNTAXES
from napari_dicom_writer import ExportOptions, Patient, SendError, Volume, export
from napari_dicom_writer.cli.main import main
from napari_dicom_writer.destinations import DESTINATIONS
from napari_dicom_writer.destinations.network.compare import difference
from napari_dicom_writer.destinations.network.peers import peer_at
from napari_dicom_writer.destinations.network.sending import send, staged_files
from napari_dicom_writer.plan.sent import State

pytestmark = pytest.mark.xdist_group("orthanc")
STACK = Volume(np.arange(4 * 24 * 20, dtype=np.uint16).reshape(4, 24, 20), spacing=(2, 1, 1))
JANE = ExportOptions(patient=Patient(name="Doe^Jane", id="0815"), verify="medium")
REMOTE = [key for key, kind in DESTINATIONS.items() if kind.remote]
SAME = "Fetched again and compared"


def link(pacs, to):
    return DESTINATIONS[to].link(peer_at(pacs.address(to)))


@pytest.mark.parametrize("to", REMOTE)
def test_an_export_is_compared_at_the_peer(pacs, to):
    report = export(STACK, pacs.address(to), JANE, to=to)
    assert SAME in str(report.sent)
    assert len(pacs.instances()) == 4


@pytest.mark.parametrize("syntax", [s for s in SYNTAXES if s.lossless])
def test_every_lossless_syntax_is_compared_or_said_not_to_be(pacs, syntax, tmp_path):
    pytest.importorskip("imagecodecs")
    path = export(STACK, tmp_path / "x", ExportOptions(transfer_syntax=syntax)).path
    files = staged_files(path)
    sent = send(link(pacs, "stow-rs"), files, lambda: None, compared=True)
    assert sent.complete
    assert SAME in str(sent) or "came back in another transfer syntax" in str(sent)


@pytest.mark.skipif(not shutil.which("dcmqrscp"), reason="DCMTK is not installed")
def test_a_node_of_dcmtk_is_compared_by_c_get(tmp_path, capsys):
    path = export(STACK, tmp_path / "x", JANE).path
    with dcmqrscp(tmp_path) as there:
        # Over several at once it sometimes writes two instances into one file, and lists both.
        assert main(["send", str(path), f"{there}?associations=1", "--yes", "--compare"]) == 0
    assert SAME in capsys.readouterr().out


def test_what_a_peer_has_changed_is_found_and_the_export_kept(pacs, state, monkeypatch):
    """The server's own interface changes an instance under its name between storing and fetching."""
    kind = DESTINATIONS["stow-rs"].link
    fetch = kind.fetch

    def changed(self, file, into):
        assert fetch(self, file, into)
        dataset = pydicom.dcmread(into)
        if dataset.InstanceNumber == 2:
            dataset.PixelSpacing = [7, 7]
        if dataset.InstanceNumber == 3:
            pixels = bytearray(dataset.PixelData)
            pixels[-1] ^= 1
            dataset.PixelData = bytes(pixels)
        dataset.save_as(into)
        return True

    monkeypatch.setattr(kind, "fetch", changed)
    with pytest.raises(SendError, match="2 stored, but not as it was sent") as caught:
        export(STACK, pacs.stow, JANE, to="stow-rs")
    assert "Pixel Spacing came back as another (1)" in str(caught.value)
    assert "its pixels came back as others (1)" in str(caught.value)
    assert list((state / "unsent").iterdir())


@pytest.mark.parametrize("to", REMOTE)
def test_a_peer_that_hands_nothing_out_is_not_blamed(pacs, to, tmp_path, monkeypatch):
    kind = DESTINATIONS[to].link
    monkeypatch.setattr(kind, "fetch", lambda *_: False)
    path = export(STACK, tmp_path / "x", JANE).path
    sent = send(kind(peer_at(pacs.address(to))), staged_files(path), lambda: None, compared=True)
    assert sent.complete
    assert "Not read back" in str(sent)


@pytest.mark.parametrize("to", REMOTE)
def test_what_was_there_before_under_the_same_uid_is_compared_unasked(pacs, to, tmp_path):
    """Orthanc says that it has stored what it throws away, and keeps the one before."""
    path = export(STACK, tmp_path / "x", JANE).path
    assert SAME not in str(send(link(pacs, to), staged_files(path), lambda: None))
    assert f"{SAME}, header and pixels are the same: 4 instances" in str(
        send(link(pacs, to), staged_files(path), lambda: None)
    )
    changed = sorted(path.iterdir())[1]
    dataset = pydicom.dcmread(changed)
    dataset.PixelData = bytes(len(dataset.PixelData))
    dataset.save_as(changed)
    sent = send(link(pacs, to), staged_files(path), lambda: None)
    assert [answer.state for answer in sent.answers].count(State.ALTERED) == 1
    assert "its pixels came back as others (1)" in str(sent)
    assert not sent.complete


def test_what_cannot_be_read_is_a_difference(tmp_path):
    (one,) = export(Volume(np.zeros((4, 4), np.uint8), spacing=(1, 1)), tmp_path / "x").path.parent.glob("x*")
    came = tmp_path / "came"
    came.write_bytes(b"no DICOM")
    assert "cannot be read" in difference(one, came)
    content = one.read_bytes()
    came.write_bytes(content[:-2])
    assert difference(one, came) == "its pixels came back as others"
    assert State.ALTERED not in {s for s in State if s.arrived}
