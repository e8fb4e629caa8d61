"""Contours on their way to a structure set: planes come in any order, the file wants them region by region.

How long a region is nobody knows before its last contour is traced. So text that is ready waits in a nameless file
beside the staged ones, which is gone with its process, and memory holds where it lies.
"""

from __future__ import annotations

import threading
import zlib
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile

_IN_MEMORY = 2**20  # bytes; above, there is a file


@dataclass(frozen=True, slots=True)
class Contour:
    """One contour as written, without its text.

    Attributes
    ----------
    kind : str
        Contour Geometric Type.
    points : int
    image : (str, int) or None
        SOP Instance UID of the plane, and its frame number, or 0.
    at, length, checksum : int
        Of its text: where it waits, its bytes, and what they are known again by.
    """

    kind: str
    points: int
    image: tuple[str, int] | None
    at: int
    length: int
    checksum: int

    def has(self, data: bytes) -> bool:
        """Whether some text is its own."""
        return len(data) == self.length and zlib.crc32(data) == self.checksum


class ContourSpool:
    """Keeps the text of contours until it is written. Safe to share between threads.

    Parameters
    ----------
    folder
        Where the file goes.
    """

    def __init__(self, folder: str) -> None:
        self._file = SpooledTemporaryFile(_IN_MEMORY, dir=folder)  # noqa: SIM115 - closed by `close`
        self._lock = threading.Lock()
        self._end = 0

    def keep(self, kind: str, points: int, image: tuple[str, int] | None, data: bytes) -> Contour:
        r"""Keep a contour.

        Parameters
        ----------
        kind, points, image
            As in `Contour`.
        data
            Contour Data: LPS millimeters, x\y\z of each point.

        Raises
        ------
        OSError
            If there is no space.
        """
        with self._lock:
            contour = Contour(kind, points, image, self._end, len(data), zlib.crc32(data))
            self._file.write(data)
            self._end += len(data)
        return contour

    def data(self, contour: Contour) -> bytes:
        """Return the text of a contour; none is kept afterwards."""
        self._file.seek(contour.at)
        return self._file.read(contour.length)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
