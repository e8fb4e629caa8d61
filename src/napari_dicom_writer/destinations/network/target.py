"""A peer on the network as the target of an export."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from napari_dicom_writer.destinations._base import Destination, Staging
from napari_dicom_writer.destinations.folder.target import FolderDestination
from napari_dicom_writer.destinations.network.ledger import UNSENT
from napari_dicom_writer.destinations.network.peers import peer_named
from napari_dicom_writer.destinations.network.user_files import state_folder
from napari_dicom_writer.errors import DestinationError
from napari_dicom_writer.options.choices import VerifyLevel

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_dicom_writer.destinations.network.link import Link
    from napari_dicom_writer.model.progress import Progress
    from napari_dicom_writer.plan.plan import ExportPlan, SeriesPlan


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
            self._folder = FolderDestination(state_folder(UNSENT) / name, plan, overwrite=False)

    def reach(self) -> None:
        """See `Destination`: by an echo."""
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

    def publish(self, tick: Callable[[], None] = lambda: None, sending: Progress | None = None) -> Path:
        """See `Staging`: publish it on this machine, and `deliver` it from there."""
        from napari_dicom_writer.destinations.network.deliver import deliver

        folder = self._local.publish(tick)
        self.sent = deliver(self._link, folder, tick, sending, compared=self._compared)
        return folder
