"""What goes wrong with an instance: what read-back finds, and what the system refuses."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import DestinationError, ExportError, VerificationError
from napari_dicom_writer.standard.system_errors import remedy_for

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@contextmanager
def faults_of(series: SeriesPlan, instance: InstancePlan | None = None) -> Iterator[None]:
    """Say of every fault where it was found."""
    try:
        yield
    except Fault as fault:
        raise found_in(series, fault, instance) from None
    except ExportError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a damaged file makes the parser or the decoder raise
        raise found_in(series, Fault(f"it cannot be read: {type(error).__name__}: {error}"), instance) from None


def found_in(series: SeriesPlan, fault: Fault, instance: InstancePlan | None = None) -> VerificationError:
    """Say where a fault was found."""
    where = f"series {series.number}" + (f", instance {instance.number}" if instance else "")
    return VerificationError(f"Read back, {fault.what}", fault.remedy, where)


def writing_failed(error: OSError) -> DestinationError:
    """Say in our words that the system refuses to write."""
    return DestinationError(f"Writing failed, and nothing was written: {error.strerror}", remedy_for(error))
