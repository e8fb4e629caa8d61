"""Native pixels past what one file holds: refused, or cut into the files of a concatenation (PS3.3 C.7.6.16.2.2.4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Fix, Note, NoteKind, PixelError
from napari_dicom_writer.mention import mention
from napari_dicom_writer.plan.frames import InstancePlan, Part
from napari_dicom_writer.planning import compression
from napari_dicom_writer.standard.uids import derived

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dicom_writer.codecs._base import Codec
    from napari_dicom_writer.iods._base import IOD
    from napari_dicom_writer.plan.plan import SeriesPlan


def fitting(iod: IOD, series: SeriesPlan, codec: Codec | None) -> tuple[SeriesPlan, list[Note]]:
    """Cut instances whose native pixels are longer than a length can say (PS3.5 7.1.1), where that is wanted.

    Returns
    -------
    SeriesPlan, list of Note
        All its instances cut, if one must be, each into as few parts as can be, of about the same size.

    Raises
    ------
    PixelError
        If that is not wanted, or not possible.
    """
    limit, asked = compression.NATIVE_BYTES, series.options.concatenation
    longest = max(map(series.pixel_bytes, series.instances)) if iod.multiframe and codec is None else 0
    if longest <= limit:
        idle = f"{mention('concatenation', True)} changes nothing: no file passes what it can hold"
        return series, [Note(NoteKind.INFO, idle)] if asked else []
    size = f"Its pixels take {longest / 2**30:.3g} GiB, and one file holds 4"
    together = 8 * limit // series.frame_bits
    if not together or iod.frame_groups(series, series.instances[0]) is None:
        raise PixelError(size, _remedies(iod))
    if not asked:
        few = f"{mention('concatenation', True)} for several files, which few programs put together again"
        raise PixelError(size, f"{_remedies(iod)}, or {few}", fix=Fix("concatenation", True, "Several files"))
    parts = tuple(part for instance in series.instances for part in _parts(instance, together))
    text = f"{size}: written as {len(parts):,} files of a concatenation; most programs open each file by itself"
    return replace(series, instances=parts), [Note(NoteKind.INFO, text)]


def _remedies(iod: IOD) -> str:
    planes = f"Choose an {mention('object')} of one file a plane"
    return planes if iod.rules.floats else f"{planes}, compress it by {mention('transfer_syntax')}"


def _parts(instance: InstancePlan, together: int) -> Iterator[InstancePlan]:
    """Cut one instance into parts of at most so many frames."""
    frames = instance.frames
    total = -(-len(frames) // together)
    size = -(-len(frames) // total)
    uid = derived(instance.uid, "concatenation")
    for number, start in enumerate(range(0, len(frames), size), 1):
        part = Part(uid, instance.uid, number, total, start, frames)
        yield InstancePlan(derived(instance.uid, f"part {number}"), instance.number, frames[start : start + size], part)
