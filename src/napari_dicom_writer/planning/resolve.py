"""From volumes and options to an `ExportPlan`: every decision is taken here, and nothing is written.

Pixels are read only where the choice of stored values needs their range, slab by slab.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from napari_dicom_writer import iods
from napari_dicom_writer.codecs import codec_of
from napari_dicom_writer.plan.plan import ExportPlan, SeriesPlan
from napari_dicom_writer.plan.stored_values import Method
from napari_dicom_writer.plan.wording import where
from napari_dicom_writer.planning.draft import Draft, image_of_draft, kind_of, make_draft
from napari_dicom_writer.planning.effects import idle, of_other_objects
from napari_dicom_writer.planning.on_disk import with_origins
from napari_dicom_writer.planning.onto_image import image_of_series
from napari_dicom_writer.planning.series import plan_series
from napari_dicom_writer.planning.sources import with_sources
from napari_dicom_writer.planning.space import check_shared_space
from napari_dicom_writer.planning.study import laterality_note, plan_study, study_notes
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_dicom_writer.codecs._base import Codec
    from napari_dicom_writer.errors import Note, Refusals
    from napari_dicom_writer.iods._base import IOD
    from napari_dicom_writer.model.image_series import ImageSeries
    from napari_dicom_writer.model.origin import SourceSeries
    from napari_dicom_writer.model.value_range import ScanCache
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.planning.onto_image import Image

_LARGE_FRAME = 2**18  # bytes; copying them to the system and back takes longer than what Python does about it


def resolve(
    volumes: Sequence[Volume | None],
    options: ExportOptions,
    refusals: Refusals,
    tick: Callable[[int], None],
    scans: ScanCache | None = None,
    series: ImageSeries | None = None,
    sources: Mapping[int, SourceSeries] | None = None,
) -> tuple[ExportPlan, list[Volume]] | None:
    """Decide everything about an export.

    Parameters
    ----------
    volumes
        None where a layer was refused already.
    options
        What the user wants.
    refusals
        Collects every reason against the export.
    tick
        Called after every slab whose values were scanned; may raise to stop.
    scans
        Earlier scans, which are not repeated.
    series
        That exists already, and labels may belong to.
    sources
        Position of a volume → the series on disk that it was opened from, and is to reference.

    Returns
    -------
    (ExportPlan, list of Volume) or None
        The plan and the volumes it reads from, resampled where the options said so; None if anything was refused.
    """
    notes: dict[str, list[Note]] = {}
    codec: Codec | None = None
    with refusals.collect("options"):
        codec = codec_of(options)
    written = _objects(volumes, options)
    general = [*study_notes(options), *laterality_note(options), *of_other_objects(options, written)]
    for iod in written:
        with refusals.collect("options"):
            notes[iod.key] = [*iod.check_options(options), *general]
    drafts = _drafts(volumes, options, refusals, tick, scans, series)
    with refusals.collect():
        # With a Frame of Reference UID of their own, users vouch for the space themselves.
        if not options.study.frame_of_reference_uid:
            check_shared_space([(draft.where, draft.grid, draft.volume.shape) for draft in drafts])
    plans: list[SeriesPlan] = []
    study = plan_study(options)
    unheard = idle(options, [volume for volume in volumes if volume is not None], drafts)
    for draft in drafts:
        with refusals.collect(draft.where):
            said = [*notes.get(draft.iod.key, []), *unheard]
            plans += plan_series(draft, codec, options, study, said, first=len(plans), several=len(volumes) > 1)
    if refusals:
        return None
    plans = with_origins(with_sources(plans, {draft.index: draft.image for draft in drafts}), sources or {})
    return ExportPlan(study, tuple(plans), _workers(plans, options)), [draft.volume for draft in drafts]


def _drafts(
    volumes: Sequence[Volume | None],
    options: ExportOptions,
    refusals: Refusals,
    tick: Callable[[int], None],
    scans: ScanCache | None,
    series: ImageSeries | None,
) -> list[Draft]:
    """Draft images before labels, which are laid onto their grids; in the order of the volumes."""
    drafts: list[Draft] = []
    existing: list[Image] = []
    if series:
        with refusals.collect("reference"):
            existing = image_of_series(series, options)
    given = [(index, volume) for index, volume in enumerate(volumes) if volume is not None]
    for index, volume in sorted(given, key=lambda pair: pair[1].labels is not None):
        images = [*(image_of_draft(draft) for draft in drafts if draft.labels is None), *existing]
        with refusals.collect(where(index, volume.name)):
            drafts.append(make_draft(index, volume, options, tick, scans, images))
    return sorted(drafts, key=lambda draft: draft.index)


def _objects(volumes: Sequence[Volume | None], options: ExportOptions) -> list[IOD]:
    """What the layers become, each object once; where all were refused, what an image would become."""
    kinds = dict.fromkeys((kind_of(v), v.rgb) for v in volumes if v is not None) or {(iods.IMAGE, False): None}
    chosen = [iods.choose(options, kind, color=color)[0] for kind, color in kinds]
    return list({iod.key: iod for iod in chosen}.values())


def _workers(series: Sequence[SeriesPlan], options: ExportOptions) -> int:
    """As many threads as pay: arithmetic and large frames are, writing small plain files gets slower (measured)."""
    syntax = options.transfer_syntax
    arithmetic = any(s.stored.method in (Method.QUANTIZE, Method.SCALE_8) for s in series)
    large = all(s.frame_bytes >= _LARGE_FRAME for s in series)
    native = syntax is TransferSyntax.EXPLICIT_LE
    busy = arithmetic or (large if native else syntax.row.thread_safe)
    return options.workers or (min(8, os.cpu_count() or 1) if busy else 1)
