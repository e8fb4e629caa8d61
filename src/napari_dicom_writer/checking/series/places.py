"""Where the planes of a series lie together: what no validator of single files can see."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import SegmentationStorage

from napari_dicom_writer.checking.file.instance import TELLS_APART
from napari_dicom_writer.checking.series.spacing import check_spacing
from napari_dicom_writer.model.geometry import MAX_DISPLACEMENT
from napari_dicom_writer.reading import lenient as read
from napari_dicom_writer.reading.said import missing_planes
from napari_dicom_writer.reading.stacking import stack, why_no_stack
from napari_dicom_writer.reading.time_axis import Moment, moment_of, order_in_time
from napari_dicom_writer.standard.uids import LABEL_MAP
from napari_dicom_writer.viewers.single_precision import single_precision_error

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.checking.file.instance import Instance
    from napari_dicom_writer.checking.findings import Findings
    from napari_dicom_writer.reading.stacking import Place, Stack

_NO_VOLUME = "No reader makes one volume of them"
_DIGITS = 5  # of sizes and cosines that count as the same


def check_places(instances: Sequence[Instance], findings: Findings) -> None:
    """Check the planes of one series together; what is not a stack of planes by its nature is said, and left."""
    pictures = [i for i in instances if i.place.frames]
    multi = [i for i in pictures if i.place.frames > 1 or i.place.enhanced]
    if any(not i.frames for i in multi):
        what = "Multi-frame, without functional groups: the places of its frames are not known"
        findings.at().info("multi-frame", what)
        return
    stacks: dict[str, list[Instance]] = {}
    for instance in pictures:
        for frame in instance.frames or [instance]:
            stacks.setdefault(read.text(frame.header, "StackID"), []).append(frame)
    for frames in stacks.values():
        _check_stack(frames, findings, is_multi=bool(multi))


def _check_stack(pictures: Sequence[Instance], findings: Findings, *, is_multi: bool) -> None:
    """Check what should be one stack of planes: instances, or frames of one."""
    placed = [i for i in pictures if i.place.position and i.place.orientation]
    if not placed:
        findings.at().info("no-positions", "Pictures without positions: not a volume")
        return
    for instance in pictures:
        if not (instance.place.position and instance.place.orientation):
            what = "It has no position, and others of its series have one"
            findings.at(instance.name).error("position-missing", what, _NO_VOLUME, "ImagePositionPatient")
    placed = _without_localizers(placed, findings)
    _check_alike(placed, findings)
    places = [i.place for i in placed]
    if why_no_stack(places):
        return  # said above, with the instances that differ
    planes = stack(places)
    # A segmentation holds the planes that a segment is in, and no others.
    sop_class = read.text(placed[0].header, "SOPClassUID")
    if sop_class not in (SegmentationStorage, LABEL_MAP):
        _check_positions(placed, planes, findings)
        check_spacing(placed, planes, findings)
    elif sop_class == LABEL_MAP and (empty := missing_planes(planes, places[0])):
        what = f"{empty} planes without a label have no frame"
        consequence = "Software that takes it for a stack of images closes the gaps: labels move"
        findings.at().warning("planes-left-out", what, consequence, "ImagePositionPatient")
    if not is_multi:  # the order of frames is that of their dimensions
        _check_order(placed, planes, findings)
    _check_precision(places, planes, findings)


def _without_localizers(placed: list[Instance], findings: Findings) -> list[Instance]:
    """Find localizers among planes that are none."""
    kinds = ["LOCALIZER" in read.text(i.header, "ImageType").split("\\") for i in placed]
    if all(kinds) or not any(kinds):
        return placed
    for instance, is_localizer in zip(placed, kinds, strict=True):
        if is_localizer:
            what = "A localizer among planes that are none"
            findings.at(instance.name).error("localizer", what, "Readers stack it, or refuse them all", "ImageType")
    return [instance for instance, is_localizer in zip(placed, kinds, strict=True) if not is_localizer]


def _check_alike(placed: Sequence[Instance], findings: Findings) -> None:
    """Report the instances whose size, spacing or orientation is not that of most."""
    localizer = any("LOCALIZER" in read.text(i.header, "ImageType") for i in placed)
    aspects: tuple[tuple[str, Callable[[Place], Hashable]], ...] = (
        ("Rows", lambda place: place.size),
        ("PixelSpacing", lambda place: _rounded(place.spacing or ())),
        ("ImageOrientationPatient", lambda place: _rounded(place.orientation or ())),
    )
    for keyword, aspect in aspects:
        counts = Counter(aspect(i.place) for i in placed)
        usual, most = counts.most_common(1)[0]
        if len(counts) == 1:
            continue
        # A few among many are a mistake; a localizer, or radial planes, all differ.
        few = most > len(placed) / 2 and not localizer
        what = f"{len(counts)} different ones: its planes are not a volume"
        for instance in placed:
            if aspect(instance.place) != usual:
                report = findings.at(instance.name)
                (report.error if few else report.warning)("planes-differ", what, _NO_VOLUME, keyword)


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(v, _DIGITS) + 0.0 for v in values)


def _check_positions(placed: Sequence[Instance], planes: Stack, findings: Findings) -> None:
    """Find positions that instances share, and whether something tells these apart."""
    repeats = int(planes.counts.max())
    tag = "ImagePositionPatient"
    if planes.aside:
        what = "Planes lie beside each other in one plane"
        findings.at().error("planes-aside", what, _NO_VOLUME, tag)
    if repeats == 1:
        return
    groups = np.split(planes.order, np.cumsum(planes.counts)[:-1])
    usual = int(np.median(planes.counts))
    if usual == repeats and not planes.whole:
        _say_missing(placed, groups, repeats, findings)
        return
    if not planes.whole:
        what = f"From {planes.counts.min()} to {repeats} instances share a position"
        consequence = f"{_NO_VOLUME}; planes are missing, or there twice"
        for group in groups:
            if len(group) != usual:
                for index in group:
                    findings.at(placed[index].name).error("positions-repeat", what, consequence, tag)
        return
    told = _what_tells_apart([[placed[index] for index in group] for group in groups])
    if told and told != "InstanceNumber":
        what = f"{repeats} instances at each position, told apart by {told}"
        findings.at().info("several-volumes", what, "Some readers take them as one long stack", tag)
    elif told:
        what = f"{repeats} instances at each position, and only Instance Number tells them apart"
        findings.at().warning("positions-repeat", what, "Readers order them in different ways", tag)
    else:
        what = f"{repeats} instances at each position, and nothing tells them apart"
        findings.at().error("positions-repeat", what, "Readers show either, or refuse them", tag)


def _say_missing(
    placed: Sequence[Instance], groups: Sequence[NDArray[np.intp]], usual: int, findings: Findings
) -> None:
    """Report the positions at which there are fewer instances than at most."""
    missing = sum(usual - len(group) for group in groups)
    what = f"{missing:,} plane{'s are' if missing > 1 else ' is'} missing: most positions have {usual} instances each,"
    what += f" and {sum(len(group) < usual for group in groups):,} of {len(groups):,} have fewer"
    for group in groups:
        if len(group) < usual:
            place = f"beside {placed[group[0]].name}"
            findings.at(place).error("planes-missing", what, _NO_VOLUME, "ImagePositionPatient")


def _what_tells_apart(groups: Sequence[Sequence[Instance]]) -> str:
    """Name the attribute that differs between all instances at each position; empty if none does."""
    ordered = order_in_time([[_moment(i) for i in group] for group in groups])
    if ordered and ordered[0] != "InstanceNumber":
        return ordered[0]
    for keyword in TELLS_APART:
        values = [[read.text(i.header, keyword) for i in group] for group in groups]
        # With several of them, such as echoes and phases, one alone tells some apart only.
        if all(len(set(group)) > 1 for group in values):
            return keyword
    return ordered[0] if ordered else ""


def _moment(instance: Instance) -> Moment:
    try:
        return moment_of(instance.header)
    except Exception:  # noqa: BLE001 - nonsense in an attribute of time is found elsewhere
        return Moment(None, None, None, None, read.whole(instance.header, "InstanceNumber"), None)


def _check_order(placed: Sequence[Instance], planes: Stack, findings: Findings) -> None:
    """Compare the order of Instance Numbers with that of places."""
    if len(planes.positions) < 2 or (planes.counts.max() > 1 and not planes.whole):
        return
    numbers = [read.whole(placed[index].header, "InstanceNumber") for index in planes.order]
    if None in numbers or len(set(numbers)) < len(numbers):
        return  # said already
    place = np.repeat(np.arange(len(planes.counts)), planes.counts)
    along = place[np.argsort(np.array(numbers, float))]
    repeats = int(planes.counts.max())
    # Volume after volume, or every volume of a plane, then the next plane.
    steps = np.diff(along.reshape(repeats, -1), axis=1) if planes.whole else np.diff(along)
    if (steps > 0).all() or (np.diff(along) >= 0).all():
        return
    if (steps < 0).all() or (np.diff(along) <= 0).all():
        what = "Instance Numbers fall along row × column"
        findings.at().info("order-falls", what, "Viewers that sort by number page the other way", "InstanceNumber")
        return
    what = "Instance Numbers do not follow the planes"
    consequence = "Viewers that sort by number show planes out of order"
    findings.at().warning("order", what, consequence, "InstanceNumber")


def _check_precision(places: Sequence[Place], planes: Stack, findings: Findings) -> None:
    lengths = [s for s in (planes.between, *(places[0].spacing or ())) if s and s > 0]
    off = single_precision_error(float(np.abs(planes.positions).max()), min(lengths)) if lengths else 0.0
    if off > MAX_DISPLACEMENT:
        what = f"It lies so far from the origin that single precision places voxels {off:.2g} of a voxel off"
        consequence = "dcm2niix and others that compute in single precision place it wrong"
        findings.at().warning("far-away", what, consequence, "ImagePositionPatient")
