"""Addresses of peers, and the names that they are remembered by."""

from __future__ import annotations

import pytest

from napari_dicom_writer import DestinationError, Volume, export
from napari_dicom_writer.destinations.network.peers import peer_at, peer_named, remember, remembered


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
    with pytest.raises(DestinationError, match="Known are: pacs, web"):
        peer_named("pcas")
    for name, address in (("a b", "dicom://A@b"), ("c", "nowhere"), ("", "dicom://A@b")):
        with pytest.raises(DestinationError):
            remember(name, address)
    (state / "config" / "peers.json").write_text("[")
    with pytest.raises(DestinationError, match="cannot be read"):
        peer_named("pacs")


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
