"""DICOM nodes at fault in ways of their own: what they abort, do not take, or limit; and what is logged meanwhile."""

from __future__ import annotations

import logging

import numpy as np
import pydicom
import pytest
from pynetdicom import evt

from judges.faulty_peers import certificate, node
from napari_dicom_writer import DestinationError, ExportOptions, Patient, Volume, export
from napari_dicom_writer.destinations.network import association, c_store
from napari_dicom_writer.destinations.network.peers import peer_at
from napari_dicom_writer.destinations.network.sending import send, staged_files
from napari_dicom_writer.plan.sent import State

STACK = Volume(np.arange(6 * 8 * 8, dtype=np.uint16).reshape(6, 8, 8), spacing=(1, 1, 1))


@pytest.fixture
def staged(tmp_path):
    return staged_files(export(STACK, tmp_path / "x").path)


def to_node(address, files):
    return send(c_store.CStoreLink(peer_at(address)), files, lambda: None)


def states(sent):
    return [answer.state for answer in sent.answers]


@pytest.mark.parametrize("how", ["abort", "hang up"])
def test_an_instance_that_ends_the_association_keeps_no_other_back(staged, how):
    """Whether it is the first or not: or it would be in the way of the rest each time that they are sent."""
    poison = staged[0].uid

    def store(number, event):
        if event.request.AffectedSOPInstanceUID == poison:
            event.assoc.abort() if how == "abort" else event.assoc.dul.socket.socket.shutdown(2)
            return 0xC000
        return 0

    with node(store) as address:
        sent = to_node(f"{address}?associations=1", staged)
    assert states(sent) == [State.UNKNOWN] + [State.STORED] * 5
    assert "no answer: the association ended (1)" in str(sent)


def test_a_node_that_takes_two_associations_at_a_time_gets_all(staged):
    there = []

    def limit(event):
        there.append(event.assoc)
        if sum(one.is_alive() for one in there) > 2:
            event.assoc.acse.send_reject(0x02, 0x03, 0x02)  # local limit exceeded
            event.assoc.kill()

    with node(lambda *_: 0, handlers=[(evt.EVT_REQUESTED, limit)]) as address:
        assert to_node(address, staged).complete


def test_what_cannot_be_decoded_for_a_node_is_refused_in_words(tmp_path):
    pytest.importorskip("imagecodecs")
    volume = Volume(np.zeros((6, 64, 64), np.uint8), spacing=(1, 1, 1))
    path = export(volume, tmp_path / "x", ExportOptions(transfer_syntax="rle")).path
    broken = sorted(path.iterdir())[2]
    dataset = pydicom.dcmread(broken)
    dataset.PixelData = pydicom.encaps.encapsulate([b"no RLE at all"])
    dataset.save_as(broken)
    with node(lambda *_: 0) as address:
        sent = to_node(address, staged_files(path))
    assert states(sent).count(State.STORED) == 5
    assert "refused: the peer takes no RLE Lossless, and it cannot be sent otherwise: " in str(sent)


def test_a_patient_is_in_no_log(tmp_path, caplog):
    """Not even where somebody listens to all that pynetdicom says."""
    caplog.set_level(logging.DEBUG)
    jane = ExportOptions(patient=Patient(name="Doe^Jane", id="0815"))
    files = staged_files(export(STACK, tmp_path / "x", jane).path)
    owner = pydicom.Dataset()
    owner.PatientID, owner.PatientName = "0815", "Doe^Jane"
    with node(lambda *_: 0, listed=(), owners=[owner]) as address:
        to_node(address, files)
    assert "Association Accepted" in caplog.text
    assert "Jane" not in caplog.text
    assert "0815" not in caplog.text


def test_switches_of_pynetdicom_are_held_as_long_as_anybody_needs_them():
    from pynetdicom import _config

    before = _config.STORE_SEND_CHUNKED_DATASET
    one, other = (association.switched(STORE_SEND_CHUNKED_DATASET=True) for _ in range(2))
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert _config.STORE_SEND_CHUNKED_DATASET
    other.__exit__(None, None, None)
    assert before == _config.STORE_SEND_CHUNKED_DATASET


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_why_a_certificate_is_not_trusted_or_there_is_none_is_said(staged, tmp_path):
    _, context = certificate(tmp_path)
    with node(lambda *_: 0, context=context) as address:
        with pytest.raises(DestinationError, match="no certificate that is trusted: self-signed"):
            to_node(address, staged)
        with pytest.raises(DestinationError, match="takes no association"):
            to_node(address.replace("dicoms", "dicom"), staged)
    with node(lambda *_: 0) as address, pytest.raises(DestinationError, match="does not speak TLS"):
        to_node(address.replace("dicom", "dicoms"), staged)


def test_a_title_that_a_node_rejects_is_said():
    def reject(event):
        event.assoc.acse.send_reject(0x01, 0x01, 0x07)
        event.assoc.kill()

    said = pytest.raises(DestinationError, match="rejects the association: .*(?i:called)")
    with node(lambda *_: 0, handlers=[(evt.EVT_REQUESTED, reject)]) as address, said:
        c_store.CStoreLink(peer_at(address)).echo()
