"""Objects of many frames, put together by arithmetic of the tests' own on what pydicom parses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom

from judges.readers import Reading


def decoded(path: Path) -> Reading:
    """Every frame where its position says; masks become the number of their segment, rescaled values the real ones."""
    dataset = pydicom.dcmread(path)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    groups = dataset.PerFrameFunctionalGroupsSequence
    row, column = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float).reshape(2, 3)
    measures, normal = shared.PixelMeasuresSequence[0], np.cross(row, column)
    places = np.array([group.PlanePositionSequence[0].ImagePositionPatient for group in groups], float)
    between = float(measures.get("SpacingBetweenSlices", 1))
    heights = places @ normal
    planes = np.rint((heights - heights.min()) / between).astype(int)
    frames = _frames(dataset)
    values = np.zeros((planes.max() + 1, *frames.shape[1:]), np.float64)
    for frame, plane, group in zip(frames, planes, groups, strict=True):
        if dataset.get("SegmentationType") == "BINARY":
            values[plane] += frame * float(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        else:
            values[plane] = frame
    transformation = shared.get("PixelValueTransformationSequence", [dataset])[0]
    values = values * float(transformation.get("RescaleSlope", 1)) + float(transformation.get("RescaleIntercept", 0))
    affine = np.eye(4)
    spacing = [float(length) for length in measures.PixelSpacing]
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = normal * between, column * spacing[0], row * spacing[1]
    affine[:3, 3] = places[np.argmin(heights)]
    return Reading(values, affine)


def _frames(dataset: pydicom.Dataset) -> np.ndarray:
    shape = (-1, dataset.Rows, dataset.Columns)
    for keyword, kind in (("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8")):
        if keyword in dataset:
            return np.frombuffer(dataset[keyword].value, kind).reshape(shape)
    return dataset.pixel_array.reshape(*shape, *([3] if dataset.SamplesPerPixel == 3 else []))
