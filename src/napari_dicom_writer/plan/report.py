"""What was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_dicom_writer.mention import in_python
from napari_dicom_writer.model.verdict import summary
from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.plan.wording import count, describe, format_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dicom_writer.mention import Speller
    from napari_dicom_writer.plan.plan import ExportPlan
    from napari_dicom_writer.plan.sent import Sent


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written.

    Attributes
    ----------
    path : Path
        The folder, or the single file.
    plan : ExportPlan
        Every decision, with what was assumed and lost in `plan.notes`.
    bytes : int
        Size of all files.
    seconds : float
        Time from the first byte to publishing.
    verified : VerifyLevel
        How much was read back before publishing: less than was asked for, where the medium itself cannot be read.
    sent : Sent or None
        What the peer said to every instance; None where nothing left this machine. Then `path` is where they waited
        until all had arrived.
    """

    path: Path
    plan: ExportPlan
    bytes: int
    seconds: float
    verified: VerifyLevel
    sent: Sent | None = None

    @property
    def place(self) -> str:
        """Where all of it is now: a path, or the address of a peer."""
        return self.sent.peer if self.sent else str(self.path)

    @property
    def checked(self) -> str:
        """What was read back, in words."""
        if self.verified is VerifyLevel.FULL and self.plan.verify is VerifyLevel.MEDIUM:
            return (
                "every voxel and every header read back and compared, but from memory: "
                "the system does not say that it has read the disk"
            )
        return {
            VerifyLevel.MEDIUM: "every voxel and every header read back and compared, and read from the disk again",
            VerifyLevel.FULL: "every voxel and every header read back and compared",
            VerifyLevel.HEADERS: "every header read back and compared; pixels were not",
            VerifyLevel.OFF: "nothing read back",
        }[self.verified]

    def __str__(self) -> str:
        return self.told(in_python)

    def told(self, speller: Speller) -> str:
        """Write the report, options in the reader's words."""
        written = f"Wrote {count(self.plan.instances)}, {format_bytes(self.bytes)}, to {self.place}"
        lines = [written, f"  {self.checked}", *([f"  {self.sent}"] if self.sent else [])]
        for series in self.plan.series:
            lines.append(f"  {describe(series)}")
            lines += [f"    opens as a volume in: {summary(series.opens_in)}"] if series.stored.bits else []
        lines += [f"  {note.kind}: {note.spelled(speller)}" for note in self.plan.notes]
        return "\n".join(lines)
