"""Frames of objects without functional groups: nuclear medicine, dose, cine, and stacks that say their first place."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.datadict import dictionary_description, keyword_for_tag
from pydicom.tag import Tag

from napari_dicom_writer.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydicom.dataset import Dataset

_TIMES = ("RRIntervalVector", "TimeSlotVector", "PhaseVector", "TimeSliceVector", "RotationVector", "AngularViewVector")
_PARTS = {"EnergyWindowVector": "energy window", "DetectorVector": "detector"}
VECTOR_TAGS = [
    *"FrameIncrementPointer DetectorInformationSequence SpacingBetweenSlices GridFrameOffsetVector".split(),
    *"Modality SliceThickness FrameTime FrameTimeVector CineRate RecommendedDisplayFrameRate SliceVector".split(),
    *_TIMES,
    *_PARTS,
]
"""Keywords of the attributes that `described` reads."""

PART = "part"
"""Key of what a frame shows of its place beside what other attributes say, in words, such as ``energy window 2``."""
ASSUMED = "assumed"
"""Key of what was assumed to place a frame, in words."""

_SAME = 1e-3  # mm
_NO_PLACE = "Its position is not known: taken as axial, at the origin"
_NO_STEP = "The distance of its planes is not known: taken as 1 mm"
_SCANNED = ("CT", "MR", "PT")


def described(header: Dataset, instance: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """Say of each frame what vectors and pointers say of it.

    Parameters
    ----------
    header
        Of an instance without functional groups.
    instance
        What is said of it as a whole.
    count
        How many frames there are.
    """
    frames: list[dict[str, Any]] = [dict(instance) for _ in range(count)]
    pointers = _pointers(header)
    for frame, time in zip(frames, _times(header, pointers, count), strict=True):
        frame["TriggerTime"] = time
    if (offsets := header.get("GridFrameOffsetVector")) is not None:
        return _spread(frames, [float(offset) for offset in _several(offsets)])
    if "DetectorInformationSequence" in header or any(keyword in pointers for keyword in (*_TIMES, *_PARTS)):
        _of_detectors(header, frames)
    if "SliceVector" in pointers:
        step = header.get("SpacingBetweenSlices") or header.get("SliceThickness")
        slices = [int(number) - 1 for number in _vector(header, "SliceVector", count)]
        if not step:
            _assume(frames, _NO_STEP)
        return _spread(frames, [float(step or 1.0) * number for number in slices])
    by = _step_of_planes(header)
    if frames[0].get("ImagePositionPatient") is not None and by and not pointers and frames[0]["TriggerTime"] is None:
        what = "Its frames are taken as planes along the normal of the first, by"
        _assume(frames, f"{what} {dictionary_description(by)}")
        return _spread(frames, [float(header[by].value) * number for number in range(count)])
    return frames


def _step_of_planes(header: Dataset) -> str:
    """Name the attribute that says how far frames are apart that say no places; of a scanner, they are planes."""
    scanned = header.get("Modality") in _SCANNED
    return next((by for by in ("SpacingBetweenSlices", "SliceThickness")[: 1 + scanned] if header.get(by)), "")


def _pointers(header: Dataset) -> list[str]:
    """Keywords of what counts frames, that are there."""
    value = header.get("FrameIncrementPointer")
    tags = [] if value is None else [Tag(tag) for tag in _several(value)]
    return [keyword for keyword in map(keyword_for_tag, tags) if keyword in header]


def _several(value: Any) -> list[Any]:
    return list(value) if not isinstance(value, str | int | float) else [value]


def _vector(header: Dataset, keyword: str, count: int) -> list[Any]:
    values = _several(header[keyword].value)
    if len(values) != count:
        raise ReadError(f"{keyword} tells of {len(values):,} frames, and there are {count:,}", "Copy the file again")
    return values


def _times(header: Dataset, pointers: Sequence[str], count: int) -> list[float | None]:
    """Milliseconds from the first frame to each."""
    if "FrameTimeVector" in pointers:
        return list(accumulate(float(step) for step in _vector(header, "FrameTimeVector", count)))
    rate = float(header.get("CineRate") or header.get("RecommendedDisplayFrameRate") or 0)
    step = float(header.get("FrameTime") or 0) or (1000 / rate if rate > 0 and not pointers else 0)
    return [step * number for number in range(count)] if step > 0 else [None] * count


def _of_detectors(header: Dataset, frames: list[dict[str, Any]]) -> None:
    """Say where each frame's detector is, and count times, energy windows and detectors (PS3.3 C.8.4.8)."""
    pointers, count = _pointers(header), len(frames)
    vectors = {keyword: _vector(header, keyword, count) for keyword in pointers if keyword in (*_TIMES, *_PARTS)}
    detectors = header.get("DetectorInformationSequence") or ()
    times = [tuple(int(vectors[keyword][i]) for keyword in _TIMES if keyword in vectors) for i in range(count)]
    ranks = {time: rank for rank, time in enumerate(sorted(set(times)), 1)}
    for number, frame in enumerate(frames):
        detector = int(vectors["DetectorVector"][number]) if "DetectorVector" in vectors else 1
        if 0 < detector <= len(detectors):
            for keyword in ("ImagePositionPatient", "ImageOrientationPatient"):
                if detectors[detector - 1].get(keyword):
                    frame[keyword] = detectors[detector - 1].get(keyword)
        if len(ranks) > 1:
            frame["TemporalPositionIdentifier"] = ranks[times[number]]
        frame[PART] = ", ".join(f"{_PARTS[k]} {vectors[k][number]}" for k in _PARTS if k in vectors)


def _spread(frames: list[dict[str, Any]], along: list[float]) -> list[dict[str, Any]]:
    """Place frames along the normal of the first, so many millimeters from it."""
    if len(along) != len(frames):
        raise ReadError(f"It places {len(along):,} frames, and there are {len(frames):,}", "Copy the file again")
    position, orientation = frames[0].get("ImagePositionPatient"), frames[0].get("ImageOrientationPatient")
    if not position or not orientation:
        _assume(frames, _NO_PLACE)
        position, orientation = (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    origin, row, column = np.array(position, float), *np.reshape(np.array(orientation, float), (2, 3))
    normal = np.cross(row, column)
    # Offsets of a dose may be z of the patient, whichever way the normal of transverse planes leads (PS3.3 C.8.8.3.2).
    if along[0] != 0 and abs(along[0] - origin[2]) < _SAME and abs(normal[2]) > 1 - _SAME:
        along = [(distance - along[0]) * float(np.sign(normal[2])) for distance in along]
    for frame, distance in zip(frames, along, strict=True):
        frame["ImagePositionPatient"] = tuple((origin + distance * normal).tolist())
        frame["ImageOrientationPatient"] = tuple(map(float, orientation))
    return frames


def _assume(frames: list[dict[str, Any]], what: str) -> None:
    for frame in frames:
        frame[ASSUMED] = "; ".join(filter(None, (frame.get(ASSUMED), what)))
