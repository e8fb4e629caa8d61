"""The facts of a survey: what a folder of DICOM holds, series by series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dicom_writer.model.segments import Segment
    from napari_dicom_writer.model.verdict import Verdict
    from napari_dicom_writer.reading.catalogue import Passed
    from napari_dicom_writer.reading.survey_regions import RegionSurvey


@dataclass(frozen=True, slots=True)
class SeriesSurvey:
    """What the files of one series say.

    Attributes
    ----------
    number, description, modality : str
        As written; empty where they are not.
    kind, encoding : str
        Names of the SOP Class and of the transfer syntax.
    folder : Path
        Where its first file is.
    instances : int
        Files.
    frames : int
        Pictures in them; 0 for objects without pixels.
    size : tuple of int
        (planes, rows, columns); planes are different positions, or pictures where positions are not known.
    time_points : int
        How many pictures share each position.
    spacing : tuple of float or None
        Between (planes, rows, columns), mm; None where unknown.
    directions : str
        Where columns, rows and planes run, in patient letters such as ``L, P, H``; empty where unknown.
    position : tuple of float or None
        Center of the first voxel of the first plane, LPS mm.
    window : tuple of float or None
        Center and width of the first window, as written.
    values : tuple of float or None
        Least and greatest real-world value; not of segments.
    unit : str
        Of the values, in UCUM; empty where none is said.
    segments : tuple of Segment
        What a segmentation shows.
    regions : tuple of RegionSurvey
        What a structure set holds.
    opens_in : tuple of Verdict
        Which software opens it as a volume; empty where it is none.
    remarks : tuple of str
        What is peculiar, and why something is unknown.
    """

    number: str
    description: str
    modality: str
    kind: str
    encoding: str
    folder: Path
    instances: int
    frames: int = 0
    size: tuple[int, int, int] = (0, 0, 0)
    time_points: int = 1
    spacing: tuple[float | None, float | None, float | None] = (None, None, None)
    directions: str = ""
    position: tuple[float, float, float] | None = None
    window: tuple[float, float] | None = None
    values: tuple[float, float] | None = None
    unit: str = ""
    segments: tuple[Segment, ...] = ()
    regions: tuple[RegionSurvey, ...] = ()
    opens_in: tuple[Verdict, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """All series of a folder.

    Attributes
    ----------
    series : tuple of SeriesSurvey
        Study by study, by series number.
    foreign : int
        Files that are not DICOM, or too broken to belong to a series.
    passed : tuple of Passed
        What was not looked at.
    """

    series: tuple[SeriesSurvey, ...]
    foreign: int
    passed: tuple[Passed, ...] = ()
