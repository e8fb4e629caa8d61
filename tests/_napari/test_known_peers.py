"""Peers in the Preferences, in the file of peers, and on the command line are the same."""

from __future__ import annotations

import pytest

from napari_dicom_writer._napari.known_peers import sync
from napari_dicom_writer.cli.main import main
from napari_dicom_writer.destinations.network.peers import remember, remember_all, remembered

PACS, WEB = "dicom://PACS@pacs.example:104", "https://pacs.example/dicom-web"


@pytest.fixture
def network(settings):
    settings.network.peers = ""
    return settings.network


def test_what_is_remembered_is_shown_and_what_is_edited_is_remembered(network):
    remember("pacs", PACS)
    assert sync() == ({"pacs": PACS}, ())
    assert network.peers == f"pacs = {PACS}"
    network.peers = f"pacs={PACS}; web = {WEB};"
    assert sync() == ({"pacs": PACS, "web": WEB}, ())
    assert remembered() == {"pacs": PACS, "web": WEB}
    network.peers = f"web = {WEB}"
    assert sync()[0] == {"web": WEB}
    assert remembered() == {"web": WEB}


def test_an_edit_here_does_not_undo_one_there(network):
    remember("pacs", PACS)
    sync()
    remember("pacs", PACS.replace("104", "11112"))
    remember("other", PACS)
    network.peers += f"; web = {WEB}"
    assert sync()[0] == {"pacs": PACS.replace("104", "11112"), "other": PACS, "web": WEB}
    remember_all({"web": WEB})
    assert sync()[0] == {"web": WEB}
    assert network.peers == f"web = {WEB}"


def test_what_was_there_before_them_is_not_changed_by_them(network):
    remember("pacs", PACS)
    network.peers = f"pacs = {WEB}; web = {WEB}"
    assert sync()[0] == {"pacs": PACS, "web": WEB}


def test_the_command_line_knows_what_was_edited_at_once(network, capsys):
    network.peers = f"pacs = {PACS}"
    assert main(["peer", "pacs"]) == 0
    assert PACS in capsys.readouterr().out
    assert main(["peer"]) == 0
    assert capsys.readouterr().out == f"pacs\t{PACS}\n"


def test_what_is_no_peer_stays_to_be_corrected_and_is_named(network):
    network.peers = f"pacs = {PACS}; web = nowhere; two words = {PACS}"
    known, refused = sync()
    assert known == {"pacs": PACS}
    assert [refusal.what for refusal in refused] == [
        "nowhere is not an address of a peer",
        "'two words' is not a name for a peer",
    ]
    assert network.peers == f"pacs = {PACS}; web = nowhere; two words = {PACS}"


def test_no_password_is_kept(network, tmp_path):
    network.peers = "web = https://jane:s3cret@pacs.example/dicom-web"
    known, refused = sync()
    assert known == {}
    assert "holds a password" in refused[0].what
    assert "s3cret" not in network.peers + str(refused)
