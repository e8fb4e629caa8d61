"""What is to be stored over several associations, how far each is, and what was answered."""

from __future__ import annotations

import threading
from concurrent.futures import wait
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.destinations.network.association import hang_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from napari_dicom_writer.destinations.network.link import StagedFile
    from napari_dicom_writer.plan.sent import Answer

_PATIENCE = 2  # seconds that an answer is waited for when all is to end


class Going:
    """How much of the file at hand has gone out over an association."""

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, size: int) -> None:
        """Count anew: the next file has so many bytes."""
        self._size, self.bytes = size, 0

    def __call__(self, event: Any) -> None:
        """Count what was sent."""
        self.bytes = min(self._size, self.bytes + len(event.data))


class Work:
    """Files that wait for an association, the answers to them, and the associations that are at it.

    Parameters
    ----------
    files
        To be stored.

    Attributes
    ----------
    waiting : SimpleQueue of StagedFile
    answers : SimpleQueue of Answer or None
        None: an association has ended.
    stop : threading.Event
        Set when nothing is to be begun any more.
    """

    def __init__(self, files: Sequence[StagedFile]) -> None:
        self.files = files
        self.waiting: SimpleQueue[StagedFile] = SimpleQueue()
        self.answers: SimpleQueue[Answer | None] = SimpleQueue()
        self.stop = threading.Event()
        self._busy: dict[Any, Going] = {}
        for file in files:
            self.waiting.put(file)

    @contextmanager
    def at(self, association: Any, going: Going) -> Iterator[None]:
        """Have an association in sight while it works."""
        self._busy[association] = going
        try:
            yield
        finally:
            del self._busy[association]

    @property
    def going(self) -> int:
        """Bytes that have gone out of files without an answer."""
        return sum(going.bytes for going in list(self._busy.values()))

    @property
    def goes_on(self) -> bool:
        """Whether there is something left to begin."""
        return not self.stop.is_set() and not self.waiting.empty()

    def record(self, record: Callable[[Answer], None], seconds: float = 0) -> None:
        """Hand on the next answer, if there is one before the time is over."""
        with suppress(Empty):
            if answer := self.answers.get(timeout=seconds):
                record(answer)

    def end(self, running: Sequence[Future[None]]) -> None:
        """Let everybody end with the file at hand; who does not get an answer to it soon, hangs up."""
        self.stop.set()
        if wait(running, _PATIENCE).not_done:
            for association in list(self._busy):
                hang_up(association)
