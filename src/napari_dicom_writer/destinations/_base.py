"""What a destination is to the export."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from napari_dicom_writer.plan.plan import SeriesPlan


class Destination(ABC):
    """A place that takes an export whole or not at all.

    Construction checks everything that can be known before writing and raises `DestinationError`. Then, once:
    ``with destination as staging:`` opens a staging area, ``staging.folder(...)`` says where to write each series, and
    ``staging.publish()`` makes all of it visible in one step. Leaving the block without `publish`, by an exception or
    not, removes everything that was staged.
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
    """Written to by the export, then published."""

    @abstractmethod
    def folder(self, series: SeriesPlan) -> Path:
        """Return the folder to write a series' instances to; it exists, and nobody else writes there."""

    @abstractmethod
    def publish(self) -> Path:
        """Make everything staged visible in one step and return where: the folder, or the single file.

        Raises
        ------
        DestinationError
            If the target appeared meanwhile or the system refuses; what was there before is untouched.
        """
