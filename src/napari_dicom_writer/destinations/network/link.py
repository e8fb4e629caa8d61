"""What sending needs of a peer, in whichever language."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NoReturn

from napari_dicom_writer.errors import DestinationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_dicom_writer.destinations.network.peers import Peer
    from napari_dicom_writer.plan.sent import Answer

CONNECT_SECONDS, ANSWER_SECONDS = 10, 60
"""How long to wait for a peer to take the call, and for each of its answers."""

CHECK = "Check its address, and that it is running and knows this program"
"""What is to be done about most that goes wrong."""

DUPLICATE = 0x0111
"""The status of an instance that the peer says to have already (PS3.7 annex C)."""


@dataclass(frozen=True, slots=True)
class StagedFile:
    """An instance that waits to be sent.

    Attributes
    ----------
    path : Path
    size : int
        Bytes of the file.
    sop_class, uid, syntax : str
        SOP class and instance, and transfer syntax.
    study, series : str
        Their Instance UIDs.
    patient : tuple of str
        Whose it is: Patient ID and Patient's Name.
    """

    path: Path
    size: int
    sop_class: str
    uid: str
    syntax: str
    study: str
    series: str
    patient: tuple[str, str]


class Link(ABC):
    """A way to a peer. Nothing is kept open between two calls.

    Parameters
    ----------
    peer
        Who.

    Attributes
    ----------
    fetched_by : str
        What `fetch` asks with.
    notes : list of str
        What is to be known of how it was sent.
    unasked : str
        Why `owners` or `holds` had no answer.
    """

    fetched_by: ClassVar[str]

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.notes: list[str] = []
        self.unasked = "it answers no queries"

    @abstractmethod
    def echo(self) -> None:
        """Make sure that the peer is there and talks to us.

        Raises
        ------
        DestinationError
            Why it does not.
        """

    @abstractmethod
    def send(self, files: Sequence[StagedFile], record: Callable[[Answer], None], tick: Callable[[int], None]) -> None:
        """Send files.

        Parameters
        ----------
        files
            What to send.
        record
            Called with the answer to each as it comes, in this thread. A file without an answer was not sent.
        tick
            Called now and then, in this thread, with the bytes that have gone out of files without an answer; may raise
            to stop.
        """

    @abstractmethod
    def owners(self, study: str) -> set[tuple[str, str]] | None:
        """Ask whose study the peer holds under a Study Instance UID.

        Returns
        -------
        set of (str, str), or None
            Patient IDs and names; empty if there is no such study; None if the peer cannot be asked.

        Raises
        ------
        DestinationError
            If it can be asked, and fails.
        """

    @abstractmethod
    def holds(self, study: str, series: str) -> set[str] | None:
        """Ask which SOP Instance UIDs the peer holds of a series; None if it cannot be asked."""

    @abstractmethod
    def fetch(self, file: StagedFile, into: Path) -> bool:
        """Get an instance as the peer holds it.

        Parameters
        ----------
        file
            Which one.
        into
            Where to put it, as a DICOM file.

        Returns
        -------
        bool
            False if the peer hands nothing out.
        """

    def fail(self, what: str, remedy: str = CHECK) -> NoReturn:
        """Refuse, naming the peer."""
        raise DestinationError(f"{self.peer.address} {what}", remedy)
