"""Whether contours lie on the planes of the images that they name, as far as these are in the folder (C.8.8.6)."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_dicom_writer.checking.findings import Severity
from napari_dicom_writer.errors import NoteKind
from napari_dicom_writer.model.contours import OPEN_NONPLANAR, POINT
from napari_dicom_writer.reading import lenient as read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.checking.file.instance import Instance
    from napari_dicom_writer.checking.findings import Findings
    from napari_dicom_writer.reading.structure_set import Contour, Region, StructureSet

Series = tuple["Sequence[Instance]", "Findings"]

_BESIDE = 0.05  # of the distance between planes
_FLAT = 0.01  # mm; numbers of a contour are rounded
_DATA = "ContourData"
_POINT = 0.55  # of the distance between planes: a point belongs to the nearest


class _Plane(NamedTuple):
    """One image: center of its first pixel, unit vectors across, down and away, and its size in mm from center."""

    position: NDArray[np.float64]
    axes: NDArray[np.float64]
    spacing: tuple[float, float]
    size: tuple[int, int]

    def places(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where points are: (column, row, mm away from the plane)."""
        found: NDArray[np.float64] = (points - self.position) @ self.axes.T / (*self.spacing[::-1], 1.0)
        return found


class _Image(NamedTuple):
    """An image series: its planes by UID and frame number (0 of a single-frame instance), and its space."""

    planes: dict[tuple[str, int], _Plane]
    step: float
    space: str


def check_contours(series: Mapping[str, Series]) -> None:
    """Check every structure set of a folder.

    Parameters
    ----------
    series
        By Series Instance UID: their instances, and where their findings go.
    """
    images: dict[str, _Image] = {}
    for instances, findings in series.values():
        for instance in instances:
            if not instance.structure:
                continue
            for uid in instance.structure.series:
                if uid in series and uid not in images:
                    images[uid] = _image(series[uid][0])
            _check_structure(instance.structure, instance.name, findings)
            known = [images[uid] for uid in instance.structure.series if uid in images]
            if known:
                _check_against(instance.structure, known, instance.name, findings)


def _image(instances: Sequence[Instance]) -> _Image:
    planes: dict[tuple[str, int], _Plane] = {}
    for instance in instances:
        for number, one in enumerate(instance.frames or [instance], 1):
            place = one.place
            if not (place.position and place.orientation and place.spacing):
                continue
            across, down = np.array(place.orientation).reshape(2, 3)
            axes = np.array([across, down, np.cross(across, down)])
            planes[instance.uid, number if instance.frames else 0] = _Plane(
                np.array(place.position), axes, place.spacing, place.size
            )
    heights = np.unique([np.round(plane.axes[2] @ plane.position, 3) for plane in planes.values()])
    step = float(np.diff(heights).min()) if len(heights) > 1 else 1.0
    return _Image(planes, step, read.text(instances[0].header, "FrameOfReferenceUID") if instances else "")


def _check_structure(structure: StructureSet, name: str, findings: Findings) -> None:
    """Check what a structure set says by itself."""
    report = findings.at(name)
    if structure.faults:
        lost = any(fault.kind is NoteKind.LOST for fault in structure.faults)
        what = "; ".join(fault.note(named=False).text for fault in structure.faults)
        (report.error if lost else report.warning)("contours-damaged", what, "Readers leave it out, or refuse the file")
    names = Counter(region.segment.name for region in structure.regions)
    if alike := sum(count for count in names.values() if count > 1):
        what = f"{alike} regions share their name with others"
        report.warning("region-names", what, "Readers that go by the name keep one of them", "ROIName")
    if not structure.series:
        report.warning("no-image", "It names no image series", "Viewers may not lay it on its image")
    for region in structure.regions:
        if region.segment.color is None:
            where = findings.at(f"region {region.number}")
            where.info("region-color", "It has no color", "Viewers choose one", "ROIDisplayColor")
        for contour in region.contours:
            if contour.outline.kind not in (POINT, OPEN_NONPLANAR) and _unevenness(contour.outline.points) > _FLAT:
                what, wrong = "It does not lie in a plane", "Readers flatten it, or refuse it"
                findings.at(_name(region, contour)).error("contour-not-planar", what, wrong, "ContourData")


