"""The pixels themselves: as many as the header says, decoded, and within what the header says they hold."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from textwrap import shorten
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from pydicom.encaps import generate_frames

from napari_dicom_writer.checking.file.description import limits
from napari_dicom_writer.checking.file.planar import lies_by_plane
from napari_dicom_writer.checking.file.structure import PIXEL_DATA, PIXELS
from napari_dicom_writer.checking.file.swapped import looks_swapped
from napari_dicom_writer.reading import lenient as read
from napari_dicom_writer.reading.decoding.codestreams import CodestreamHead, expected_kind, is_native, read_head
from napari_dicom_writer.reading.decoding.process import DecodingError, TooLongError
from napari_dicom_writer.reading.decoding.source import MAX_FRAME_BYTES, pixel_source

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from napari_dicom_writer.checking.file.structure import Structure
    from napari_dicom_writer.checking.findings import Report

_REASON = 120  # characters of what a decoder says
_SUBSAMPLED = {"YBR_FULL_422": 2 / 3, "YBR_PARTIAL_422": 2 / 3, "YBR_PARTIAL_420": 1 / 2}
_UNDECODED = "Nothing can be shown by software that has no better decoder"


@dataclass(slots=True)
class Pixels:
    """What the decoded pixels of one instance say.

    Attributes
    ----------
    low, high : float
        Least and greatest stored value; infinite where nothing was decoded.
    swapped, by_plane : list of bool
        What `looks_swapped` and `lies_by_plane` say of its frames, where they say something.
    lossy : bool
        Whether the heads of its codestreams tell of loss.
    slow : bool
        Whether decoding them took too long.
    """

    low: float = math.inf
    high: float = -math.inf
    swapped: list[bool] = field(default_factory=list)
    by_plane: list[bool] = field(default_factory=list)
    lossy: bool = False
    slow: bool = False


def check_pixels(
    path: Path, structure: Structure, header: Dataset, report: Report, *, look: bool, decode: bool
) -> Pixels:
    """Decode the pixels of one instance frame by frame, where its structure lets a decoder be trusted with it.

    Parameters
    ----------
    path, structure, header
        The file, what the walk found, and its header.
    report
        Where to.
    look
        Whether to judge by their look if rows and columns are exchanged.
    decode
        Whether to decode compressed frames; not where those of others of their series took too long.
    """
    found = Pixels()
    if structure.fatal:
        return found  # said already, and no decoder should see it
    tag = next((tag for tag in PIXELS if tag in structure.lengths), 0)
    if not tag:
        if "Rows" in header:
            report.error("pixels-missing", "There are no pixels", "Nothing can be shown", PIXEL_DATA)
        return found
    native = is_native(structure.syntax)
    fits = (_native_fits if native else _frames_fit)(path, structure, header, report, found)
    if not fits:
        return found
    if not (native or decode):
        report.error("undecodable", "Pixels were not decoded, as decoding others took too long", _UNDECODED, tag)
        return found
    try:
        for frame in pixel_source(path, header, structure.syntax, structure.pixels_at).frames(raw=True):
            _take(frame, header, report, found, look=look)
            if look and native and frame.shape[2:] == (3,):
                _look_at_colors(frame, header, found)
        _check_mapped(header, report, found)
    except (DecodingError, OSError) as error:
        found.slow = isinstance(error, TooLongError)
        report.error("undecodable", f"Pixels cannot be decoded: {shorten(str(error), _REASON)}", _UNDECODED, tag)
    return found


def _take(frame: NDArray[Any], header: Dataset, report: Report, found: Pixels, *, look: bool) -> None:
    rows, columns = read.whole(header, "Rows"), read.whole(header, "Columns")
    if frame.shape[:2] != (rows, columns):
        what = f"A frame decodes to {frame.shape[0]} × {frame.shape[1]}, and the header says {rows} × {columns}"
        report.error("decoded-size", what, "Readers refuse it, or show stripes", PIXEL_DATA)
    if not frame.size:
        return
    low, high = frame.min(), frame.max()
    if not np.isfinite((low, high)).all():
        report.warning("not-finite", "Some values are not finite", "Viewers show them in any way")
        frame = frame[np.isfinite(frame)]
        low, high = frame.min(initial=math.inf), frame.max(initial=-math.inf)
    found.low, found.high = min(found.low, float(low)), max(found.high, float(high))
    if frame.dtype.kind == "f":
        return
    ends = limits(header)
    if ends and not (ends[0] <= low and high <= ends[1]) and frame.dtype.itemsize * 8 > 1:
        _say_beyond(header, report, f"Values from {low} to {high}")
    if look and frame.ndim == 2 and (swapped := looks_swapped(frame)) is not None:
        found.swapped.append(swapped)


def _look_at_colors(frame: NDArray[Any], header: Dataset, found: Pixels) -> None:
    by_plane = read.whole(header, "PlanarConfiguration") == 1
    looks = lies_by_plane((frame.transpose(2, 0, 1) if by_plane else frame).reshape(-1))
    if looks is not None:
        found.by_plane.append(looks)


def _check_mapped(header: Dataset, report: Report, found: Pixels) -> None:
    """Compare the values with those that have a real-world value (PS3.3 C.7.6.16.2.11)."""
    padding = read.number(header, "PixelPaddingValue")
    ends = [end for end in (found.low, found.high) if math.isfinite(end) and end != padding]
    for item in read.items(header, "RealWorldValueMappingSequence"):
        kind = "DoubleFloat" if "DoubleFloatRealWorldValueFirstValueMapped" in item else ""
        first = read.number(item, f"{kind}RealWorldValueFirstValueMapped")
        last = read.number(item, f"{kind}RealWorldValueLastValueMapped")
        if first is None or last is None or all(first <= end <= last for end in ends):
            continue
        what = f"Values from {found.low:g} to {found.high:g}, and those from {first:g} to {last:g} are mapped"
        report.warning("beyond-mapping", what, "Those beyond have no real-world value", "RealWorldValueMappingSequence")


def _say_beyond(header: Dataset, report: Report, values: str) -> None:
    bits = read.whole(header, "BitsStored")
    what = f"{values} do not fit in the {bits} bits that are stored"
    overlay = any((element.tag >> 16) & 0xFF00 == 0x6000 for element in header if element.keyword == "OverlayRows")
    consequence = "Readers that cut to the stored bits show other values than those that do not"
    (report.info if overlay else report.error)("beyond-bits", what, consequence, "BitsStored")


def _native_fits(path: Path, structure: Structure, header: Dataset, report: Report, found: Pixels) -> bool:
    """Whether native pixels have the length that the header says."""
    del path, found
    tag = next(tag for tag in PIXELS if tag in structure.lengths)
    length = structure.lengths[tag]
    if length < 0:
        what = "Its length is not defined, though the transfer syntax has no compressed frames"
        report.error("pixels-encapsulated", what, "Readers fail", tag)
        return False
    expected = _expected_bytes(header)
    if expected is None:
        return False
    if length == expected + expected % 2:
        return expected > 0
    if length % 2:  # found by the walk, too, but worse here
        what = "Pixel Data has an odd length"
        report.error("pixels-odd", what, "Readers refuse it, or read on in the wrong place", tag)
    if length != expected:
        what = f"It has {length:,} bytes, and the header says {expected:,}"
        consequence = "Readers refuse it, or show part of it" if length < expected else "Readers refuse it, or warn"
        (report.error if length < expected or length > expected + 2 else report.warning)(
            "pixels-length", what, consequence, tag
        )
    return length >= expected > 0


def _expected_bytes(header: Dataset) -> int | None:
    """Bytes that Rows × Columns × Samples × Bits × Frames make; None where the header does not say it."""
    values = [read.whole(header, k) for k in ("Rows", "Columns", "BitsAllocated")]
    samples, frames = read.whole(header, "SamplesPerPixel") or 1, read.whole(header, "NumberOfFrames") or 1
    if None in values or min(v for v in (*values, samples, frames) if v is not None) < 1:
        return None
    share = _SUBSAMPLED.get(read.text(header, "PhotometricInterpretation"), 1)
    bits = math.prod(v for v in values if v is not None) * samples * frames
    return round(-(-bits // 8) * share)


def _frames_fit(path: Path, structure: Structure, header: Dataset, report: Report, found: Pixels) -> bool:
    """Whether compressed frames are as many, of the kind and of the size that the header says."""
    if structure.lengths.get(PIXEL_DATA) != -1:
        what = "It is stored as it is, though the transfer syntax compresses it"
        report.error("pixels-native", what, "Readers fail", PIXEL_DATA)
        return False
    expected = _expected_bytes(header)
    frames = read.whole(header, "NumberOfFrames") or 1
    if expected is None or expected // frames > MAX_FRAME_BYTES:
        if expected is not None:
            what = f"A frame has {expected // frames / 2**30:.3g} GiB: it was not decoded"
            report.error("frame-too-large", what, _UNDECODED, PIXEL_DATA)
        return False
    if len(structure.fragments) - 1 < frames:
        what = f"It has {max(0, len(structure.fragments) - 1)} fragments, fewer than its {frames} frames"
        report.error("frames-missing", what, "Readers show part of it, or fail", PIXEL_DATA)
        return False
    with path.open("rb") as file:
        value = structure.pixels_at + (12 if structure.vrs[PIXEL_DATA] else 8)
        file.seek(value)
        _check_offsets(file, structure, report)
        file.seek(value)
        good = True
        try:
            for frame in generate_frames(file, number_of_frames=frames):
                good &= _head_fits(read_head(frame), structure.syntax, header, report, found)
        except Exception:  # noqa: BLE001 - pydicom splits frames by a table that may be nonsense
            what = "Its fragments cannot be told apart into frames"
            report.error("frames-split", what, "Readers fail", PIXEL_DATA)
            return False
    if found.lossy and read.text(header, "LossyImageCompression") != "01":
        what = "Its codestream lost something, and the header does not say so"
        report.error("lossy-unsaid", what, "Altered pixels are taken for original", "LossyImageCompression")
    return good


def _check_offsets(file: BinaryIO, structure: Structure, report: Report) -> None:
    """Every offset of the table must be where a fragment begins (PS3.5 A.4)."""
    length = structure.fragments[0][1]
    file.seek(8, 1)
    table = np.frombuffer(file.read(length)[: length - length % 4], "<u4")
    begins = [begin for begin, _ in structure.fragments[1:]]
    if len(table) and not set(table.tolist()) <= set(begins):
        what = "Its offset table names places where no fragment begins"
        report.error("offset-table", what, "Readers that go by it show broken frames", PIXEL_DATA)


def _head_fits(head: CodestreamHead | None, syntax: str, header: Dataset, report: Report, found: Pixels) -> bool:
    kind = expected_kind(syntax)
    if kind is None:
        return True  # whatever it is: the decoder will tell
    if head is None or head.kind != kind:
        what = f"Its frames are {head.kind if head else 'of no known kind'}, and the transfer syntax is for {kind}"
        report.error("codestream-kind", what, "Readers fail", PIXEL_DATA)
        return False
    found.lossy |= head.lossy
    rows, columns = read.whole(header, "Rows"), read.whole(header, "Columns")
    if head.rows and (head.rows, head.columns) != (rows, columns):
        what = f"Its frames are {head.rows} × {head.columns}, and the header says {rows} × {columns} (rows × columns)"
        report.error("decoded-size", what, "Readers refuse it, or show stripes", PIXEL_DATA)
        return False
    samples = read.whole(header, "SamplesPerPixel") or 1
    if head.samples and head.samples not in (samples, 1):
        what = f"Its frames have {head.samples} samples a pixel, and the header says {samples}"
        report.error("decoded-samples", what, "Readers refuse it, or show stripes", PIXEL_DATA)
        return False
    return True
