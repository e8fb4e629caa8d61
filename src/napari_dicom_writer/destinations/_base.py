"""What a destination is to the export: the life of one, from the first check to the last flush.

1. It is *constructed* with a plan: all that can be known before writing is checked, nothing is written, and what dead
   exports left where it writes is tidied up.
2. `reach` makes sure that what is not on this machine *answers*.
3. ``with destination.stage() as staging:`` *opens a staging area* on this machine, which nobody else writes to.
4. ``staging.folder(series)`` says where each series is *written*, and *read back*, file by file: by this process, its
   threads, or a cluster. A destination never sees a pixel.
5. ``staging.flush()``, where that was asked for, brings it to the disk, to be read from there.
6. ``staging.publish()`` brings what was staged into the destination's own form where that is another (packed, with a
   directory), reads that back, and makes all of it *visible in one step*, on the disk.
7. *Leaving the block* removes what was staged, however it is left. Without `publish`, nothing has happened: what was
   there before is untouched.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from napari_dicom_writer.model.progress import Progress
    from napari_dicom_writer.plan.plan import ExportPlan, SeriesPlan
    from napari_dicom_writer.plan.sent import Sent


class Destination(ABC):
    """A place that takes an export whole or not at all.

    Parameters
    ----------
    path
        What the user calls it.
    plan
        What will be written; None checks only what does not depend on it.
    overwrite
        Replace an earlier export, exactly as it was published.

    Attributes
    ----------
    title : str
        What it is called where one is chosen.
    words : str
        What it is, for those who choose one; of those beyond this machine, with the form of an address.
    replaces : str
        What publishing will replace, in words; empty where nothing is there.
    remote : bool
        Whether what is exported leaves this machine.

    Raises
    ------
    DestinationError
        What is known before writing to hinder it.
    """

    title: ClassVar[str]
    words: ClassVar[str]
    replaces: str = ""
    remote: ClassVar[bool] = False

    @abstractmethod
    def __init__(self, path: str | os.PathLike[str], plan: ExportPlan | None, *, overwrite: bool) -> None: ...

    @classmethod
    @abstractmethod
    def suits(cls, name: str) -> bool:
        """Whether a target of this name, or path, is meant to be one of these when nobody says more."""

    def reach(self) -> None:  # noqa: B027 - what is on this machine is there
        """Make sure that it is there and answers, which may take a while.

        Raises
        ------
        DestinationError
            Why it does not.
        """

    @abstractmethod
    def stage(self) -> AbstractContextManager[Staging]:
        """Open the staging area.

        Raises
        ------
        DestinationError
            If it cannot be made, or another export to the same place is running.
        """


class Staging(ABC):
    """Written to by the export, then published.

    Attributes
    ----------
    sent : Sent or None
        After `publish`: what a peer said; None where nothing left this machine.
    """

    sent: Sent | None = None

    @abstractmethod
    def folder(self, series: SeriesPlan) -> Path:
        """Return the folder to write a series' instances to; it exists, and nobody else writes there."""

    @abstractmethod
    def flush(self) -> bool:
        """Bring everything staged to the disk.

        Returns
        -------
        bool
            Whether the files themselves will be published: False where they are packed first.

        Raises
        ------
        DestinationError
            If the system says that something could not be written.
        """

    @abstractmethod
    def publish(self, tick: Callable[[], None] = lambda: None, sending: Progress | None = None) -> Path:
        """Make everything staged visible in one step.

        Parameters
        ----------
        tick
            Called now and then before that step; may raise to stop.
        sending
            Called with (bytes that have gone out, all of them), where it is sent to a peer.

        Returns
        -------
        Path
            The folder, or the single file; of what was sent, where it waited until it had arrived.

        Raises
        ------
        DestinationError
            If the target appeared meanwhile or the system refuses; what was there before is untouched.
        VerificationError
            If what was packed is not what was staged.
        """
