"""The one way from layers to files: plan, stage, verify, publish."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.destinations import open_destination, place_on_disk
from napari_dicom_writer.errors import NoteKind, OptionsError, Refusals, UnforeseenLossError
from napari_dicom_writer.layers.inputs import as_volume
from napari_dicom_writer.model.float_errors import with_default_float_errors
from napari_dicom_writer.model.guard import Guards
from napari_dicom_writer.model.progress import Counter, Progress
from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.options.export import ExportOptions
from napari_dicom_writer.plan.report import ExportReport
from napari_dicom_writer.plan.wording import where
from napari_dicom_writer.planning.draft import place
from napari_dicom_writer.preparing import prepare
from napari_dicom_writer.writing.cluster.cluster import write_distributed
from napari_dicom_writer.writing.threads import write_volumes

if TYPE_CHECKING:
    from os import PathLike

    from distributed import Client

    from napari_dicom_writer.model.image_series import ImageSeries
    from napari_dicom_writer.model.origin import SourceSeries
    from napari_dicom_writer.model.value_range import ScanCache
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.plan.grid import Grid
    from napari_dicom_writer.plan.plan import ExportPlan

    OnDisk = tuple[ImageSeries | None, dict[int, SourceSeries]]


@with_default_float_errors
def plan_export(
    layers: Any,
    options: ExportOptions | None = None,
    *,
    path: str | PathLike[str] | None = None,
    to: str | None = None,
    progress: Progress | None = None,
    scans: ScanCache | None = None,
) -> ExportPlan:
    """Decide everything about an export and write nothing.

    Parameters
    ----------
    layers
        One or several napari layers, layer tuples ``(data, attributes, type)``, `Volume` objects, NumPy arrays, or
        paths of image files, read as `load` does. ``(layer, LayerOptions(...))`` is a layer with options of its own.
    options
        Default: `ExportOptions()`.
    path, to
        Where it will go, as in `export`: a series that joins a study is numbered behind those that lie there.
    progress
        Called with (planes read, all planes) while values are scanned; raise `ExportCancelled` in it to stop.
    scans
        Remembers what scans found, for callers that plan the same arrays again.

    Returns
    -------
    ExportPlan

    Raises
    ------
    ExportError
        With every reason why it cannot be done.
    """
    refusals = Refusals()
    there = None if path is None else place_on_disk(path, to)
    resolved = prepare(layers, _checked(options), refusals, progress, scans, there=there)
    refusals.raise_if_any()
    assert resolved is not None  # noqa: S101 - refused otherwise
    return resolved[0]


@with_default_float_errors
def export(
    layers: Any,
    path: str | PathLike[str],
    options: ExportOptions | None = None,
    *,
    progress: Progress | None = None,
    client: Client | None = None,
    agreed: ExportPlan | None = None,
    to: str | None = None,
    sending: Progress | None = None,
) -> ExportReport:
    """Write layers as DICOM: whole and verified under `path`, or not at all.

    Parameters
    ----------
    layers
        One or several napari layers, layer tuples ``(data, attributes, type)``, `Volume` objects, NumPy arrays, or
        paths of image files, read as `load` does. ``(layer, LayerOptions(...))`` is a layer with options of its own.
    path
        ``x.dcm``, ``x`` and ``x/`` are the same: the file ``x.dcm`` for a single instance, the folder ``x`` for a
        series, one folder per series in ``x`` for several. ``x.zip`` is a zip file of all that, ``x/DICOMDIR`` the
        folder ``x`` ready for a CD or stick. With a `to` that sends, the address of a peer.
    options
        Default: `ExportOptions()`.
    progress
        Called with (frames done, total), also while values are scanned before writing; raise `ExportCancelled` in it
        to stop.
    client
        Of a dask.distributed cluster whose workers share the file system of `path`: they read, write and verify, slab
        by slab. Default: threads of this process.
    agreed
        The plan that somebody looked at before: what would be lost now, and is not lost in it, is refused, as where
        values were changed in place meanwhile. Default: whatever the plan of now says is agreed to.
    to
        What `path` is, whatever its name: ``"folder"``, ``"zip"``, ``"dicomdir"``, or to send, ``"c-store"``
        (``dicom://AETITLE@host:port``) or ``"stow-rs"`` (``https://host/path``). Default: as its name says.
    sending
        Called with (bytes that have gone out, all of them) while it is sent to a peer.

    Returns
    -------
    ExportReport

    Raises
    ------
    ExportError
        With every reason why it cannot be done; nothing was written, and what was there before is untouched.
    SendError
        If not all has arrived at a peer: the rest waits in a folder that it names.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from napari_dicom_writer import Volume
    >>> volume = Volume(np.arange(4096, dtype=np.int16).reshape(16, 16, 16), spacing=(2.5, 0.7, 0.7))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = export(volume, f"{folder}/scan", ExportOptions(modality="MR"))
    ...     len(list(report.path.glob("*.dcm")))
    16
    """
    options = _checked(options)
    refusals = Refusals()
    guards = Guards(mapped=client is None)
    # What is not read back is guarded from the first scan of its values on: a range that has changed would clip them.
    early = None if options.verify.pixels else guards
    guards.scan_only(on=True)
    there = place_on_disk(path, to)
    resolved = prepare(layers, options, refusals, _none_done(progress), guards=early, there=there)
    with refusals.collect():
        destination = open_destination(path, resolved[0] if resolved else None, overwrite=options.overwrite, to=to)
    if agreed and resolved:
        _refuse_other_losses(resolved[0], agreed, refusals)
    refusals.raise_if_any()
    assert resolved is not None  # noqa: S101 - refused otherwise
    plan, volumes = resolved
    guards.scan_only(on=False)
    if not early:
        volumes = [guards.over(volume, where(index, volume.name)) for index, volume in enumerate(volumes)]
    destination.reach()
    start = time.perf_counter()
    with destination.stage() as staging:
        folders = [str(staging.folder(series)) for series in plan.series]
        counter = Counter(plan.frames, progress)
        if client is None:
            written = write_volumes(plan, volumes, folders, options.verify, counter, staging.flush)
        else:
            written = write_distributed(plan, volumes, folders, options.verify, counter, client, staging.flush)
        tick = partial(counter, 0)
        guards.check_unchanged(tick)
        published = staging.publish(tick, sending)
    medium = options.verify is VerifyLevel.MEDIUM
    level = VerifyLevel.FULL if medium and not written.from_medium else options.verify
    return ExportReport(published, plan, written.bytes, time.perf_counter() - start, level, staging.sent)


def _checked(options: ExportOptions | None) -> ExportOptions:
    if not isinstance(options, ExportOptions | None):
        raise OptionsError(f"The options are a {type(options).__name__}", "Pass ExportOptions(modality=..., ...)")
    return options or ExportOptions()


def _refuse_other_losses(plan: ExportPlan, agreed: ExportPlan, refusals: Refusals) -> None:
    for note in plan.notes:
        if note.kind is NoteKind.LOST and note not in agreed.notes:
            with refusals.collect():
                what, remedy = f"Not as it was shown: {note.text}", "Export it again if this may be lost"
                raise UnforeseenLossError(what, remedy, note.where)


def _none_done(progress: Progress | None) -> Progress | None:
    """Tell of planes that are scanned without counting them: none of them is written."""
    return progress and (lambda _read, total: progress(0, total))


@with_default_float_errors
def place_layer(layer: Any, options: ExportOptions | None = None) -> tuple[Volume, Grid]:
    """Decide where one layer's planes will lie; no pixel is read.

    Returns
    -------
    Volume, Grid
        What will be written (resampled where the options say so), and the geometry exactly as the files will have it.

    Raises
    ------
    ExportError
        If it is not an image, or its geometry cannot be written.
    """
    options = options or ExportOptions()
    volume, grid, _ = place(as_volume(layer, options, check=False), options)
    return volume, grid
