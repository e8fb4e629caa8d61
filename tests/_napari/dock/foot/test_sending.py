"""Sending from the widget: whom to, the one question, and what becomes of what does not arrive."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QMessageBox, QPushButton

from _napari.panels import click, export, settle, texts
from judges.faulty_peers import node
from judges.peers import free_port
from napari_dicom_writer.cli.main import main
from napari_dicom_writer.destinations import DESTINATIONS
from napari_dicom_writer.destinations.folder.target import FolderDestination
from napari_dicom_writer.destinations.network.c_store import CStoreDestination
from napari_dicom_writer.destinations.network.peers import remember, remember_all, remembered


class Peer:
    """A DICOM node that does with each instance what it is told."""

    def __init__(self):
        self.behave, self.kept = (lambda number: 0), []

    def store(self, number, event):
        code = self.behave(number)
        if not code:
            self.kept.append(str(event.request.AffectedSOPInstanceUID))
        return code


@pytest.fixture
def peer():
    peer = Peer()
    with node(peer.store) as address:
        peer.address = f"{address}?associations=1"
        yield peer


@pytest.fixture
def sender(open_panel, peer, qtbot):
    """The widget, about to send to a peer that is remembered as pacs."""
    remember("pacs", peer.address)
    panel = open_panel()
    panel.form.field("patient.name").value = "Doe^Jane"
    panel.form.field("patient.id").value = "0815"
    panel.target.choose("c-store")
    settle(qtbot, panel)
    return panel


def answer(button, before=lambda: None):
    """Click a button of the question that will be asked, and do something else before; what it said."""
    said = []

    def reply():
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(20, reply)
            return
        said.append(f"{box.text()}\n{box.informativeText()}".replace("\u200b", ""))
        before()
        next(one for one in box.buttons() if one.text() == button).click()

    QTimer.singleShot(20, reply)
    return said


def unsent():
    return list(Path(os.environ["NAPARI_DICOM_WRITER_STATE"]).glob("unsent/*"))


def resend_button(panel):
    return next(b for b in panel.board.preflight.findChildren(QPushButton) if b.text().startswith("Send"))


def test_the_choices_are_those_of_the_table_and_a_new_row_is_one(viewer, settings, qtbot, tmp_path, monkeypatch):
    from napari_dicom_writer._napari.widget import ExportWidget

    class Shelf(FolderDestination):
        title, words = "Shelf", "a folder on a shelf"

        @classmethod
        def suits(cls, name):
            return False

    class Robot(CStoreDestination):
        title, words = "Robot", "a robot, dicom://robot"

    monkeypatch.setitem(DESTINATIONS, "shelf", Shelf)
    monkeypatch.setitem(DESTINATIONS, "robot", Robot)
    widget = ExportWidget(viewer)
    qtbot.addWidget(widget)
    panel = widget.panel
    kinds = panel.target._kinds
    assert {kinds.itemData(index) for index in range(kinds.count())} == set(DESTINATIONS)
    assert kinds.itemText(kinds.findData("shelf")) == "Shelf"
    panel.target.choose("robot")
    assert panel.target.remote
    panel.target.set_path(str(tmp_path / "x"))
    panel.target.choose("shelf")
    settle(qtbot, panel)
    assert export(qtbot, panel).path == tmp_path / "x"


def test_a_name_chooses_and_what_was_chosen_stays(open_panel, qtbot, tmp_path):
    target = open_panel().target
    assert target.to == "folder"
    for name, to in (("x.zip", "zip"), ("x", "folder"), ("x/DICOMDIR", "dicomdir"), ("y", "folder")):
        target.set_path(str(tmp_path / name))
        assert target.to == to
    target.choose("zip")
    target.set_path(str(tmp_path / "y"))
    assert target.to == "zip"


@pytest.mark.parametrize("to", [key for key, kind in DESTINATIONS.items() if not kind.remote])
def test_what_stays_here_is_not_asked_for(open_panel, qtbot, tmp_path, to):
    panel = open_panel("x")
    panel.target.choose(to)
    settle(qtbot, panel)
    assert panel.controls.export_button.text() == "Export"
    assert export(qtbot, panel).path.parent == tmp_path


def test_one_question_shows_whose_what_how_much_and_to_whom(sender, peer, qtbot):
    assert sender.controls.export_button.text() == "Send…"
    assert sender.target.path == "pacs"
    said = answer("Do not send")
    click(qtbot, sender.controls.export_button)
    for part in ("pacs", peer.address, "Doe^Jane", "0815", "Series 1: scan (OT, 6 instances)", "6 instances, 1", "kB"):
        assert part in said[0], part
    assert not sender.run.running
    assert not peer.kept
    said = answer("Send")
    with qtbot.waitSignal(sender.run.finished):
        click(qtbot, sender.controls.export_button)
    assert len(said) == 1
    assert len(peer.kept) == 6
    assert not unsent()
    assert "The peer's answers: 6 stored" in texts(sender)
    shown = [b.text() for b in sender.board.report_actions.findChildren(QPushButton) if not b.isHidden()]
    assert shown == ["Copy report"], "nothing is left here that could be opened"


def test_planning_asks_nobody(open_panel, qtbot):
    panel = open_panel()
    panel.target.choose("c-store")
    settle(qtbot, panel)
    assert "Nobody is named to send to" in panel.controls.status
    panel.target.peer.set_name(f"dicom://X@127.0.0.1:{free_port()}")
    settle(qtbot, panel)
    assert panel.controls.status.startswith("Ready")


def test_what_waits_since_another_session_is_named(open_panel, monkeypatch):
    folder = Path(os.environ["NAPARI_DICOM_WRITER_STATE"]) / "unsent" / "scan"
    folder.mkdir(parents=True)
    target = open_panel().target
    for to, named in (("c-store", True), ("folder", False), ("stow-rs", True)):
        target.choose(to)
        assert (str(folder) in target._said.text().replace("\u200b", "")) == named


def test_a_peer_is_tested_and_remembered(open_panel, peer, qtbot, capsys):
    panel = open_panel()
    line = panel.target.peer
    panel.target.choose("c-store")
    for address, said in (
        (f"dicom://X@127.0.0.1:{free_port()}", "cannot be reached"),
        (peer.address, "answers"),
    ):
        line.set_name(address)
        assert panel.target._said.isHidden()
        click(qtbot, line.test_button)
        qtbot.waitUntil(lambda said=said: said in panel.target._said.text())
    assert line.edit_button.text() == "Remember…"
    editor = line.editor()
    assert editor.name.text() == "NODE"
    editor.name.setText("pacs")
    editor.accept()
    line.take(editor.outcome)
    assert line.name == "pacs"
    assert line.edit_button.text() == "Edit…"
    assert remembered() == {"pacs": peer.address}
    assert main(["echo", "pacs"]) == 0
    panel.target.choose("stow-rs")
    assert line.name == "", "it speaks another language"
    assert line.edit_button.text() == "New peer…"
    panel.target.choose("c-store")
    assert line.name == "pacs"


def test_a_peer_that_was_forgotten_meanwhile_is_not_sent_to(sender, peer, qtbot):
    remember_all({})
    click(qtbot, sender.controls.export_button)
    assert "There is no peer 'pacs'" in sender.target._said.text()
    assert not sender.run.running


def test_what_is_shown_in_the_question_is_what_is_sent(sender, peer, viewer, qtbot):
    def change():
        viewer.layers.selection.clear()
        qtbot.waitUntil(lambda: sender.plan is None)

    said = answer("Send", before=change)
    with qtbot.waitSignal(sender.run.finished):
        click(qtbot, sender.controls.export_button)
    assert "6 instances" in said[0]
    assert len(peer.kept) == 6


def test_what_did_not_arrive_is_sent_again_by_a_click(sender, peer, qtbot):
    peer.behave = lambda number: 0xA700 if number > 4 else 0
    answer("Send")
    with qtbot.waitSignal(sender.run.failed):
        click(qtbot, sender.controls.export_button)
    (folder,) = unsent()
    for part in ("4 stored, 2 refused", "Out of Resources (2)", str(folder)):
        assert part in texts(sender).replace("\u200b", "")
    button = resend_button(sender)
    assert button.text() == "Send the missing 2 again"
    staged = {path.read_bytes() for path in folder.iterdir()}
    assert len(staged) == 6
    peer.behave = lambda number: 0
    with qtbot.waitSignal(sender.run.finished):
        click(qtbot, button)
    assert len(peer.kept) == 6
    assert not unsent()
    assert sender.report.sent.complete


@pytest.fixture
def held(peer, monkeypatch):
    """Set when the peer has fallen silent, at the third instance; it answers again when the run has ended."""
    monkeypatch.setattr("napari_dicom_writer.destinations.network.store_work._PATIENCE", 0.1)
    held, go = threading.Event(), threading.Event()

    def behave(number):
        if number >= 3:
            held.set()
            go.wait(60)
        return 0

    peer.behave, peer.go = behave, go
    yield held
    go.set()


def test_sending_is_cancelled_and_goes_on(sender, peer, held, qtbot):
    stages = []
    sender.run.staged.connect(stages.append)
    answer("Send")
    click(qtbot, sender.controls.export_button)
    qtbot.waitUntil(held.is_set)
    qtbot.waitUntil(lambda: "sending" in stages)
    assert "waits on this machine" in "".join(sender.losses())
    qtbot.waitUntil(lambda: " kB of 1" in sender.controls._rate.text())
    with qtbot.waitSignal(sender.run.cancelled):
        click(qtbot, sender.controls.cancel_button)
    peer.go.set()
    assert "Sending was cancelled when 2 of 6 instances had arrived" in texts(sender)
    with qtbot.waitSignal(sender.run.finished):
        click(qtbot, resend_button(sender))
    assert len(set(peer.kept)) == 6


def test_closing_while_it_is_sent_keeps_what_is_missing(sender, viewer, peer, held, qtbot):
    answer("Send")
    click(qtbot, sender.controls.export_button)
    qtbot.waitUntil(held.is_set)
    viewer.window.remove_dock_widget("all")
    qtbot.waitUntil(lambda: not any(t.name == "napari-dicom-writer" for t in threading.enumerate()))
    peer.go.set()
    (folder,) = unsent()
    assert main(["send", str(folder), "pacs", "--yes"]) == 0
    assert len(set(peer.kept)) == 6
    assert not unsent()
