"""What goes wrong with an instance: what read-back finds, and what the system refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.errors import DestinationError, ExportError, VerificationError
from napari_dicom_writer.standard.system_errors import remedy_for

if TYPE_CHECKING:
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan

REMEDY = "Nothing was published. The source changed meanwhile, or disk or software are at fault: please report it"


class Fault(Exception):  # noqa: N818 - becomes a VerificationError, which says where
    """What is wrong, in words that follow "Read back, ".

    Parameters
    ----------
    what
        Such as ``Rows is not what the plan says``.
    remedy
        What to do about it.
    """

    def __init__(self, what: str, remedy: str = REMEDY) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


class faults_of:  # noqa: N801 - as the standard library names its context managers
    """Say of every fault where it was found; entered for every file, and so without a generator, which takes 1 µs."""

    __slots__ = ("_instance", "_series")

    def __init__(self, series: SeriesPlan, instance: InstancePlan | None = None) -> None:
        self._series, self._instance = series, instance

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        """Raise a fault anew, and whatever a damaged file makes the parser or the decoder raise."""
        if isinstance(error, Fault):
            raise found_in(self._series, error, self._instance) from None
        if isinstance(error, Exception) and not isinstance(error, ExportError):
            fault = Fault(f"it cannot be read: {type(error).__name__}: {error}")
            raise found_in(self._series, fault, self._instance) from None


def found_in(series: SeriesPlan, fault: Fault, instance: InstancePlan | None = None) -> VerificationError:
    """Say where a fault was found."""
    where = f"series {series.number}" + (f", instance {instance.number}" if instance else "")
    return VerificationError(f"Read back, {fault.what}", fault.remedy, where)


def writing_failed(error: OSError) -> DestinationError:
    """Say in our words that the system refuses to write."""
    return DestinationError(f"Writing failed, and nothing was written: {error.strerror}", remedy_for(error))
