"""One series: encode, write, read back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.writing.encode import SeriesEncoder
from napari_dicom_writer.writing.fault import writing_failed
from napari_dicom_writer.writing.read_back import SeriesVerifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.plan.frames import InstancePlan, Place
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.writing.across import Seen


class SeriesWriter:
    """Writes the instances of one series, and reads each back. Safe to share between threads.

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
        self._stored = series.stored
        self._folder = folder
        self._encoder = SeriesEncoder(series)
        self.verifier = None if level is VerifyLevel.OFF else SeriesVerifier(series, level)

    def write(self, places: Sequence[Place], values: NDArray[Any]) -> int:
        """Write the single-frame instances of one plane and read them back.

        Parameters
        ----------
        places
            Which ones.
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
        size = 0
        for place in places:
            path = f"{self._folder}{os.sep}{place.instance.filename}"
            size += self.write_as(path, place.instance, values)[0]
        return size

    def finish(self) -> int:
        """Check the series as a whole, after its last instance; return the bytes that were not counted yet."""
        if self.verifier:
            self.verifier.finish()
        return 0

    def from_medium(self, tick: Callable[[], None]) -> bool:
        """Read all files again, once they are flushed; see `SeriesVerifier.from_medium`."""
        return self.verifier is not None and self.verifier.from_medium(self._folder, tick)

    def close(self) -> None:
        """Nothing is kept open."""

    def write_as(self, path: str, instance: InstancePlan, values: NDArray[Any]) -> tuple[int, Seen | None]:
        """Write a single-frame instance to a file of any name, and read it back.

        Parameters
        ----------
        path
            A file that does not exist yet.
        instance, values
            As for `write`, which also says what it raises.

        Returns
        -------
        (int, Seen or None)
            Bytes written, and what was read back, if it was.
        """
        try:
            pieces = self._encoder.write(path, instance, self._stored.encode(values))
        except OSError as error:
            raise writing_failed(error) from error
        seen = self.verifier.instance(path, instance, values, pieces) if self.verifier else None
        return sum(map(len, pieces)), seen
