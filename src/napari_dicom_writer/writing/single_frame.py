"""A series of single-frame instances: encode, write, read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.writing.fault import writing_failed
from napari_dicom_writer.writing.read_back import SeriesVerifier
from napari_dicom_writer.writing.series_writer import SeriesWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.plan.frames import InstancePlan, Place
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.writing.across import Seen


class SingleFrameWriter(SeriesWriter):
    """Writes a file a plane; see `SeriesWriter`. Nothing is kept open."""

    def __init__(self, series: SeriesPlan, folder: str, level: VerifyLevel) -> None:
        super().__init__(series, folder, level)
        self._stored = series.stored
        self.verifier = None if level is VerifyLevel.OFF else SeriesVerifier(series, level)

    def write(self, places: Sequence[Place], values: NDArray[Any]) -> int:
        """Write the instances of a plane and read them back; see `SeriesWriter.write`."""
        size = 0
        for place in places:
            size += self.write_as(self.path_of(place.instance), place.instance, values)[0]
        return size

    def write_as(self, path: str, instance: InstancePlan, values: NDArray[Any]) -> tuple[int, Seen | None]:
        """Write an instance to a file of any name, and read it back.

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

    def finish(self) -> int:
        """Check the series as a whole, after its last instance."""
        if self.verifier:
            self.verifier.finish()
        return 0

    def from_medium(self, tick: Callable[[], None]) -> bool:
        """Read all files again; see `SeriesVerifier.from_medium`."""
        return self.verifier is not None and self.verifier.from_medium(self._folder, tick)

    def close(self) -> None:
        """Nothing is open."""
