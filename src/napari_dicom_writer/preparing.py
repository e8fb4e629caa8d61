"""What is given, layers, arrays or files, made volumes and planned: all of an export before it is written."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.errors import LayerError
from napari_dicom_writer.identity.inherit import with_reference
from napari_dicom_writer.identity.series_in_folder import series_in_folder
from napari_dicom_writer.identity.series_of_labels import series_of_labels
from napari_dicom_writer.identity.source import from_source
from napari_dicom_writer.inputs.load import load
from napari_dicom_writer.layers.inputs import as_sequence, as_volume, name_of
from napari_dicom_writer.model.image_series import ImageSeries
from napari_dicom_writer.model.progress import Counter
from napari_dicom_writer.options.export import SOURCE
from napari_dicom_writer.options.layer import Wishes, has_own_options
from napari_dicom_writer.plan.wording import where
from napari_dicom_writer.planning.effects import idle_places, idle_switches
from napari_dicom_writer.planning.fractions import taken_as_segments
from napari_dicom_writer.planning.given import check_given
from napari_dicom_writer.planning.onto_image import needs_image
from napari_dicom_writer.planning.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_dicom_writer.errors import Note, Refusals
    from napari_dicom_writer.model.guard import Guards
    from napari_dicom_writer.model.origin import SourceSeries
    from napari_dicom_writer.model.progress import Progress
    from napari_dicom_writer.model.value_range import ScanCache
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.options.layer import LayerOptions
    from napari_dicom_writer.plan.plan import ExportPlan

    OnDisk = tuple[ImageSeries | str | None, dict[int, SourceSeries]]


def prepare(
    layers: Any,
    options: ExportOptions,
    refusals: Refusals,
    progress: Progress | None,
    scans: ScanCache | None = None,
    guards: Guards | None = None,
    there: Path | None = None,
) -> tuple[ExportPlan, list[Volume]] | None:
    """Make volumes of whatever was given, and plan them; refusals of every step are collected.

    Parameters
    ----------
    layers, options, progress, scans
        As for `plan_export`.
    refusals
        Collects every reason against the export.
    guards
        Put over the volumes before their values are looked at.
    there
        Where on this disk it will go, if it does.

    Returns
    -------
    (ExportPlan, list of Volume) or None
        The plan and the volumes it reads from; None if anything was refused.
    """
    notes = idle_switches(options)
    with refusals.collect("options"):
        lossy = options.attributes.get("LossyImageCompression", ("",))
        check_given(options.attributes, lossy=str(lossy[0]) if lossy else "")
    given, own = _opened(layers, options, refusals)
    wishes = Wishes(options, own)
    for index, its_own in own.items():
        with refusals.collect(where(index, name_of(given[index]))):
            check_given(its_own.given.get("attributes", ()))
    volumes: list[Volume | None] = []
    if not given and not refusals:
        with refusals.collect():
            raise LayerError("There is nothing to save", "Select at least one image layer")
    for index, layer in enumerate(given):
        volumes.append(None)
        with refusals.collect(where(index, name_of(layer))):
            volume = as_volume(layer, wishes.of(index))
            volumes[-1] = guards.over(volume, where(index, volume.name)) if guards else volume
    volumes = taken_as_segments(volumes, wishes)
    if refusals and options.reference == SOURCE:
        return None  # what a refused layer remembers is not known
    on_disk: OnDisk = (None, {})
    with refusals.collect("reference"):
        wishes, said, on_disk = _with_reference(wishes, volumes, there)
        notes += said
    total = sum(math.prod((*v.leading_shape, v.shape[0])) for v in volumes if v is not None)
    resolved = resolve(volumes, wishes, refusals, Counter(total, progress), scans, *on_disk) if given else None
    if resolved is None:
        return None
    notes += _idle_places(given, wishes)
    plan, read = resolved
    return replace(plan, series=tuple(replace(one, notes=(*notes, *one.notes)) for one in plan.series)), read


def _with_reference(
    wishes: Wishes, volumes: Sequence[Volume | None], there: Path | None
) -> tuple[Wishes, list[Note], OnDisk]:
    """Take patient and study of the reference; find the series that labels, and what was opened, belong to."""
    options, found, sources = from_source(wishes.common, [volume.origin if volume else None for volume in volumes])
    there_are = [volume for volume in volumes if volume is not None]
    labels = [volume for volume in there_are if volume.labels is not None]
    known: ImageSeries | None = None
    chosen: list[Note] = []
    if options.reference and options.reference.is_dir():
        known, chosen = series_in_folder(options.reference, (labels or there_are) if options.same_space else ())
        options = replace(options, reference=known.file)
    series, part = series_of_labels(options, known, labels, required=needs_image(volumes, wishes))
    images = len(labels) < len(there_are) or not labels
    space = series.space if isinstance(series, ImageSeries) else ""
    files = next((source.files for source in sources.values() if source.path == options.reference), ())
    options, said = with_reference(options, there, images=images, space=space, files=files)
    return Wishes(options, wishes.own), [*found, *chosen, *part, *said], (series, sources)


def _idle_places(layers: Sequence[Any], wishes: Wishes) -> list[Note]:
    """Say which options of the layers' place change no place: those of the export, and those of each layer."""

    def volumes(common: ExportOptions) -> list[Volume]:
        others = Wishes(common, wishes.own)
        return [as_volume(layer, others.of(index)) for index, layer in enumerate(layers)]

    notes = idle_places(wishes.common, volumes)
    for index, own in wishes.own.items():
        said = idle_places(wishes.of(index), partial(_one_volume, layers[index]), own.alone)
        notes += [replace(note, where=where(index, name_of(layers[index]))) for note in said]
    return notes


def _one_volume(layer: Any, options: ExportOptions) -> list[Volume]:
    return [as_volume(layer, options)]


def _opened(layers: Any, options: ExportOptions, refusals: Refusals) -> tuple[list[Any], dict[int, LayerOptions]]:
    """List what is given, files replaced by the images in them, and the options of their own by their position."""
    given: list[Any] = []
    own: dict[int, LayerOptions] = {}
    for item in [layers] if has_own_options(layers) else as_sequence(layers):
        layer, its_own = item if has_own_options(item) else (item, None)
        first = len(given)
        if isinstance(layer, str | PathLike):
            with refusals.collect():
                given += load(layer, options=its_own.over(options) if its_own else options)
        else:
            given.append(layer)
        own |= dict.fromkeys(range(first, len(given)), its_own) if its_own else {}
    return given, own
