"""The 16-bit series beside a map, for programs that open no maps; and the image that each map is shown with."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_dicom_writer import iods
from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.mention import mention
from napari_dicom_writer.options.choices import ValuePolicy
from napari_dicom_writer.plan.stored_values import ModalityLUT
from napari_dicom_writer.plan.wording import where
from napari_dicom_writer.planning.sources import planes_of_export, times_of
from napari_dicom_writer.planning.verdicts import with_verdicts
from napari_dicom_writer.viewers._base import COMPANION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.iods._base import IOD
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.planning.draft import Draft

SUFFIX = ", 16 bits"
"""Of its Series Description."""


def wants_companion(iod: IOD, options: ExportOptions) -> bool:
    """Whether a series is to have another one beside it."""
    return options.companion and iod.rules.floats


def companion_iod(options: ExportOptions) -> IOD:
    """Return the object of the modality, which 16-bit programs know."""
    return iods.choose(replace(options, object=iods.AUTO))[0]


def companion_of(draft: Draft, options: ExportOptions) -> tuple[Draft, ExportOptions, list[Note]]:
    """Draft the series beside a map: the same planes, values fitted into 16 bits, NaN as the lowest value.

    Parameters
    ----------
    draft
        Of the map.
    options
        Of its layer.

    Returns
    -------
    Draft, ExportOptions, list of Note
        Without the unit, where the object of the modality has no term for it, which is noted.
    """
    iod, notes = companion_iod(options), []
    unit, known = options.value_unit, iod.units or IODS["ct"].units
    if unit and unit not in known and iod.rules.lut is not ModalityLUT.REAL_WORLD:
        notes.append(
            Note(NoteKind.LOST, f"{IODS.row(iod.key).title} has no term for {unit}: only the map says its unit")
        )
        unit = "US" if "US" in known else ""
    lows = [float(found.low) for found in draft.ranges.values() if found.nan or found.infinite]
    fill = min((low for low in lows if math.isfinite(low)), default=None)
    own = replace(
        options,
        object=iods.AUTO,
        companion=False,
        value_unit=unit,
        quantity=options.quantity if "quantity" in iod.honors else "",
        values=ValuePolicy.FIT,
        nan=fill if options.nan is None else options.nan,
    )
    beside = replace(draft, iod=iod, notes=[], where=f"{draft.where}, its companion")
    return beside, own, [*iod.check_options(own), *notes]


def shown_with_images(plans: Sequence[SeriesPlan]) -> list[SeriesPlan]:
    """Let each map name an image of the export on its grid, its companion first: OHIF shows none without."""
    return [_shown_with(plan, plans) if plan.stored.is_float else plan for plan in plans]


def _shown_with(one: SeriesPlan, plans: Sequence[SeriesPlan]) -> SeriesPlan:
    size = (one.planes, one.rows, one.columns)
    images = [
        plan
        for plan in plans
        if not (plan.segments or plan.stored.is_float or plan.projected)
        and plan.grid == one.grid
        and (plan.planes, plan.rows, plan.columns) == size
    ]
    if not images:
        text = "No image of this export lies on its grid: OHIF shows a map only with an image in the study"
        hint = f"{mention('companion', True)} writes one"
        note = Note(NoteKind.INFO, text, where(one.volume_index, one.layer), hint=hint, fix=COMPANION)
        return replace(one, notes=(*one.notes, note))
    own = times_of(one)
    best = min(images, key=lambda plan: (plan.volume_index != one.volume_index, len(own - times_of(plan))))
    (judged,) = with_verdicts(IODS[one.iod], [replace(one, shown_with=planes_of_export(best, one))])
    return judged