def _name(region: Region, contour: Contour) -> str:
    """Name a contour; the names of regions are anybody's text."""
    return f"contour {contour.number} of region {region.number}"


def _unevenness(points: NDArray[np.float64]) -> float:
    """How far points are from the plane through their middle, mm; of what encloses nothing 0."""
    around = points - points.mean(axis=0)
    normal = np.cross(around, np.roll(around, -1, axis=0)).sum(axis=0)
    length = float(np.linalg.norm(normal))
    return float(np.abs(around @ normal).max()) / length if length > _FLAT else 0.0


def _check_against(structure: StructureSet, images: Sequence[_Image], name: str, findings: Findings) -> None:
    """Compare contours with the images of their series."""
    if any(image.space and structure.spaces - {image.space} for image in images):
        what = "It is not that of its image"
        wrong = "Viewers do not lay it on the image"
        findings.at(name).error("space-differs", what, wrong, "ReferencedFrameOfReferenceUID")
    planes = {key: plane for image in images for key, plane in image.planes.items()}
    there = {uid for uid, _ in planes}
    lacking = set().union(*structure.series.values()) - there
    if lacking and planes:
        what = f"{len(lacking):,} of the images that it lists are not in the series"
        findings.at(name).error("image-missing", what, "Readers that look for them refuse it", "ContourImageSequence")
    if not planes:
        return
    step = min(image.step for image in images)
    found: dict[_Kind, dict[str, float]] = defaultdict(dict)
    every = _Every.of(list(planes.values()))
    for region in structure.regions:
        for contour in region.contours:
            for kind, away in _judged(contour, planes, every, step):
                found[kind][_name(region, contour)] = away
    for kind, places in found.items():
        for place in places:
            findings.at(place).add(kind.severity, kind.code, kind.what.format(max(places.values())), kind.wrong, _DATA)


class _Kind(NamedTuple):
    severity: Severity
    code: str
    what: str
    wrong: str


_OFF = _Kind(
    Severity.ERROR,
    "contour-off-plane",
    "It lies up to {:.2g} mm beside the image that it names",
    "Readers show it on one plane or the other",
)
_BETWEEN = _Kind(
    Severity.WARNING,
    "contour-between-planes",
    "It lies up to {:.2g} mm beside all images of its series",
    "Readers move it to the nearest, or leave it out",
)
_ABSENT = _Kind(
    Severity.ERROR,
    "contour-image-missing",
    "It names an image that is not in the series",
    "Readers that look for it refuse it",
)
_OUTSIDE = _Kind(Severity.WARNING, "contour-outside", "It reaches beyond its image", "Readers cut it off, or refuse it")


class _Every(NamedTuple):
    """All planes of an image, and the normal and distance from the origin of each."""

    planes: list[_Plane]
    normals: NDArray[np.float64]
    heights: NDArray[np.float64]

    @classmethod
    def of(cls, planes: list[_Plane]) -> _Every:
        normals = np.array([plane.axes[2] for plane in planes])
        return cls(planes, normals, np.array([plane.axes[2] @ plane.position for plane in planes]))

    def nearest(self, points: NDArray[np.float64]) -> _Plane:
        """The plane that the farthest of the points is nearest to."""
        away = np.abs(self.normals @ points.T - self.heights[:, np.newaxis]).max(axis=1)
        return self.planes[int(away.argmin())]


def _judged(
    contour: Contour, planes: Mapping[tuple[str, int], _Plane], every: _Every, step: float
) -> Iterator[tuple[_Kind, float]]:
    """Say what is wrong with a contour, and by how many millimeters."""
    named = [planes[image] for image in contour.images if image in planes]
    if len(named) < len(contour.images):
        yield _ABSENT, 0.0
    points = contour.outline.points
    plane = (_Every.of(named) if named else every).nearest(points) if len(named) != 1 else named[0]
    places = plane.places(points)
    away, (rows, columns) = float(np.abs(places[:, 2]).max()), plane.size
    if (places[:, :2] < -0.5).any() or (places[:, :2] > np.array((columns, rows)) - 0.5).any():
        yield _OUTSIDE, 0.0
    allowed = step * (_POINT if contour.outline.kind == POINT else _BESIDE)
    if away > allowed and contour.outline.kind != OPEN_NONPLANAR:
        yield (_OFF if named else _BETWEEN), away
