"""What of a layer's time axis is written, and what is not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Fix, LayerError, Note, NoteKind
from napari_dicom_writer.options.choices import TimeLayout
from napari_dicom_writer.standard.text import moment_of

if TYPE_CHECKING:
    from datetime import datetime

    from napari_dicom_writer.iods._base import IOD
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.plan import SeriesPlan, TimePlan

_MICROSECOND = 1e-6


def check_dates(time: TimePlan, created: datetime, options: ExportOptions) -> None:
    """Refuse time points that no calendar holds.

    Raises
    ------
    LayerError
    """
    acquired = _acquired(options)
    try:
        created - timedelta(seconds=time.before_last(0) or 0.0)
        for index in (0, time.length) if acquired else ():
            acquired + timedelta(seconds=time.offset(index) or 0.0)  # type: ignore[operator]  # not None here
    except OverflowError:
        what = "Its time points go past the first or the last date there is"
        raise LayerError(what, "Give a shorter time between them") from None


def time_notes(iod: IOD, series: SeriesPlan) -> list[Note]:
    """Say what of the time points, in one series, is not known, not written, or not understood by most readers."""
    time = series.time
    if time is None:
        return []
    if iod.contours:
        text = f"{time.points:,} structure sets: which time point each is of is told by the planes that it references"
        return [Note(NoteKind.INFO, f"{text}, and by its Instance Number")] if time.points > 1 else []
    notes = _step_notes(iod, series, time)
    if time.points > 1:
        text = f"{time.points} time points in one series: SimpleITK stacks them into one long volume"
        notes.append(Note(NoteKind.INFO, text, fix=Fix("time", TimeLayout.SERIES_PER_POINT, "Split time points")))
    return notes


def _step_notes(iod: IOD, series: SeriesPlan, time: TimePlan) -> list[Note]:
    options = series.options
    if time.step is None:
        return [Note(NoteKind.ASSUMED, "The time between its time points is not known, and not written")]
    text = "Its time points are closer than a microsecond, which their times cannot tell"
    closer = [Note(NoteKind.LOST, text)] if time.step < _MICROSECOND else []
    if _acquired(options):
        text = f"Its time begins at {time.start:g} s: acquisition times begin that long after the one given"
        return [*closer, Note(NoteKind.INFO, text)] if time.start else closer
    numbers = time.points > 1 and not iod.multiframe
    numbered = options.time is TimeLayout.NUMBERED and numbers
    if numbered or iod.tells_time(series):
        return closer
    text = f"The {time.step:g} s between its time points are in Content Time only: when they were acquired is not known"
    number = Fix("time", TimeLayout.NUMBERED, "Number the times")
    fix = number if numbers else Fix("series.acquisition_date", None, "Set date…")
    return [*closer, Note(NoteKind.INFO, text, fix=fix)]


def _acquired(options: ExportOptions) -> datetime | None:
    return moment_of(options.series.acquisition_date, options.series.acquisition_time)
