"""A structure set: contours are traced plane by plane, each turned back into its mask, and written at the end.

Memory holds a plane, and where each contour lies.
"""

from __future__ import annotations

import threading
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomFileLike
from pydicom.filewriter import write_dataset, write_file_meta_info

from napari_dicom_writer.iods import IODS
from napari_dicom_writer.iods._base import compose
from napari_dicom_writer.iods.modules.file_meta import PREAMBLE, file_meta, file_meta_of
from napari_dicom_writer.model.contours import CLOSED, OPEN_NONPLANAR
from napari_dicom_writer.model.tracing import fill, trace
from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.plan.segments import StoredContours, check_known
from napari_dicom_writer.standard.elements import MOST_BYTES, Encoding
from napari_dicom_writer.writing.contour_spool import ContourSpool
from napari_dicom_writer.writing.fault import Fault, faults_of
from napari_dicom_writer.writing.masks import PlaneMasks
from napari_dicom_writer.writing.medium import digest_again, write_known
from napari_dicom_writer.writing.multiframe import refused_by_system
from napari_dicom_writer.writing.read_back_contours import check_structure_set
from napari_dicom_writer.writing.roi_contours import ROI_CONTOURS, Coordinates, encode_rois
from napari_dicom_writer.writing.series_writer import SeriesWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from napari_dicom_writer.model.contours import Outline
    from napari_dicom_writer.plan.frames import InstancePlan, Place
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.writing.contour_spool import Contour


class StructureSetWriter(SeriesWriter):
    """Gathers the contours of all planes, then writes them; see `SeriesWriter`."""

    def __init__(self, series: SeriesPlan, folder: str, level: VerifyLevel) -> None:
        super().__init__(series, folder, level)
        self._iod = IODS[series.iod]
        self._coordinates = Coordinates(series.grid, (series.planes, series.rows, series.columns))
        self._contours: dict[tuple[str, int], list[Contour]] = {}
        self._known: dict[str, bytes] = {}
        self._spool = ContourSpool(folder)
        self._lock = threading.Lock()

    def write(self, places: Sequence[Place], values: NDArray[Any]) -> int:
        """Trace the labels of a plane; what is traced must fill the same voxels again."""
        masks, stored = PlaneMasks(values), self._series.stored
        assert isinstance(stored, StoredContours)  # noqa: S101 - the object has no others
        check_known(masks.labels, {stored.label(place.frame.part) for place in places})
        for place in places:
            with faults_of(self._series, place.instance):
                found = self._traced(place, masks)
            with self._lock:
                self._contours[place.instance.filename, place.at] = found
        return 0

    def _traced(self, place: Place, masks: PlaneMasks) -> list[Contour]:
        stored, source, plane = self._series.stored, self._series.source, place.frame.plane
        assert isinstance(stored, StoredContours)  # noqa: S101 - the object has no others
        image = source.planes[place.frame.time_index, plane] if source else None
        part = place.frame.part or 1
        if outlines := stored.drawn.get((part, plane)):
            return self._drawn(outlines, image)
        mask, corner = masks.box(stored.label(part))
        rings = trace(mask)
        texts = [self._coordinates.text(plane, ring + corner) for ring in rings]
        if self._level.pixels:
            again = [self._coordinates.points(plane, text) - corner for text in texts]
            if not np.array_equal(fill(again, mask.shape), mask):
                name = self._series.segments[part - 1].name
                raise Fault(f"the contours of {name!r} on plane {plane} fill other voxels than its own")
        return [self._keep(CLOSED, len(ring), image, text) for ring, text in zip(rings, texts, strict=True)]

    def _drawn(self, outlines: Sequence[Outline], image: tuple[str, int] | None) -> list[Contour]:
        found = []
        for outline in outlines:
            text = self._coordinates.written(outline.points)
            if self._level.pixels and not self._coordinates.same(outline.points, text):
                raise Fault(f"{outline.name} is not where it was drawn")
            named = None if outline.kind == OPEN_NONPLANAR else image  # which lies on no plane
            found.append(self._keep(outline.kind, len(outline.points), named, text))
        return found

    def _keep(self, kind: str, points: int, image: tuple[str, int] | None, text: bytes) -> Contour:
        if len(text) > MOST_BYTES and not self._series.encoding.is_implicit_VR:
            raise Fault("a contour is longer than the plan has found")
        with refused_by_system():
            return self._spool.keep(kind, points, image, text)

    def finish(self) -> int:
        """Write the files, and read them back."""
        size = 0
        for instance in self._series.instances:
            rois, path = self._rois(instance), self.path_of(instance)
            with refused_by_system():
                length, self._known[instance.filename] = write_known(path, self._pieces(instance, rois))
            size += length
            if self._level is not VerifyLevel.OFF:
                with faults_of(self._series, instance):
                    if digest_again(path)[0] != self._known[instance.filename]:
                        raise Fault("a byte is not what was written")
                    check_structure_set(self._series, instance, path, rois)
        self.close()
        return size

    def _rois(self, instance: InstancePlan) -> dict[int, list[Contour]]:
        """Contours of each region, plane by plane."""
        rois: dict[int, list[Contour]] = {segment.number: [] for segment in self._series.segments}
        for at, frame in enumerate(instance.frames):
            rois[frame.part or 1] += self._contours.get((instance.filename, at), [])
        return rois

    def _pieces(self, instance: InstancePlan, rois: dict[int, list[Contour]]) -> Iterator[bytes]:
        meta = FileMetaDataset()
        meta.update(compose(file_meta(self._series, self._iod.sop_class(self._series)), file_meta_of(instance)))
        stream, buffer = _stream(is_implicit=False)
        write_file_meta_info(stream, meta)
        yield PREAMBLE + buffer.getvalue()
        dataset = self._iod.dataset(self._series, instance)
        colors = {segment.number: segment.color for segment in self._series.segments}
        encoding = Encoding(implicit=self._series.encoding.is_implicit_VR)
        yield _encoded(dataset[:ROI_CONTOURS], encoding)
        yield from encode_rois(rois, colors, self._series.source, self._spool.data, encoding)
        yield _encoded(dataset[ROI_CONTOURS:], encoding)

    def from_medium(self, tick: Callable[[], None]) -> bool:
        """Read the files again."""
        proven = True
        for instance in self._series.instances:
            with faults_of(self._series, instance):
                found, forgotten = digest_again(self.path_of(instance))
                if found != self._known[instance.filename]:
                    raise Fault("it is not on the medium what it was in memory")
            proven = proven and forgotten
            tick()
        return proven

    def close(self) -> None:
        """Let go of what waits."""
        with refused_by_system():
            self._spool.close()


def _stream(*, is_implicit: bool) -> tuple[DicomFileLike, BytesIO]:
    buffer = BytesIO()
    stream = DicomFileLike(buffer)
    stream.is_little_endian, stream.is_implicit_VR = True, is_implicit
    return stream, buffer


def _encoded(dataset: Dataset, encoding: Encoding) -> bytes:
    """Let pydicom encode elements, little endian."""
    stream, buffer = _stream(is_implicit=encoding.implicit)
    write_dataset(stream, dataset, "utf8")
    return buffer.getvalue()
