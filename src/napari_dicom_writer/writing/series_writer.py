"""What writes one series, whether its instances hold one frame or many."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.writing.encode import SeriesEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.options.choices import VerifyLevel
    from napari_dicom_writer.plan.frames import InstancePlan, Place
    from napari_dicom_writer.plan.plan import SeriesPlan


class SeriesWriter(ABC):
    """Writes the frames of one series, and reads each back. Safe to share between threads.

    Its life: `write` for every plane, in whatever order; `finish` once; `from_medium` once everything is flushed, where
    that is asked for; `close` in any case.

    Parameters
    ----------
    series
        The plan.
    folder
        Where its files go.
    level
        How much is read back.
    """

    def __init__(self, series: SeriesPlan, folder: str, level: VerifyLevel) -> None:
        self._series, self._folder, self._level = series, folder, level
        self._encoder = SeriesEncoder(series)

    @abstractmethod
    def write(self, places: Sequence[Place], values: NDArray[Any]) -> int:
        """Write the frames of one plane and read them back.

        Parameters
        ----------
        places
            Which frames of which instances: all that show the plane.
        values
            The layer's values of the plane: (rows, columns) or (rows, columns, samples).

        Returns
        -------
        int
            Bytes written.

        Raises
        ------
        DestinationError
            If the system refuses to write.
        VerificationError
            If what is read back is not what was planned.
        """

    @abstractmethod
    def finish(self) -> int:
        """Write and read back what only the end knows, and check the series as a whole; raises as `write` does.

        Returns
        -------
        int
            Bytes that were not counted yet.
        """

    @abstractmethod
    def from_medium(self, tick: Callable[[], None]) -> bool:
        """Read all files again, once they are flushed.

        Parameters
        ----------
        tick
            Called after each; may raise to stop.

        Returns
        -------
        bool
            Whether all of them came from the medium.

        Raises
        ------
        VerificationError
            If one holds something else there.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of whatever is open; may be called again."""

    def path_of(self, instance: InstancePlan) -> str:
        """Return where the file of an instance is."""
        return f"{self._folder}{os.sep}{instance.filename}"
