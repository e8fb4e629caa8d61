"""Bodies of several parts (RFC 2046), as DICOMweb has them: written as they are sent, read as they come."""

from __future__ import annotations

from itertools import accumulate, takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_dicom_writer.destinations.network.link import StagedFile

BLOCK = 2**18
BATCH = 32 * 2**20
_TAIL = 4096  # in which the last boundary is


class Body:
    """A body whose files are read as it is sent.

    Parameters
    ----------
    files
        A part each.
    boundary
        Between them.
    stop
        Once it is set, reading on is an `OSError`.

    Attributes
    ----------
    gone : int
        Bytes that have been read of the files.
    """

    def __init__(self, files: Sequence[StagedFile], boundary: str, stop: threading.Event) -> None:
        self._files, self._stop = files, stop
        self.gone = 0
        self._head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        self._end = f"--{boundary}--\r\n".encode()

    def __len__(self) -> int:
        return sum(len(self._head) + file.size + 2 for file in self._files) + len(self._end)

    def __iter__(self) -> Iterator[bytes]:
        self.gone = 0
        for file in self._files:
            yield self._head
            with file.path.open("rb") as reading:
                while block := reading.read(BLOCK):
                    if self._stop.is_set():
                        raise OSError("Sending was cancelled")
                    yield block
                    self.gone += len(block)
            yield b"\r\n"
        yield self._end


def one_part(blocks: Iterator[bytes], into: Path) -> bool:
    """Write the only part of a multipart body to a file; False if there is none.

    The body is the boundary, the part's header, an empty line, the part, and the boundary again with what may follow.
    """
    head = b""
    for block in blocks:
        head += block
        if b"\r\n\r\n" in head or len(head) > BLOCK:
            break
    head, found, begun = head.partition(b"\r\n\r\n")
    boundary = b"\r\n" + head.lstrip().partition(b"\r\n")[0]
    if not found or not boundary.startswith(b"\r\n--"):
        return False
    with into.open("w+b") as file:
        file.write(begun)
        file.writelines(blocks)
        size = file.tell()
        file.seek(max(0, size - _TAIL))
        tail = file.read()
        end = tail.rfind(boundary)
        file.truncate(size - len(tail) + end if end >= 0 else size)
    return end >= 0


def batch_of(files: Sequence[StagedFile], most: int) -> list[StagedFile]:
    """Return the first files of so many bytes, and one at least.

    So what a server must hold at once, and what is unknown if it fails, stay bounded.
    """
    sizes = accumulate(file.size for file in files)
    return [file for file, size in zip(files, takewhile(lambda size: size <= most, sizes), strict=False)] or [files[0]]
