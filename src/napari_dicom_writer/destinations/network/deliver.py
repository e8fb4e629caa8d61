"""An export that waits on this machine, sent until all of it has arrived; then it waits no more."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_dicom_writer.destinations.network.ledger import UNSENT
from napari_dicom_writer.destinations.network.peers import peer_at
from napari_dicom_writer.destinations.network.sending import missing, send, staged_files
from napari_dicom_writer.destinations.network.user_files import state_folder
from napari_dicom_writer.errors import ExportCancelled, ExportError, SendError
from napari_dicom_writer.plan.sent import Resend, Unsent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_dicom_writer.destinations.network.link import Link
    from napari_dicom_writer.destinations.network.peers import Peer
    from napari_dicom_writer.errors import Fix
    from napari_dicom_writer.model.progress import Progress
    from napari_dicom_writer.plan.sent import Sent


def deliver(
    link: Link, folder: Path, tick: Callable[[], None], sending: Progress | None = None, *, compared: bool = False
) -> Sent:
    """Send what waits, and remove it once all of it has arrived.

    Parameters
    ----------
    link
        To the peer.
    folder
        Where it waits, or the one file; only what this package put there is removed.
    tick
        Called now and then; may raise `ExportCancelled`.
    sending
        Called with (bytes that have gone out, all of them).
    compared
        Whether all that has arrived is fetched again and compared with what was sent.

    Raises
    ------
    SendError
        If not all of it has arrived: what has, where all of it waits, and a remedy that sends the rest.
    ExportCancelled
        Saying the same.
    """
    files = staged_files(folder)

    size = sum(file.size for file in files)

    def gone(bytes_out: int) -> None:
        if sending:
            sending(bytes_out, size)

    def rest() -> Fix:
        number = len(missing(link, files))
        what = "it" if number in (0, len(files)) else f"the missing {number:,}"
        return Resend("", Unsent(folder, link.peer.address, compared), f"Send {what} again")

    waits = f"The export waits in {folder}: send that, and only what is missing will be"
    try:
        sent = send(link, files, tick, gone, compared=compared)
    except ExportCancelled as error:
        raise ExportCancelled(error.refusals[0].what, waits, fix=rest()) from None
    except ExportError as error:
        first = error.refusals[0]
        raise SendError(first.what, f"{first.remedy}. {waits}", fix=rest()) from error
    if not sent.complete:
        said = "; ".join([sent.counts, *sent.reasons])
        raise SendError(f"Not everything has arrived at {sent.peer}: {said}", waits, fix=rest())
    return cleared(sent, folder)


def resend(unsent: Unsent, tick: Callable[[], None], sending: Progress | None = None) -> Sent:
    """Send what has not arrived yet; see `deliver`."""
    return deliver(link_to(peer_at(unsent.peer)), unsent.folder, tick, sending, compared=unsent.compared)


def link_to(peer: Peer) -> Link:
    """Return the way to a peer, in its own language."""
    # Here, for the table knows who uses this module.
    from napari_dicom_writer.destinations import DESTINATIONS
    from napari_dicom_writer.destinations.network.target import NetworkDestination

    kind = DESTINATIONS[peer.to]
    assert issubclass(kind, NetworkDestination)  # noqa: S101 - a peer's language is a row of its own
    return kind.link(peer)


def cleared(sent: Sent, path: Path) -> Sent:
    """Remove what waited until all of it had arrived, and nothing else; say so where it cannot be removed."""
    try:
        if path.parent == state_folder(UNSENT):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    except OSError as error:
        left = f"All of it has arrived, and {path} cannot be removed: {error.strerror or error}"
        return replace(sent, notes=(*sent.notes, left))
    return sent
