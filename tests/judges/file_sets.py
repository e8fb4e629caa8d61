"""File-sets, as pydicom reads them by their DICOMDIR."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydicom.fileset import FileSet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def file_set(folder: Path) -> Iterator[FileSet]:
    """Open a File-set; pydicom leaves a folder behind for each, and a warning."""
    found = FileSet(folder / "DICOMDIR")
    try:
        yield found
    finally:
        found._stage["t"].cleanup()
