"""A peer on the network as the target of an export."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from napari_dicom_writer.destinations._base import Destination, Staging
from napari_dicom_writer.destinations.folder.target import FolderDestination
from napari_dicom_writer.destinations.network.ledger import state_folder
from napari_dicom_writer.destinations.network.peers import peer_named
from napari_dicom_writer.errors import DestinationError, ExportCancelled, ExportError, SendError
from napari_dicom_writer.options.choices import VerifyLevel

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_dicom_writer.destinations.network.link import Link
    from napari_dicom_writer.plan.plan import ExportPlan, SeriesPlan

_UNSENT = "unsent"


class NetworkDestination(Destination):
    """A peer; see `Destination`.

    The export is written to a folder of this user's and read back, as any; then it is sent from there. When all of it
    has arrived, the folder is removed. Otherwise it stays, and the refusal names it.

    No name suits it by itself: the user has to say that something leaves this machine.
    """

    remote = True
    language: ClassVar[str]
    link: ClassVar[type[Link]]

    @classmethod
    def suits(cls, name: str) -> bool:
        """See `Destination`."""
        return False

    def __init__(self, path: str | os.PathLike[str], plan: ExportPlan | None, *, overwrite: bool) -> None:
        peer = peer_named(str(path))
        if peer.to != self.language:
            raise DestinationError(f"{peer.address} is a {peer.to} peer, not {self.language}", f"Say to={peer.to!r}")
        self._link = self.link(peer)
        self._folder: FolderDestination | None = None
        # What is on the medium, where that is a peer.
        self._compared = plan is not None and plan.verify is VerifyLevel.MEDIUM
        if plan is not None:
            # Of a study there may be several exports; a series is of one.
            name = hashlib.sha256(plan.series[0].uid.encode()).hexdigest()[:16]
            self._folder = FolderDestination(state_folder(_UNSENT) / name, plan, overwrite=False)
        self._link.echo()

    @contextmanager
    def stage(self) -> Iterator[NetworkStaging]:
        """Stage in a folder of this user's; see `Destination`."""
        assert self._folder is not None  # noqa: S101 - without a plan, it was for checking only
        with self._folder.stage() as staging:
            yield NetworkStaging(staging, self._link, compared=self._compared)


class NetworkStaging(Staging):
    """Written to a local folder, then sent from there."""

    def __init__(self, local: Staging, link: Link, *, compared: bool) -> None:
        self._local, self._link, self._compared = local, link, compared

    def folder(self, series: SeriesPlan) -> Path:
        """See `Staging`."""
        return self._local.folder(series)

    def flush(self) -> bool:
        """See `Staging`."""
        return self._local.flush()

    def publish(self, tick: Callable[[], None] = lambda: None) -> Path:
        """See `Staging`: publish it on this machine, and send it.

        Raises
        ------
        SendError
            If not all of it has arrived; it says what has, and where all of it waits.
        ExportCancelled
            Saying the same.
        """
        from napari_dicom_writer.destinations.network.sending import send, staged_files

        folder = self._local.publish(tick)
        waits = f"The export waits in {folder}: send that, and only what is missing will be"
        try:
            self.sent = send(self._link, staged_files(folder), tick, compared=self._compared)
        except ExportCancelled as error:
            raise ExportCancelled(error.refusals[0].what, waits) from None
        except ExportError as error:
            raise SendError(error.refusals[0].what, f"{error.refusals[0].remedy}. {waits}") from error
        if not self.sent.complete:
            raise SendError(f"Not everything has arrived: {self.sent}", waits)
        remove_unsent(folder)
        return folder


def remove_unsent(path: Path) -> None:
    """Remove what waited until all of it had arrived; nothing else is removed."""
    if path.parent == state_folder(_UNSENT):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
