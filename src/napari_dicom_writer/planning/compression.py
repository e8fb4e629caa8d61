"""Whether and how well a series can be compressed as asked: decided before anything is written."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.codecs import codec_of
from napari_dicom_writer.errors import Fix, Note, NoteKind, PixelError
from napari_dicom_writer.mention import mention
from napari_dicom_writer.options.choices import SegmentationType, ValuePolicy
from napari_dicom_writer.plan.stored_values import Method
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

if TYPE_CHECKING:
    import numpy as np

    from napari_dicom_writer.codecs._base import Codec
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.plan.stored_values import StoredValues


_UNCOMPRESSED = Fix("transfer_syntax", TransferSyntax.EXPLICIT_LE, "Uncompressed")
NATIVE_BYTES = 2**32 - 2  # length of native Pixel Data (PS3.5 7.1.1)


def plan_compression(
    codec: Codec | None,
    stored: StoredValues,
    notes: list[Note],
    size: tuple[int, int],
    dtype: np.dtype[Any],
    options: ExportOptions,
) -> tuple[StoredValues, list[Note]]:
    """Take the codec into the plan of the stored values.

    Parameters
    ----------
    codec
        None where pixels are native.
    stored, notes
        As `plan_values` decided.
    size
        (rows, columns).
    dtype
        Of the layer.
    options
        `transfer_syntax`, `values`.

    Returns
    -------
    StoredValues, list of Note
        With the codec's share of the largest error; infinite where it is not known beforehand.

    Raises
    ------
    PixelError
        If the codec cannot hold such frames, loses what ``values="exact"`` forbids to lose, or would change a mask.
    """
    if codec is None:
        rows, columns = size
        if rows * columns * stored.samples * stored.bits // 8 > NATIVE_BYTES:
            remedy = f"Crop, tile or downsample the layer, or compress it by {mention('transfer_syntax')}"
            raise PixelError(f"A plane of {rows:,} × {columns:,} passes 4 GiB", remedy)
        return stored, notes
    _check_frames(codec, size, stored)
    error = codec.largest_error()
    if error == 0:
        return stored, notes
    asked = mention("transfer_syntax", options.transfer_syntax)
    if options.values is ValuePolicy.EXACT:
        what = f"{asked} loses digits, and {mention('values', 'exact')} forbids it"
        raise PixelError(what, "Choose a lossless transfer syntax", fix=_UNCOMPRESSED)
    if dtype.kind == "b":
        what = f"It is a mask, and {asked} may change any of its values"
        raise PixelError(what, "Choose a lossless transfer syntax", fix=_UNCOMPRESSED)
    step = 1 / stored.gain if stored.method is Method.SCALE_8 else float(stored.slope)
    worst = math.inf if error is None else error * step * (1 + 1e-9) + stored.largest_error
    text = (
        f"Lossy JPEG 2000, about {options.lossy_ratio:g} times smaller: how much is lost is not known beforehand"
        if error is None
        else f"Near-lossless JPEG-LS: largest error, all in all, {worst:.3g}"
    )
    if dtype.kind in "iu" and stored.samples == 1:
        text += ". If its values are labels, some become others"
    return replace(stored, largest_error=worst), [*notes, Note(NoteKind.LOST, text, fix=_UNCOMPRESSED)]


def compress_segments(series: SeriesPlan, codec: Codec | None) -> tuple[SeriesPlan, Codec | None, list[Note]]:
    """Compress a segmentation without loss, whatever images lose; and say so.

    Raises
    ------
    PixelError
        Of masks, which no codec of DICOM takes that programs read (PS3.5 8.2); if the codec cannot hold such frames.
    OptionsError
        If what compresses without loss is not installed.
    """
    if codec is None:
        return series, None, []
    notes, asked = [], mention("transfer_syntax", series.options.transfer_syntax)
    if series.stored.bits == 1:
        remedy = f"Choose {mention('segmentation_type', SegmentationType.LABELMAP)}"
        remedy += f" or {mention('transfer_syntax', TransferSyntax.DEFLATED)}, for this layer if not for all"
        fix = Fix("segmentation_type", SegmentationType.LABELMAP, "Write a label map")
        raise PixelError(f"Its masks have one bit a pixel, and {asked} takes no bits", remedy, fix=fix)
    if codec.largest_error() != 0:
        options = replace(series.options, transfer_syntax=series.options.transfer_syntax.without_loss)
        series, codec = replace(series, options=options), codec_of(options)
        own = mention("transfer_syntax", options.transfer_syntax)
        text = f"Compressed as {own}, and not as {asked}: what is lost would make other segments of its voxels"
        notes.append(Note(NoteKind.INFO, text))
    if codec:
        _check_frames(codec, (series.rows, series.columns), series.stored)
    return series, codec, notes


def _check_frames(codec: Codec, size: tuple[int, int], stored: StoredValues) -> None:
    if reason := codec.why_not(*size, stored):
        remedy = f"Choose another transfer syntax, such as {mention('transfer_syntax', TransferSyntax.EXPLICIT_LE)}"
        raise PixelError(reason[0].upper() + reason[1:], remedy, fix=_UNCOMPRESSED)
