"""RT Structure Sets as other programs write them, made by pydicom alone, and their contours filled again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage, generate_uid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def item(**values: object) -> Dataset:
    """An item of a sequence."""
    made = Dataset()
    made.update(values)
    return made


def structure_set(rois: Mapping[str, Sequence[tuple[str, np.ndarray]]], image: Dataset | None = None) -> Dataset:
    """Make a data set.

    Parameters
    ----------
    rois
        Name → (Contour Geometric Type, (points, 3) in LPS mm) of each contour; numbered from 1, in shades of green.
    image
        A header of the series that it belongs to; None of no series.
    """
    made, meta = Dataset(), FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, RTStructureSetStorage
    made.SOPClassUID, made.SOPInstanceUID = RTStructureSetStorage, generate_uid()
    meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.file_meta = meta
    made.StudyInstanceUID = image.StudyInstanceUID if image else generate_uid()
    made.SeriesInstanceUID, made.Modality, made.SeriesNumber = generate_uid(), "RTSTRUCT", 9
    made.PatientID, made.PatientName = (image.PatientID, image.PatientName) if image else ("1", "A^B")
    made.StructureSetLabel, made.InstanceNumber = "plan", 1
    space = image.FrameOfReferenceUID if image else generate_uid()
    frame = item(FrameOfReferenceUID=space)
    if image:
        series = item(SeriesInstanceUID=image.SeriesInstanceUID)
        frame.RTReferencedStudySequence = [item(RTReferencedSeriesSequence=[series])]
    made.ReferencedFrameOfReferenceSequence = [frame]
    made.StructureSetROISequence = [
        item(ROINumber=number, ROIName=name, ReferencedFrameOfReferenceUID=space, ROIGenerationAlgorithm="MANUAL")
        for number, name in enumerate(rois, 1)
    ]
    made.RTROIObservationsSequence = [
        item(ObservationNumber=number, ReferencedROINumber=number, RTROIInterpretedType="ORGAN", ROIInterpreter="")
        for number, _ in enumerate(rois, 1)
    ]
    made.ROIContourSequence = [
        item(
            ROIDisplayColor=[0, 50 * number, 0],
            ReferencedROINumber=number,
            ContourSequence=[contour(kind, points) for kind, points in contours],
        )
        for number, contours in enumerate(rois.values(), 1)
    ]
    return made


def contour(kind: str, points: np.ndarray) -> Dataset:
    """One contour."""
    data = [f"{value:.6f}" for value in np.asarray(points, float).ravel()]
    return item(ContourGeometricType=kind, NumberOfContourPoints=len(points), ContourData=data)


def saved(made: Dataset, folder: Path) -> Path:
    """Write a file into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    made.save_as(folder / "contours.dcm", enforce_file_format=True)
    return folder / "contours.dcm"


def filled(roi: Dataset, images: list[Dataset]) -> np.ndarray:
    """Voxels whose centers lie in an odd number of the contours that name their plane, and lie on it."""
    mask = np.zeros((len(images), images[0].Rows, images[0].Columns), bool)
    places = {image.SOPInstanceUID: number for number, image in enumerate(images)}
    for contour in roi.ContourSequence:
        (item,) = contour.ContourImageSequence
        plane = places[item.ReferencedSOPInstanceUID]
        image = images[plane]
        points = np.array(contour.ContourData, float).reshape(-1, 3) - np.array(image.ImagePositionPatient, float)
        along, down = np.reshape(np.array(image.ImageOrientationPatient, float), (2, 3))
        assert np.abs(points @ np.cross(along, down)).max() < 1e-3
        index = np.stack([points @ down / image.PixelSpacing[0], points @ along / image.PixelSpacing[1]], axis=1)
        mask[plane] ^= inside(index, mask.shape[1:])
    return mask


def filled_on(grid: tuple[int, ...], affine: np.ndarray, roi: Dataset) -> np.ndarray:
    """Voxels of a grid in an odd number of the contours on their plane; `affine`: (plane, row, column, 1) → LPS mm."""
    mask, inverse = np.zeros(grid, bool), np.linalg.inv(affine)
    for contour in roi.get("ContourSequence", []):
        points = np.array(contour.ContourData, float).reshape(-1, 3)
        index = points @ inverse[:3, :3].T + inverse[:3, 3]
        plane = round(float(index[:, 0].mean()))
        assert np.abs(index[:, 0] - plane).max() < 2e-2, "a contour is not on a plane"
        mask[plane] ^= inside(index[:, 1:], mask.shape[1:])
    return mask


def inside(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Which voxel centers, (rows, columns), lie in a polygon, (points, 2): each looks along its row, by itself."""
    mask = np.zeros(shape, bool)
    low, high = np.floor(points.min(axis=0)).astype(int), np.ceil(points.max(axis=0)).astype(int) + 1
    box = tuple(slice(max(0, a), min(max(0, b), n)) for a, b, n in zip(low, high, shape, strict=True))
    rows, columns = (axis.reshape(-1, 1) for axis in np.mgrid[box])
    (y, x), (y1, x1) = points.T, np.roll(points, -1, axis=0).T
    spans = (y <= rows) != (y1 <= rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = x + (rows - y) * (x1 - x) / (y1 - y) > columns
    mask[box] = ((spans & beyond).sum(axis=1) % 2 == 1).reshape(mask[box].shape)
    return mask
