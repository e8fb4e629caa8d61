"""What the choices of enumerated options are called in a form, in the order in which they are offered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_dicom_writer.options.choices import (
    MODALITIES,
    FloatDisplay,
    FractionalType,
    Geometry,
    Modality,
    Planes,
    ResampleLabels,
    SegmentAlgorithm,
    SegmentationType,
    ShearPolicy,
    SpacingAt,
    Structures,
    TimeLayout,
    UnnamedAxis,
    ValuePolicy,
    VerifyLevel,
    World,
)
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

NAMES: Mapping[type[StrEnum], Mapping[Any, str]] = {
    Modality: MODALITIES,
    SegmentationType: {
        SegmentationType.AUTO: "automatic",
        SegmentationType.BINARY: "masks",
        SegmentationType.LABELMAP: "label map",
        SegmentationType.FRACTIONAL: "fractions",
    },
    FractionalType: {FractionalType.PROBABILITY: "probabilities", FractionalType.OCCUPANCY: "parts of a voxel"},
    SegmentAlgorithm: {
        SegmentAlgorithm.AUTOMATIC: "by a program",
        SegmentAlgorithm.SEMIAUTOMATIC: "with a program's help",
        SegmentAlgorithm.MANUAL: "by hand",
    },
    ResampleLabels: {
        ResampleLabels.REFUSE: "refuse",
        ResampleLabels.NEAREST: "take the nearest voxels",
        ResampleLabels.KEEP: "keep it, without an image",
    },
    Structures: {Structures.TOGETHER: "one for each image", Structures.APART: "one for each layer"},
    ValuePolicy: {ValuePolicy.FIT: "fit into 16 bits", ValuePolicy.EXACT: "refuse what is inexact"},
    FloatDisplay: {FloatDisplay.RESCALE: "real values, by a slope", FloatDisplay.STORED: "stored values, for display"},
    TimeLayout: {
        TimeLayout.ONE_SERIES: "in one series",
        TimeLayout.NUMBERED: "in one series, numbered for OHIF",
        TimeLayout.SERIES_PER_POINT: "each in a series of its own",
    },
    UnnamedAxis: {UnnamedAxis.TIME: "time", UnnamedAxis.CHANNEL: "channels"},
    World: {World.LPS: "LPS", World.RAS: "RAS (NIfTI tools)"},
    Geometry: {
        Geometry.CHECK: "the layer's, if its file agrees",
        Geometry.LAYER: "the layer's",
        Geometry.SOURCE: "its file's",
    },
    Planes: {
        Planes.KEEP: "as in the data",
        Planes.AXIAL: "axial",
        Planes.CORONAL: "coronal",
        Planes.SAGITTAL: "sagittal",
    },
    SpacingAt: {
        SpacingAt.PATIENT: "in the patient",
        SpacingAt.DETECTOR: "at the detector",
        SpacingAt.FILM: "on a scanned film",
    },
    ShearPolicy: {ShearPolicy.REFUSE: "refuse", ShearPolicy.RESAMPLE: "resample"},
    # What loses nothing first.
    TransferSyntax: {one: one.row.title for one in sorted(TransferSyntax, key=lambda one: not one.lossless)},
    VerifyLevel: {
        VerifyLevel.MEDIUM: "everything, from disk or peer",
        VerifyLevel.FULL: "everything",
        VerifyLevel.HEADERS: "headers only",
        VerifyLevel.OFF: "nothing",
    },
}
