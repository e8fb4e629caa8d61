"""The one way from layers to files: plan, stage, verify, publish."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.destinations import open_destination
from napari_dicom_writer.errors import LayerError, OptionsError, Refusals
from napari_dicom_writer.identity.inherit import with_reference
from napari_dicom_writer.layers.inputs import as_sequence, as_volume, name_of
from napari_dicom_writer.options.export import ExportOptions, VerifyLevel
from napari_dicom_writer.plan.plan import count, describe, format_bytes
from napari_dicom_writer.planning.draft import where
from napari_dicom_writer.planning.resolve import resolve
from napari_dicom_writer.viewers.rules import summary
from napari_dicom_writer.writing.cluster.cluster import write_distributed
from napari_dicom_writer.writing.threads import write_volumes

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from distributed import Client

    from napari_dicom_writer.errors import Note
    from napari_dicom_writer.model.value_range import ScanCache
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.plan.plan import ExportPlan

Progress = Callable[[int, int], None]
"""Called with (instances done, total); raise `ExportCancelled` in it to stop."""


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
        How much was read back before publishing.
    """

    path: Path
    plan: ExportPlan
    bytes: int
    seconds: float
    verified: VerifyLevel

    @property
    def checked(self) -> str:
        """What was read back, in words."""
        return {
            VerifyLevel.FULL: "every voxel and every header read back and compared",
            VerifyLevel.HEADERS: "every header read back and compared",
            VerifyLevel.OFF: "not read back",
        }[self.verified]

    def __str__(self) -> str:
        lines = [f"Wrote {count(self.plan.instances)}, {format_bytes(self.bytes)}, to {self.path}", f"  {self.checked}"]
        for series in self.plan.series:
            lines += [f"  {describe(series)}", f"    opens as a volume in: {summary(series.opens_in)}"]
        lines += [f"  {note.kind}: {note}" for note in self.plan.notes]
        return "\n".join(lines)


def plan_export(
    layers: Any,
    options: ExportOptions | None = None,
    *,
    progress: Progress | None = None,
    scans: ScanCache | None = None,
) -> ExportPlan:
    """Decide everything about an export and write nothing.

    Parameters
    ----------
    layers
        One or several napari layers, layer tuples ``(data, attributes, type)``, `Volume` objects or NumPy arrays.
    options
        Default: `ExportOptions()`.
    progress
        Called with (0, total instances) while values are scanned; raise `ExportCancelled` in it to stop.
    scans
        Remembers what scans found, for who plans the same arrays again.

    Returns
    -------
    ExportPlan

    Raises
    ------
    ExportError
        With every reason why it cannot be done.
    """
    refusals = Refusals()
    resolved = _prepare(layers, options or ExportOptions(), refusals, progress, scans)
    refusals.raise_if_any()
    assert resolved is not None  # noqa: S101 - refused otherwise
    return resolved[0]


def export(
    layers: Any,
    path: str | os.PathLike[str],
    options: ExportOptions | None = None,
    *,
    progress: Progress | None = None,
    client: Client | None = None,
) -> ExportReport:
    """Write layers as DICOM: whole and verified under `path`, or not at all.

    Parameters
    ----------
    layers
        One or several napari layers, layer tuples ``(data, attributes, type)``, `Volume` objects or NumPy arrays.
    path
        ``x.dcm``, ``x`` and ``x/`` are the same: the file ``x.dcm`` for a single instance, the folder ``x`` for a
        series, one folder per series in ``x`` for several.
    options
        Default: `ExportOptions()`.
    progress
        Called with (instances done, total), also while values are scanned before writing; raise `ExportCancelled` in it
        to stop.
    client
        Of a dask.distributed cluster whose workers share the file system of `path`: they read, write and verify, slab
        by slab. Default: threads of this process.

    Returns
    -------
    ExportReport

    Raises
    ------
    ExportError
        With every reason why it cannot be done; nothing was written, and what was there before is untouched.

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
    options = options or ExportOptions()
    refusals = Refusals()
    resolved = _prepare(layers, options, refusals, progress)
    with refusals.collect():
        destination = open_destination(path, resolved[0] if resolved else None, overwrite=options.overwrite)
    refusals.raise_if_any()
    assert resolved is not None  # noqa: S101 - refused otherwise
    plan, volumes = resolved
    start = time.perf_counter()
    with destination.stage() as staging:
        counter = _Counter(plan.instances, progress)
        if client is None:
            size = write_volumes(plan, volumes, staging, options.verify, counter)
        else:
            size = write_distributed(plan, volumes, staging, options.verify, counter, client)
        published = staging.publish()
    return ExportReport(published, plan, size, time.perf_counter() - start, options.verify)


def _prepare(
    layers: Any,
    options: ExportOptions,
    refusals: Refusals,
    progress: Progress | None,
    scans: ScanCache | None = None,
) -> tuple[ExportPlan, list[Volume]] | None:
    """Make volumes of whatever was given, and plan them; refusals of every step are collected."""
    if not isinstance(options, ExportOptions):
        raise OptionsError(f"The options are a {type(options).__name__}", "Pass ExportOptions(modality=..., ...)")
    notes: list[Note] = []
    with refusals.collect("reference"):
        options, notes = with_reference(options)
    given = as_sequence(layers)
    volumes: list[Volume | None] = []
    if not given:
        with refusals.collect():
            raise LayerError("There is nothing to save", "Select at least one image layer")
    for index, layer in enumerate(given):
        volumes.append(None)
        with refusals.collect(where(index, name_of(layer))):
            volumes[-1] = as_volume(layer, options)
    total = sum(math.prod((*v.leading_shape, v.shape[0])) for v in volumes if v is not None)
    tick = partial(progress, 0, total) if progress else lambda: None
    resolved = resolve(volumes, options, refusals, tick, scans) if given else None
    if resolved is None:
        return None
    plan, read = resolved
    return replace(plan, series=tuple(replace(one, notes=(*notes, *one.notes)) for one in plan.series)), read


class _Counter:
    """Counts instances and tells the progress callback."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done, self._total, self._progress = 0, total, progress
        self(0)

    def __call__(self, instances: int = 1) -> None:
        self._done += instances
        if self._progress:
            self._progress(self._done, self._total)
