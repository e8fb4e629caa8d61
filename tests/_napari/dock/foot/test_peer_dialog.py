"""A peer in boxes: what is wrong is said as it is typed, and what is remembered is what all parts know."""

from __future__ import annotations

import pytest

from napari_dicom_writer._napari.dock.foot.peer_dialog import PeerDialog
from napari_dicom_writer.destinations.network.address import NodeParts, parts_of
from napari_dicom_writer.destinations.network.peers import peer_at, remember, remembered


@pytest.fixture
def open_dialog(qtbot):
    def dialog(to="c-store", name="", address=""):
        made = PeerDialog(to, name, address)
        qtbot.addWidget(made)
        return made

    return dialog


def said(dialog):
    return dialog._said.text().replace("\u200b", "")


def test_a_node_is_made_of_its_parts(open_dialog):
    dialog = open_dialog()
    assert not dialog.keep_button.isEnabled()
    assert said(dialog) == "", "nothing was typed yet"
    assert dialog.forget_button.isHidden()
    for box, text in (("host", "pacs.example"), ("port", "11112"), ("called", "MY PACS"), ("calling", "ME")):
        assert not dialog.keep_button.isEnabled()
        getattr(dialog, box).setText(text)
    dialog.name.setText("pacs")
    dialog.tls.setChecked(True)
    dialog.one.setChecked(True)
    address = "dicoms://MY PACS@pacs.example:11112?from=ME&associations=1"
    assert said(dialog) == address
    dialog.accept()
    assert dialog.outcome == "pacs"
    assert remembered() == {"pacs": address}


@pytest.mark.parametrize(
    ("box", "text", "words"),
    [
        ("name", "no name", "is not a name for a peer"),
        ("name", "zip", "is a kind of target"),
        ("name", "other", "is the name of another peer already"),
        ("host", "pacs example", "A host is a name"),
        ("host", "dicom://pacs", "A host is a name"),
        ("host", "jane:s3cret@pacs", "A host is a name"),
        ("port", "99999", "A port is a number"),
        ("port", "x", "A port is a number"),
        ("called", "SEVENTEEN-LETTERS", "16 characters"),
        ("called", "A\\B", "no backslash"),
        ("calling", "MÜNCHEN", "of ASCII"),
    ],
)
def test_what_is_wrong_is_said_and_marked_as_it_is_typed(open_dialog, box, text, words):
    remember("other", "dicom://A@b")
    dialog = open_dialog(name="pacs", address="dicom://PACS@pacs.example")
    assert dialog.keep_button.isEnabled()
    getattr(dialog, box).setText(text)
    assert words in said(dialog)
    assert words in getattr(dialog, box).accessibleDescription()
    assert not dialog.keep_button.isEnabled()
    dialog.accept()
    assert dialog.outcome is None
    assert list(remembered()) == ["other"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pacs.example/dicom-web", "is not an address"),
        ("https://jane:s3cret@pacs.example", "holds a password"),
        ("dicom://PACS@pacs.example", "address of a DICOM node"),
    ],
)
def test_a_server_has_a_url(open_dialog, qtbot, text, words):
    dialog = open_dialog("stow-rs", address="https://pacs.example/dicom-web")
    assert dialog.name.text() == "pacs.example"
    dialog.name.setText("web")
    assert dialog.keep_button.isEnabled()
    dialog.show()
    dialog.url.setText(text)
    assert words in said(dialog)
    assert "s3cret" not in said(dialog)
    label = dialog._said
    qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()))
    assert not dialog.keep_button.isEnabled()


def test_a_peer_is_renamed_changed_and_forgotten(open_dialog):
    remember("pacs", "dicom://PACS@pacs.example?from=ME&associations=3")
    dialog = open_dialog(name="pacs", address=remembered()["pacs"])
    dialog.name.setText("archive")
    dialog.port.setText("4242")
    dialog.accept()
    assert remembered() == {"archive": "dicom://PACS@pacs.example:4242?from=ME&associations=3"}
    dialog = open_dialog(name="archive", address=remembered()["archive"])
    dialog.forget_button.click()
    assert dialog.outcome == ""
    assert remembered() == {}


@pytest.mark.parametrize("title", ["A@B", "A/B", "A?B#C", "100%", "A%41", "MY PACS", "A:B"])
@pytest.mark.parametrize("host", ["pacs.example", "192.0.2.1", "::1"])
def test_whatever_an_ae_title_holds_an_address_says_it(title, host):
    parts = NodeParts(host, "104", title, title)
    peer = peer_at(parts.address)
    assert (peer.host, peer.port, peer.called, peer.calling) == (host, 104, title, title)
    assert parts_of(parts.address) == parts
