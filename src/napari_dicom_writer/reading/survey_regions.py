"""What a structure set holds, region by region, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.model.contours import POINT
from napari_dicom_writer.reading.contour_data import counted
from napari_dicom_writer.reading.contours import places_on
from napari_dicom_writer.reading.derived_planes import planes_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.reading.structure_set import Region, StructureSet


@dataclass(frozen=True, slots=True)
class RegionSurvey:
    """One region.

    Attributes
    ----------
    number : int
        ROI Number.
    name, interpreted_type : str
        As written; empty where they are not.
    color : tuple of int or None
        Red, green and blue, 0 to 255.
    contours, points : int
        How many there are; points that are contours by themselves are counted apart.
    planes : int
        On how many different ones contours lie.
    """

    number: int
    name: str
    interpreted_type: str
    color: tuple[int, int, int] | None
    contours: int
    points: int
    planes: int

    def __str__(self) -> str:
        counts = []
        if self.contours:
            counts.append(f"{counted(self.contours, 'contour')} on {counted(self.planes, 'plane')}")
        if self.points:
            counts.append(counted(self.points, "point"))
        told = ", ".join(filter(None, (*counts, self.interpreted_type)))
        return f"{self.number} {self.name or 'without a name'}: {told}"


def regions_of(structures: Iterable[StructureSet]) -> tuple[RegionSurvey, ...]:
    """Count what structure sets hold."""
    return tuple(one for structure in structures for one in _regions(structure))


def _regions(structure: StructureSet) -> Sequence[RegionSurvey]:
    if not structure.regions:
        return ()
    affine, _ = planes_from([contour.outline for contour in structure.contours])
    return [_counted(region, affine) for region in structure.regions]


def _counted(region: Region, affine: NDArray[np.float64]) -> RegionSurvey:
    lines = [contour.outline for contour in region.contours if contour.outline.kind != POINT]
    planes = len(np.unique(np.round(places_on(lines, affine).center, 2))) if lines else 0
    segment = region.segment
    points = len(region.contours) - len(lines)
    return RegionSurvey(
        region.number, segment.name, segment.interpreted_type, segment.color, len(lines), points, planes
    )
