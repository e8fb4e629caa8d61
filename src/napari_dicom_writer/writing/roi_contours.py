"""ROI Contour (PS3.3 C.8.8.6) as bytes, little endian, contour by contour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.datadict import dictionary_VR

from napari_dicom_writer.standard.elements import element_head, item_head
from napari_dicom_writer.writing.splice import tag_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.plan.grid import Grid
    from napari_dicom_writer.plan.segments import SourcePlan
    from napari_dicom_writer.standard.elements import Encoding
    from napari_dicom_writer.writing.contour_spool import Contour

ROI_CONTOURS = 0x30060039
_ITEM = len(item_head(0))


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
        _, digits = grid.coordinate_digits(shape)
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
    encoding: Encoding,
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
    encoding
        Of the file.
    """
    heads = _Heads(source, encoding)
    rois = [_Roi(number, colors[number], some, heads) for number, some in contours.items()]
    yield heads.of("ROIContourSequence", sum(roi.length + _ITEM for roi in rois))
    for roi in rois:
        yield from roi.encoded(data)


class _Roi:
    """One item of the sequence: its length is known before its contours are read."""

    def __init__(self, number: int, color: tuple[int, int, int], contours: Sequence[Contour], heads: _Heads) -> None:
        self._contours, self._heads = contours, heads
        size = sum(_ITEM + len(head) + one.length for head, one in self._pairs())
        self._before = heads.text("ROIDisplayColor", "\\".join(map(str, color)))
        self._before += heads.of("ContourSequence", size) if contours else b""
        self._after = heads.text("ReferencedROINumber", str(number))
        self.length = len(self._before) + size + len(self._after)

    def _pairs(self) -> Iterator[tuple[bytes, Contour]]:
        for number, contour in enumerate(self._contours, 1):
            yield self._heads.of_contour(number, contour), contour

    def encoded(self, data: Callable[[Contour], bytes]) -> Iterator[bytes]:
        yield item_head(self.length) + self._before
        for head, contour in self._pairs():
            yield item_head(len(head) + contour.length) + head
            yield data(contour)
        yield self._after


class _Heads:
    """Encodes all but the text of contours."""

    def __init__(self, source: SourcePlan | None, encoding: Encoding) -> None:
        self._source, self._encoding = source, encoding

    def of(self, keyword: str, length: int) -> bytes:
        """Tag, VR where there is one, and length."""
        tag = tag_of(keyword)
        return element_head(tag, dictionary_VR(tag), length, self._encoding)

    def text(self, keyword: str, value: str) -> bytes:
        """A whole element."""
        raw = value.encode("ascii")
        raw += (b"\0" if keyword.endswith("UID") else b" ") * (len(raw) % 2)
        return self.of(keyword, len(raw)) + raw

    def of_contour(self, number: int, contour: Contour) -> bytes:
        """All of a contour before its text."""
        head, source = b"", self._source
        if contour.image and source:
            uid, frame = contour.image
            image = self.text("ReferencedSOPClassUID", source.sop_class_uid)
            image += self.text("ReferencedSOPInstanceUID", uid)
            image += self.text("ReferencedFrameNumber", str(frame)) if frame else b""
            item = item_head(len(image)) + image
            head = self.of("ContourImageSequence", len(item)) + item
        head += self.text("ContourGeometricType", contour.kind)
        head += self.text("NumberOfContourPoints", str(contour.points))
        head += self.text("ContourNumber", str(number))
        return head + self.of("ContourData", contour.length)
