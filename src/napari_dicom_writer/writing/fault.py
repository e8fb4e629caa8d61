"""What goes wrong with an instance: what read-back finds, and what the system refuses."""

from __future__ import annotations

from napari_dicom_writer.errors import DestinationError

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


def writing_failed(error: OSError) -> DestinationError:
    """Say in our words that the system refuses to write."""
    return DestinationError(f"Writing failed: {error.strerror}", "Check space and permissions; nothing was written")
