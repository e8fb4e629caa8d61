"""What only all series of a folder together show: UIDs that repeat, a series torn apart, contours off their image."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

from napari_dicom_writer.checking.series.contours import check_contours
from napari_dicom_writer.reading import lenient as read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_dicom_writer.checking.file.instance import Instance
    from napari_dicom_writer.checking.findings import Findings

Series = tuple["Sequence[Instance]", "Findings"]

_BLOCK = 2**20
_SAME_SCAN = ("StudyInstanceUID", "FrameOfReferenceUID", "Modality", "SOPClassUID")
_LIKE = ("StudyInstanceUID", "SeriesNumber", "Modality", "SeriesDescription", "FrameOfReferenceUID")


def check_folder(series: Mapping[str, Series]) -> None:
    """Check the series of a folder against each other.

    Parameters
    ----------
    series
        By Series Instance UID: their instances, and where their findings go.
    """
    _check_uids(series)
    _check_torn(series)
    _check_complete(series)
    _check_spacing_hint(series)
    _check_patients(series)
    check_contours(series)


def _check_uids(series: Mapping[str, Series]) -> None:
    owners: dict[str, list[tuple[Instance, Findings]]] = defaultdict(list)
    for instances, findings in series.values():
        for instance in instances:
            if instance.uid:
                owners[instance.uid].append((instance, findings))
    for same in owners.values():
        if len(same) == 1:
            continue
        copies = len({_digest(instance.path) for instance, _ in same}) == 1
        what = "The same file is there more than once" if copies else "Different instances have the same UID"
        consequence = "Archives and viewers keep one of them" if not copies else "Viewers may show it twice"
        for instance, findings in same:
            findings.at(instance.name).error("uid-repeats", what, consequence, "SOPInstanceUID")


def _digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError:
        return str(path).encode()
    return digest.digest()


def _check_torn(series: Mapping[str, Series]) -> None:
    """Find series that seem to be parts of one: alike in all but the UID, and no number or position in common."""
    alike: dict[tuple[object, ...], list[Series]] = defaultdict(list)
    for instances, findings in series.values():
        first = instances[0] if instances else None
        if first and first.place.position and read.text(first.header, "SeriesNumber"):
            texts = (read.text(first.header, keyword) for keyword in _LIKE)
            alike[(*texts, first.place.size, first.place.spacing, first.place.orientation)].append(
                (instances, findings)
            )
    for group in alike.values():
        numbers = [[read.text(i.header, "InstanceNumber") for i in instances] for instances, _ in group]
        positions = [[i.place.position for i in instances] for instances, _ in group]
        if len(group) == 1 or not (_disjoint(numbers) and _disjoint(positions)):
            continue
        what = f"{len(group)} series are alike in all but their UID, and complete each other's numbers and positions"
        for _, findings in group:
            findings.at().error("series-torn", what, "Readers show parts of what is one volume", "SeriesInstanceUID")


def _check_complete(series: Mapping[str, Series]) -> None:
    """Find series that lack planes that others of their kind, such as other time points, have."""
    alike: dict[tuple[object, ...], list[tuple[set[tuple[float, ...]], Findings]]] = defaultdict(list)
    for instances, findings in series.values():
        positions = {i.place.position for i in instances if i.place.position}
        first = instances[0] if instances else None
        if first and len(positions) > 1:
            texts = (read.text(first.header, keyword) for keyword in _SAME_SCAN)
            place = first.place
            alike[(*texts, place.size, place.spacing, place.orientation)].append((positions, findings))
    for group in alike.values():
        every = set().union(*(positions for positions, _ in group))
        whole = sum(positions == every for positions, _ in group)
        for positions, findings in group:
            missing = len(every - positions)
            # Where most are whole, what lacks a few is not.
            if whole > len(group) / 2 and 0 < missing < len(positions):
                what = f"{whole} series of its kind have {len(every)} positions, and it lacks {missing} of them"
                findings.at().warning("planes-fewer", what, "Planes may be missing", "ImagePositionPatient")


def _disjoint(parts: Sequence[Sequence[object]]) -> bool:
    everything = [value for part in parts for value in part]
    return len(set(everything)) == len(everything)


def _check_spacing_hint(series: Mapping[str, Series]) -> None:
    """Find series of one space whose pixel spacings are each other's, turned round: one of them may be wrong."""
    seen: dict[tuple[object, ...], str] = {}
    for instances, findings in series.values():
        first = instances[0] if instances else None
        spacing = first.place.spacing if first else None
        if first is None or spacing is None or spacing[0] == spacing[1] or not first.place.orientation:
            continue
        space = (read.text(first.header, "FrameOfReferenceUID"), first.place.size, first.place.orientation)
        other = seen.get((*space, spacing[::-1]))
        if other and space[0]:
            what = f"It is that of series {other} of the same space, rows and columns exchanged"
            findings.at().info("spacing-turned", what, "One of them may be wrong", "PixelSpacing")
        seen[(*space, spacing)] = read.text(first.header, "SeriesNumber") or "without a number"


def _check_patients(series: Mapping[str, Series]) -> None:
    """Find studies whose series name different patients."""
    patients: dict[str, set[str]] = defaultdict(set)
    for instances, _ in series.values():
        for instance in instances[:1]:
            patients[read.text(instance.header, "StudyInstanceUID")].add(read.text(instance.header, "PatientID"))
    for instances, findings in series.values():
        study = read.text(instances[0].header, "StudyInstanceUID") if instances else ""
        if study and len(patients[study]) > 1:
            what = "Series of the same study have different ones"
            findings.at().error("patients-differ", what, "Archives refuse some, or mix patients up", "PatientID")
