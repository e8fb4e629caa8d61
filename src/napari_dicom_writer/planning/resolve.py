"""From volumes and options to an `ExportPlan`: every decision is taken here, and nothing is written.

Pixels are read only where the choice of stored values needs their range, slab by slab.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_dicom_writer import iods
from napari_dicom_writer.codecs import codec_of
from napari_dicom_writer.errors import Note, NoteKind, OptionsError
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.image_series import ImageSeries
from napari_dicom_writer.options.choices import SpacingAt
from napari_dicom_writer.options.groups import Series
from napari_dicom_writer.plan.plan import ExportPlan, SeriesPlan
from napari_dicom_writer.plan.stored_values import Method
from napari_dicom_writer.plan.wording import where
from napari_dicom_writer.planning.companion import SUFFIX, companion_of, shown_with_images, wants_companion
from napari_dicom_writer.planning.draft import Draft, image_of_draft, kind_of, make_draft
from napari_dicom_writer.planning.effects import idle, idle_for, of_other_objects
from napari_dicom_writer.planning.on_disk import with_origins
from napari_dicom_writer.planning.onto_image import Image, image_of_series, needs_image
from napari_dicom_writer.planning.series import plan_series
from napari_dicom_writer.planning.sources import with_sources
from napari_dicom_writer.planning.space import check_shared_space
from napari_dicom_writer.planning.study import laterality_note, plan_study, study_notes
from napari_dicom_writer.planning.together import name_of_set, sets_of, together
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_dicom_writer.codecs._base import Codec
    from napari_dicom_writer.errors import Refusals
    from napari_dicom_writer.iods._base import IOD
    from napari_dicom_writer.model.origin import SourceSeries
    from napari_dicom_writer.model.value_range import ScanCache
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.options.layer import Wishes
    from napari_dicom_writer.plan.plan import StudyPlan

_COMPRESSION = ("transfer_syntax", "lossy_error", "lossy_ratio")
_LARGE_FRAME = 2**18  # bytes; copying them to the system and back takes longer than what Python does about it


def resolve(
    volumes: Sequence[Volume | None],
    wishes: Wishes,
    refusals: Refusals,
    tick: Callable[[int], None],
    scans: ScanCache | None = None,
    series: ImageSeries | str | None = None,
    sources: Mapping[int, SourceSeries] | None = None,
) -> tuple[ExportPlan, list[Volume]] | None:
    """Decide everything about an export.

    Parameters
    ----------
    volumes
        None where a layer was refused already.
    wishes
        What the user wants.
    refusals
        Collects every reason against the export.
    tick
        Called after every slab whose values were scanned; may raise to stop.
    scans
        Earlier scans, which are not repeated.
    series
        That exists already, and labels may belong to; or why they have to do without, in words.
    sources
        Position of a volume → the series on disk that it was opened from, and is to reference.

    Returns
    -------
    (ExportPlan, list of Volume) or None
        The plan and the volumes it reads from, resampled where the options said so; None if anything was refused.
    """
    options = wishes.common
    codecs = _codecs(volumes, wishes, refusals)
    written = _objects(volumes, wishes)
    general = [*study_notes(options), *of_other_objects(options, [*written.values()])]
    notes = _checked(written, volumes, wishes, refusals)
    _check_taken(volumes, wishes, refusals)
    drafts = _drafts(volumes, wishes, refusals, tick, scans, series)
    with refusals.collect():
        # With a Frame of Reference UID of their own, users vouch for the space themselves.
        if not options.study.frame_of_reference_uid:
            check_shared_space([(draft.where, draft.grid, draft.volume.shape) for draft in drafts])
    plans: list[SeriesPlan] = []
    study = plan_study(options)
    general += idle(wishes, volumes, drafts)
    # Options that its object refuses make no data set.
    sets = sets_of([draft for draft in drafts if draft.index in notes], wishes)
    for drawn_together in sets:
        name = name_of_set([draft.volume.name for draft in drawn_together])
        members: list[SeriesPlan] = []
        for draft in drawn_together:
            with refusals.collect(draft.where):
                volume = volumes[draft.index]
                own = idle_for(draft, wishes, volume, drafts) if volume else []
                said = [*notes[draft.index], *general, *own]
                several = len(sets) > 1
                members += _series(draft, codecs[draft.index], wishes, study, said, len(plans), name, several=several)
        plans += [together(members)] if len(drawn_together) > 1 and members else members
    with refusals.collect("options"):
        _check_numbers(plans, wishes)
    if refusals:
        return None
    plans = shown_with_images(plans)
    plans = with_origins(with_sources(plans, {draft.index: draft.image for draft in drafts}), sources or {})
    return ExportPlan(study, tuple(plans), _workers(plans, options)), [draft.volume for draft in drafts]


def _series(
    draft: Draft,
    codec: Codec | None,
    wishes: Wishes,
    study: StudyPlan,
    notes: Sequence[Note],
    before: int,
    name: str,
    *,
    several: bool,
) -> list[SeriesPlan]:
    """Plan the series of a layer: numbered behind those before, and named apart, unless it says both for itself."""
    own = wishes.own[draft.index].alone.series if draft.index in wishes.own else Series()
    first, several = 0 if own.number else before, several and not own.description
    options = wishes.of(draft.index)
    plans = plan_series(draft, codec, options, study, notes, first=first, several=several, name=name)
    if not wants_companion(draft.iod, options):
        return plans
    beside, its, said = companion_of(draft, options)
    first += len(plans)
    return [*plans, *plan_series(beside, None, its, study, said, first=first, several=several, suffix=SUFFIX)]


def _codecs(volumes: Sequence[Volume | None], wishes: Wishes, refusals: Refusals) -> list[Codec | None]:
    """Open the codec of each layer."""
    common: Codec | None = None
    with refusals.collect("options"):
        common = codec_of(wishes.common)
    found = [common] * len(volumes)
    for index, volume in enumerate(volumes):
        if volume is not None and any(wishes.says(index, name) for name in _COMPRESSION):
            with refusals.collect(where(index, volume.name)):
                found[index] = codec_of(wishes.of(index))
    return found


def _checked(
    written: Mapping[int, IOD], volumes: Sequence[Volume | None], wishes: Wishes, refusals: Refusals
) -> dict[int, list[Note]]:
    """Let each object check the options of its layers, those of the export once; what it says, by layer it takes."""
    notes: dict[int, list[Note]] = {}
    common: dict[tuple[str, bool], list[Note] | None] = {}
    for index, iod in written.items():
        options, volume = wishes.of(index), volumes[index] if volumes else None
        if volume is not None and volume.lossy:  # which its pixels say, and nobody has to
            options = replace(options, attributes={"LossyImageCompression": ("01",), **options.attributes})
        kind = iod.key, bool(volume is not None and volume.lossy)
        if index in wishes.own:
            with refusals.collect(f"layer {index + 1}"):
                notes[index] = [*iod.check_options(options), *laterality_note(options)]
        elif kind not in common:
            common[kind] = None
            with refusals.collect("options"):
                common[kind] = [*iod.check_options(options), *laterality_note(options)]
        if index not in wishes.own and (said := common[kind]) is not None:
            notes[index] = said
    return notes


def _check_taken(volumes: Sequence[Volume | None], wishes: Wishes, refusals: Refusals) -> None:
    """Refuse an object that takes none of the layers it may be meant for."""
    kinds = {index: kind_of(volume) for index, volume in enumerate(volumes) if volume is not None}
    for index, kind in kinds.items():
        alone = wishes.says(index, "object")
        with refusals.collect(f"layer {index + 1}" if alone else "options"):
            iods.check_taken(wishes.of(index).object, kind, () if alone else kinds.values())


def _check_numbers(plans: Sequence[SeriesPlan], wishes: Wishes) -> None:
    """Refuse two series of one number where layers have numbers of their own."""
    taken: dict[int, str] = {}
    for plan in plans if any("series" in own.given for own in wishes.own.values()) else ():
        if plan.number in taken:
            what = (
                f"Series {plan.number} would be of {taken[plan.number]} and of {where(plan.volume_index, plan.layer)}"
            )
            raise OptionsError(what, f"Give one of them another {mention('series.number')}")
        taken[plan.number] = where(plan.volume_index, plan.layer)


def _drafts(
    volumes: Sequence[Volume | None],
    wishes: Wishes,
    refusals: Refusals,
    tick: Callable[[int], None],
    scans: ScanCache | None,
    series: ImageSeries | str | None,
) -> list[Draft]:
    """Draft images before labels, which are laid onto their grids; in the order of the volumes."""
    drafts: list[Draft] = []
    existing: Image | str | None = None
    with refusals.collect("reference"):
        keep = not needs_image(volumes, wishes)
        existing = image_of_series(series, required=not keep) if isinstance(series, ImageSeries) else series
    there = [existing] if isinstance(existing, Image) else []
    given = [(index, volume) for index, volume in enumerate(volumes) if volume is not None]
    for index, volume in sorted(given, key=lambda pair: pair[1].labels is not None):
        # A projection lies nowhere, and nothing lies on it.
        placed = (d for d in drafts if d.labels is None and wishes.of(d.index).spacing_at is SpacingAt.PATIENT)
        images = [*map(image_of_draft, placed), *there]
        with refusals.collect(where(index, volume.name)):
            draft = make_draft(index, volume, wishes.of(index), tick, scans, images)
            if isinstance(existing, str) and draft.labels and not draft.image:
                draft.notes.append(Note(NoteKind.INFO, f"It names no plane of the reference. {existing}"))
                draft.off_grid = True
            drafts.append(draft)
    return sorted(drafts, key=lambda draft: draft.index)


def _objects(volumes: Sequence[Volume | None], wishes: Wishes) -> dict[int, IOD]:
    """What each layer becomes; where all were refused, what an image would become."""
    found = {
        index: iods.choose(wishes.of(index), kind_of(volume), color=volume.rgb)[0]
        for index, volume in enumerate(volumes)
        if volume is not None
    }
    return found or {0: iods.choose(wishes.common)[0]}


def _workers(series: Sequence[SeriesPlan], options: ExportOptions) -> int:
    """As many threads as pay: for arithmetic, and for large frames, each a file; others get slower (measured)."""
    syntaxes = {s.options.transfer_syntax for s in series} - {TransferSyntax.EXPLICIT_LE}
    arithmetic = any(s.stored.method in (Method.QUANTIZE, Method.SCALE_8) for s in series)
    large = all(s.frame_bytes >= _LARGE_FRAME and not iods.IODS[s.iod].multiframe for s in series)
    busy = arithmetic or (all(syntax.row.thread_safe for syntax in syntaxes) if syntaxes else large)
    return options.workers or (min(8, os.cpu_count() or 1) if busy else 1)
