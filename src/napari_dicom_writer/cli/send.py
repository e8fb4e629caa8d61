"""``napari-dicom-writer send``, ``echo`` and ``peer``: what waits on this machine, into a PACS or DICOMweb server."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from napari_dicom_writer.cli.arguments import a_path
from napari_dicom_writer.destinations.network.peers import forget, peer_named, remember, remembered, whom
from napari_dicom_writer.errors import DestinationError, ExportCancelled, SendError
from napari_dicom_writer.plan.wording import count, format_bytes

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from pathlib import Path

    from napari_dicom_writer.destinations.network.link import Link
    from napari_dicom_writer.destinations.network.peers import Peer

_PEER = "a name that is remembered, or dicom://AETITLE@host:port, dicoms:// for TLS, https://host/path (DICOMweb)"


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the three commands."""
    send = commands.add_parser("send", help="send DICOM files to a PACS or DICOMweb server", allow_abbrev=False)
    send.description = "Send DICOM files, and record the answer to each. Sending again sends only what is missing."
    send.add_argument("folder", metavar="FOLDER", type=a_path, help="with DICOM files; or one of them")
    send.add_argument("peer", metavar="PEER", help=_PEER)
    send.add_argument(
        "--compare", action="store_true", help="fetch what has arrived, and compare it with what was sent"
    )
    add_consent(send)
    send.set_defaults(run=run_send)
    echo = commands.add_parser("echo", help="see whether a peer is there", allow_abbrev=False)
    echo.description = "Ask a PACS or DICOMweb server whether it is there, and answers. Nothing is sent."
    echo.add_argument("peer", metavar="PEER", help=_PEER)
    echo.set_defaults(run=run_echo)
    peer = commands.add_parser("peer", help="remember a peer by a name, forget one, or list them", allow_abbrev=False)
    peer.description = (
        "Without NAME, list the peers that are remembered. With NAME, show its address; with ADDRESS, remember it. "
        "Names are the same here, in the dock widget and in napari's Preferences. No password is kept."
    )
    peer.add_argument("name", nargs="?", metavar="NAME", help="to remember it by: letters, digits, _ and -")
    peer.add_argument(
        "address",
        nargs="?",
        metavar="ADDRESS",
        help="dicom://AETITLE@host:port?from=AETITLE, dicoms:// for TLS, https://host/path (DICOMweb)",
    )
    peer.add_argument("--forget", action="store_true", help="forget NAME")
    peer.set_defaults(run=run_peer)


def add_consent(parser: argparse.ArgumentParser) -> None:
    """Declare the option that answers the question before anything leaves this machine."""
    parser.add_argument("--yes", action="store_true", help="send without asking")


def ask_consent(arguments: argparse.Namespace, name: str, whats: Iterable[str]) -> None:
    """Show who is sent where, and ask once.

    Raises
    ------
    ExportCancelled
        If the answer is no.
    SendError
        If nobody is there to answer.
    """
    print(f"To {whom(name)}:", *whats, sep="\n  ", file=sys.stderr)
    if arguments.yes:
        return
    if not sys.stdin or not sys.stdin.isatty():
        raise SendError("Nobody is there to say whether this is to be sent", "Say --yes")
    print("Send it? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise ExportCancelled("Nothing was sent", "Say yes to send it")


def run_send(arguments: argparse.Namespace) -> int:
    """Send a folder, and say what came of it; 1 if not all has arrived."""
    from napari_dicom_writer.cli.progress import progress_bar
    from napari_dicom_writer.destinations.network.deliver import cleared
    from napari_dicom_writer.destinations.network.sending import send, staged_files

    link = _link(arguments.peer)
    folder: Path = arguments.folder.absolute()
    files = staged_files(folder)
    studies = dict.fromkeys((*file.patient, file.study) for file in files)
    whats = [f"Patient: {name or 'no name'}, ID {number or 'none'}; study {study}" for number, name, study in studies]
    series = len({file.series for file in files})
    size = sum(file.size for file in files)
    ask_consent(
        arguments, arguments.peer, [*whats, f"In all: {series:,} series, {count(len(files))}, {format_bytes(size)}"]
    )
    with progress_bar() as (writing, sending):
        sent = send(link, files, lambda: writing(0, 0), lambda gone: sending(gone, size), compared=arguments.compare)
    print(cleared(sent, folder) if sent.complete else sent)
    return 0 if sent.complete else 1


def run_echo(arguments: argparse.Namespace) -> None:
    """Say that a peer answers."""
    link = _link(arguments.peer)
    link.echo()
    print(f"{link.peer.address} answers")


def run_peer(arguments: argparse.Namespace) -> None:
    """Remember a peer, forget one, or show those that are remembered."""
    if arguments.forget:
        _forget(arguments.name, arguments.address)
    elif arguments.name and not arguments.address:
        print(known(arguments.name).address)
    elif arguments.name:
        before = remembered().get(arguments.name)
        address = remember(arguments.name, arguments.address).address
        replaced = f", and was {before}" if before not in (None, address) else ""
        print(f"{arguments.name} is {address}{replaced}")
    else:
        bring_in_preferences()
        peers = remembered()
        for name, address in peers.items():
            print(f"{name}\t{address}")
        if not peers:
            print("No peer is remembered yet: napari-dicom-writer peer NAME ADDRESS", file=sys.stderr)


def _forget(name: str | None, address: str | None) -> None:
    if not name or address:
        raise DestinationError("It is not clear which peer is to be forgotten", "Give its NAME alone with --forget")
    if name not in remembered():
        bring_in_preferences()
    forget(name)
    print(f"{name} is forgotten")


def _link(name: str) -> Link:
    from napari_dicom_writer.destinations.network.deliver import link_to

    return link_to(known(name))


def known(name: str) -> Peer:
    """Return the peer of a name or an address.

    Raises
    ------
    DestinationError
        If it is neither.
    """
    if "://" not in name and name not in remembered():
        bring_in_preferences()
    return peer_named(name)


def bring_in_preferences() -> None:
    """Take over what was edited in napari's Preferences, where napari is installed; it takes a second to ask it."""
    if find_spec("napari"):
        from napari_dicom_writer._napari.known_peers import sync_without_viewer

        sync_without_viewer()
