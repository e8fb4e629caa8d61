"""Addresses of peers, and the names that they are remembered by."""

from __future__ import annotations

import os

import pytest

from napari_dicom_writer import DestinationError, Volume, export
from napari_dicom_writer.cli.main import main
from napari_dicom_writer.destinations.network.peers import peer_at, peer_named, remember, remembered
from napari_dicom_writer.destinations.network.user_files import state_folder


def test_addresses_say_all():
    peer = peer_at("dicoms://MY PACS@pacs.example?from=ME")
    assert (peer.to, peer.called, peer.calling, peer.host, peer.port, peer.tls) == (
        *("c-store", "MY PACS", "ME", "pacs.example"),
        *(2762, True),
    )
    assert peer_at("dicom://PACS@pacs.example?associations=1&from=ME").associations == 1
    for address in ("https://pacs.example:8443/at@site", "http://[::1]:8042/at@site"):
        assert peer_at(address).address == address, "no password"
    peer = peer_at("https://pacs.example/dicom-web/")
    assert (peer.to, peer.address, peer.port, peer.tls) == ("stow-rs", "https://pacs.example/dicom-web", 443, True)


@pytest.mark.parametrize(
    "address",
    [
        *("", "pacs", "ftp://pacs", "dicom://", "dicom://pacs:104", "dicom://A@:104", "dicom://A@pacs:port"),
        *("dicom://A@pacs:99999", "dicom://SEVENTEEN-LETTERS@pacs", "dicom://A\\B@pacs", "dicom://A@pacs?from="),
        *("dicom://A@b?associations=0", "dicom://A@b?associations=x", "dicom://A@b?password=s3cret"),
        *("https://", "https://jane:s3cret@pacs/dicom-web", "https://jane@pacs/", "dicom://A:s3cret@pacs"),
        *(f"https://jane:{word}@pacs/" for word in ("s3cret/", "/s3cret", "s3cret#", "?s3cret", "s3cret@", "1s3cret")),
        "https://jane:s3cret/@pacs:port/",
        *("dicom://A@pacs/path", "dicom://A@pacs#part", "https://pacs/path?query=1", "https://pacs/#part"),
    ],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(DestinationError) as caught:
        peer_at(address)
    assert "s3cret" not in str(caught.value)


def test_names_are_remembered(state):
    with pytest.raises(DestinationError, match="None is remembered yet"):
        peer_named("pacs")
    remember("pacs", "dicom://PACS@pacs.example:11112")
    remember("web", "https://pacs.example/dicom-web")
    assert peer_named("pacs").port == 11112
    assert list(remembered()) == ["pacs", "web"]
    with pytest.raises(DestinationError, match="Is it pacs[?] Remembered are: pacs, web"):
        peer_named("pcas")
    for name, address in (("a b", "dicom://A@b"), ("c", "nowhere"), ("", "dicom://A@b"), ("zip", "dicom://A@b")):
        with pytest.raises(DestinationError):
            remember(name, address)
    (state / "config" / "peers.json").write_text("[")
    with pytest.raises(DestinationError, match="cannot be read"):
        peer_named("pacs")


def test_the_file_of_names_is_replaced_whole_and_keeps_who_may_read_it(state, monkeypatch):
    remember("pacs", "dicom://PACS@pacs.example")
    file = state / "config" / "peers.json"
    file.chmod(0o640)
    before = file.read_text()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(DestinationError, match=r"peers.json cannot be written: No space left"):
            remember("web", "https://pacs.example/dicom-web")
    assert file.read_text() == before
    (state / "elsewhere.json").hardlink_to(file)
    file.unlink()
    file.symlink_to(state / "elsewhere.json")
    remember("web", "https://pacs.example/dicom-web")
    assert list(remembered()) == ["pacs", "web"]
    assert file.is_symlink(), "it is kept among other settings"
    assert (state / "elsewhere.json").stat().st_mode & 0o777 == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["peers.json"]


def test_where_exports_wait_is_closed_to_others_whoever_made_it(state):
    (state / "unsent").mkdir()
    (state / "unsent").chmod(0o755)
    assert state_folder("unsent").stat().st_mode & 0o777 == 0o700


def test_a_peer_is_asked_in_its_own_language():
    volume = Volume([[1, 2], [3, 4]], spacing=(1, 1))
    with pytest.raises(DestinationError, match="is a stow-rs peer, not c-store"):
        export(volume, "https://pacs.example/dicom-web", to="c-store")


def test_names_that_cannot_be_kept_are_refused_with_the_reason(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NAPARI_DICOM_WRITER_CONFIG", str(tmp_path / "file"))
    with pytest.raises(DestinationError, match="cannot be"):
        remember("pacs", "dicom://A@b")
    monkeypatch.setenv("NAPARI_DICOM_WRITER_STATE", str(tmp_path / "file"))
    with pytest.raises(DestinationError, match="where exports wait to be sent, cannot be made"):
        export(Volume([[1, 2], [3, 4]], spacing=(1, 1)), "dicom://A@127.0.0.1:9", to="c-store")


def test_the_command_line_remembers_replaces_and_forgets(capsys, monkeypatch):
    monkeypatch.setattr("napari_dicom_writer.cli.send.bring_in_preferences", lambda: None)
    say = [
        (["peer"], "No peer is remembered yet", 0),
        (["peer", "pacs", "dicom://PACS@pacs.example"], "pacs is dicom://PACS@pacs.example\n", 0),
        (["peer", "pacs", "dicom://NEW@pacs.example"], "NEW@pacs.example, and was dicom://PACS@pacs.example", 0),
        (["peer", "pacs"], "dicom://NEW@pacs.example", 0),
        (["peer", "--forget"], "not clear which peer", 1),
        (["peer", "pacs", "dicom://NEW@pacs.example", "--forget"], "not clear which peer", 1),
        (["peer", "pcas", "--forget"], "There is no peer 'pcas'. Is it pacs?", 1),
        (["peer", "pacs", "--forget"], "pacs is forgotten", 0),
        (["peer", "pacs"], "There is no peer 'pacs'. None is remembered yet", 1),
    ]
    for command, said, status in say:
        assert main(command) == status
        captured = capsys.readouterr()
        assert said in captured.out + captured.err


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("cd", "'cd' is neither a kind of OUTPUT (zip, dicomdir, folder) nor a peer that is remembered"),
        ("stow-rs", "stow-rs alone does not say whom to send to"),
        ("dicom://PACS", "An AE title is missing: that of pacs"),
    ],
)
def test_a_target_that_is_none_is_refused_in_words(tmp_path, capsys, monkeypatch, to, said):
    monkeypatch.setattr("napari_dicom_writer.cli.send.bring_in_preferences", lambda: None)
    assert main(["export", str(tmp_path / "scan.npy"), "--to", to]) == 1
    assert said in capsys.readouterr().err.replace("\n", " ")
