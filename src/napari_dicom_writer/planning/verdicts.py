"""What viewers will make of the planned series."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_dicom_writer.viewers import opens_in
from napari_dicom_writer.viewers.seen import SeriesFacts, describe, times_told_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.iods._base import IOD
    from napari_dicom_writer.model.verdict import Verdict
    from napari_dicom_writer.plan.plan import SeriesPlan


def with_verdicts(iod: IOD, plans: Sequence[SeriesPlan]) -> list[SeriesPlan]:
    """Add to each series of one volume which software opens it; series that are stored alike are judged once."""
    known: dict[object, tuple[Verdict, ...]] = {}
    judged = []
    for series in plans:
        alike = (series.stored, series.window, series.time)
        if alike not in known:
            # Nobody was asked for pictures without a place.
            known[alike] = () if series.projected or iod.contours else opens_in(_facts(iod, series))
        judged.append(replace(series, opens_in=known[alike]))
    return judged


def _facts(iod: IOD, series: SeriesPlan) -> SeriesFacts:
    """Describe a series by its plan as its files will be seen."""
    first, grid, shape = series.instances[0], series.grid, (series.planes, series.rows, series.columns)
    header = iod.dataset(replace(series, segments=series.segments[:1]), first)  # further ones say no more
    there = first.frames[0].plane
    at_one_place = [iod.varying(series, i) for i in series.instances if i.frames[0].plane == there]
    between, row, column = series.spacing
    return describe(
        header,
        series.options.transfer_syntax.uid,
        planes=series.planes,
        time_points=series.time_points,
        told_apart=len(at_one_place) > 1 and times_told_apart([at_one_place]),
        even=True,
        spacing=((between or 0.0) if series.planes > 1 else 0.0, row, column),
        upright=float(abs(grid.normal[2])),
        furthest=grid.largest_coordinate(shape),
    )
