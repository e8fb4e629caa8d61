"""ROI Contour (PS3.3 C.8.8.6) as bytes, in Implicit VR Little Endian, contour by contour."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.standard.elements import ITEM
from napari_dicom_writer.writing.splice import tag_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.plan.grid import Grid
    from napari_dicom_writer.plan.segments import SourcePlan
    from napari_dicom_writer.writing.contour_spool import Contour

ROI_CONTOURS = 0x30060039
_HEAD = struct.Struct("<HHL")
_DIGITS = 4  # of a voxel, behind the point
_DS = 16  # bytes of a number


class Coordinates:
    """Voxel indices to text and back: LPS millimeters, each number of at most 16 bytes.

    Parameters
    ----------
    grid
        Of the planes.
    shape
        (planes, rows, columns).
    """

    def __init__(self, grid: Grid, shape: tuple[int, int, int]) -> None:
        self._affine = grid.affine()
        self._inverse = np.linalg.pinv(self._affine[:3, 1:3])
        finest = min(map(float, grid.pixel_spacing))
        whole = len(str(int(grid.largest_coordinate(shape)))) + 2  # with sign and point
        digits = max(1, min(_DIGITS + max(0, math.ceil(-math.log10(finest))), _DS - whole))
        self._error = 0.6 * 10.0**-digits
        self._number = f"%.{digits}f\\"

    def text(self, plane: int, contour: NDArray[np.float64]) -> bytes:
        """Write the points of a contour, (points, 2) as (row, column), of a plane."""
        origin = self._affine[:3, 3] + plane * self._affine[:3, 0]
        return self.written(contour @ self._affine[:3, 1:3].T + origin)

    def written(self, points: NDArray[np.float64]) -> bytes:
        """Write points, (points, 3) in LPS millimeters."""
        joined = (self._number * points.size)[:-1] % tuple(points.ravel().tolist())
        return (joined + " " * (len(joined) % 2)).encode("ascii")

    def same(self, points: NDArray[np.float64], data: bytes) -> bool:
        """Whether a text says where points are, to its last digit."""
        numbers = np.fromstring(data.decode("ascii"), sep="\\")
        return numbers.size == points.size and bool(np.abs(numbers - points.ravel()).max() <= self._error)

    def points(self, plane: int, data: bytes) -> NDArray[np.float64]:
        """Read the points of a contour again: (points, 2) as (row, column)."""
        numbers = np.fromstring(data.decode("ascii"), sep="\\").reshape(-1, 3)
        origin = self._affine[:3, 3] + plane * self._affine[:3, 0]
        indices: NDArray[np.float64] = (numbers - origin) @ self._inverse.T
        return indices


def encode_rois(
    contours: Mapping[int, Sequence[Contour]],
    colors: Mapping[int, tuple[int, int, int]],
    source: SourcePlan | None,
    data: Callable[[Contour], bytes],
) -> Iterator[bytes]:
    """Encode ROI Contour Sequence, contour by contour.

    Parameters
    ----------
    contours
        By ROI Number.
    colors
        By ROI Number: red, green and blue.
    source
        Whose planes they lie on.
    data
        Returns the text of a contour.
    """
    rois = [_Roi(number, colors[number], some, source) for number, some in contours.items()]
    yield _HEAD.pack(ROI_CONTOURS >> 16, ROI_CONTOURS & 0xFFFF, sum(roi.length + _HEAD.size for roi in rois))
    for roi in rois:
        yield from roi.encoded(data)


class _Roi:
    """One item of the sequence: its length is known before its contours are read."""

    def __init__(
        self, number: int, color: tuple[int, int, int], contours: Sequence[Contour], source: SourcePlan | None
    ) -> None:
        self._contours, self._source = contours, source
        size = sum(_HEAD.size + len(head) + one.length for head, one in self._heads())
        self._before = _text("ROIDisplayColor", "\\".join(map(str, color)))
        self._before += _head("ContourSequence", size) if contours else b""
        self._after = _text("ReferencedROINumber", str(number))
        self.length = len(self._before) + size + len(self._after)

    def _heads(self) -> Iterator[tuple[bytes, Contour]]:
        for number, contour in enumerate(self._contours, 1):
            yield _contour_head(number, contour, self._source), contour

    def encoded(self, data: Callable[[Contour], bytes]) -> Iterator[bytes]:
        yield _item_head(self.length) + self._before
        for head, contour in self._heads():
            yield _item_head(len(head) + contour.length) + head
            yield data(contour)
        yield self._after


def _contour_head(number: int, contour: Contour, source: SourcePlan | None) -> bytes:
    """All of a contour before its text."""
    head = b""
    if contour.image and source:
        uid, frame = contour.image
        image = _text("ReferencedSOPClassUID", source.sop_class_uid) + _text("ReferencedSOPInstanceUID", uid)
        image += _text("ReferencedFrameNumber", str(frame)) if frame else b""
        item = _item_head(len(image)) + image
        head = _head("ContourImageSequence", len(item)) + item
    head += _text("ContourGeometricType", contour.kind)
    head += _text("NumberOfContourPoints", str(contour.points))
    head += _text("ContourNumber", str(number))
    return head + _head("ContourData", contour.length)


def _item_head(length: int) -> bytes:
    return _HEAD.pack(ITEM >> 16, ITEM & 0xFFFF, length)


def _head(keyword: str, length: int) -> bytes:
    tag = tag_of(keyword)
    return _HEAD.pack(tag >> 16, tag & 0xFFFF, length)


def _text(keyword: str, value: str) -> bytes:
    raw = value.encode("ascii")
    raw += (b"\0" if keyword.endswith("UID") else b" ") * (len(raw) % 2)
    return _head(keyword, len(raw)) + raw
