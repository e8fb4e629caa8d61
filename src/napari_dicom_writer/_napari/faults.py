"""What a user is told when something fails that no check foresaw."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def faults_as_export_errors(doing: str = "Saving") -> Iterator[None]:
    """Let an `ExportError` pass, and turn any other exception in this block into one.

    Parameters
    ----------
    doing
        What fails, as the beginning of a sentence.
    """
    try:
        yield
    except ExportError:
        raise
    except Exception as error:
        remedy = "This is a fault of napari-dicom-writer: please report it"
        raise ExportError(f"{doing} failed: {type(error).__name__}: {error}", remedy) from error
