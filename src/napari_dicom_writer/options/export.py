"""What the user may decide: frozen, keyword-only, validated at construction.

The command line and the dock widget are generated from these fields and their metadata (`option_fields`).
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - the types of the fields are looked up
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from napari_dicom_writer import iods
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.units import millimeters
from napari_dicom_writer.options.choices import (
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
from napari_dicom_writer.options.fields import check, option
from napari_dicom_writer.options.groups import Patient, Pet, Series, Study
from napari_dicom_writer.options.numbers import check_numbers
from napari_dicom_writer.options.segment_files import Segments, as_segments
from napari_dicom_writer.standard import text
from napari_dicom_writer.standard.quantities import QUANTITIES
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

SOURCE = Path("source")
"""The value of `ExportOptions.reference` that stands for the series which a layer was opened from."""

_LENGTHS = ("mm", "um", "nm", "cm", "m")
_STUDY, _WHOLE = "they are one study", "they are written as a whole"


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """Everything an export can be told.

    Enumerated options take a member or its string. Wrong input is an `OptionsError` here, all of it at once, never a
    truncated tag later.

    Raises
    ------
    OptionsError
        Unknown choices, text that its VR does not allow, a pixel unit that is not a length, a fill value that is not
        finite, an error or a ratio that lossy compression cannot be held to.

    Examples
    --------
    >>> ExportOptions(modality="ct").modality
    <Modality.CT: 'CT'>
    """

    modality: Modality = option(
        Modality.OT,
        "what made the images: OT claims nothing; CT, MR, PT and any other term of DICOM for images, such as US or DX",
        group="series",
    )
    object: str = option(
        iods.AUTO,
        "DICOM object to write; auto: the one of the modality, else Secondary Capture",
        group="series",
        choices=iods.CHOICES,
        rare=True,
    )
    safety_agency: str = option(
        "",
        "Enhanced MR: the agency whose safety standard the scanner follows; required, and no layer knows it",
        group="series",
        choices={"": "", "iec": "IEC", "fda": "FDA", "mhw": "MHW (Japan)"},
        rare=True,
    )
    patient: Patient = field(default_factory=Patient, metadata={"common": "they are of one patient"})
    study: Study = field(default_factory=Study, metadata={"common": _STUDY})
    series: Series = field(default_factory=Series)
    pet: Pet = field(default_factory=Pet)
    attributes: Mapping[str, Any] = field(
        default_factory=dict,
        hash=False,
        metadata={
            "doc": "other attributes, keyword → value; what the writer decides, or an option says, is refused",
            "group": "series",
            "label": "",
            "choices": None,
            "usual": (),
            "rare": True,
        },
    )
    reference: Path | None = option(
        None,
        "file or folder of a DICOM series whose patient and study are taken, and which labels belong to; or `source`: "
        "the series that the layer was opened from; "
        "what is given here must not contradict it",
        group="study",
        common=_STUDY,
    )
    same_study: bool = option(
        True, "with a reference: add to its study; else a new study", group="study", rare=True, common=_STUDY
    )
    same_space: bool = option(
        True,
        "with a reference: the layers lie in its patient space (Frame of Reference); else a new one",
        group="study",
        rare=True,
        common="they lie in one space",
    )
    segmentation_type: SegmentationType = option(
        SegmentationType.AUTO,
        "labels as masks (binary), or as one label map; automatic: masks, if they are few and shown everywhere; "
        "an image of probabilities as fractions",
        group="labels",
        label="Labels as",
    )
    fractional_type: FractionalType = option(
        FractionalType.PROBABILITY,
        "what fractions are: how probably a voxel belongs to the segment, or how much of it does",
        group="labels",
        label="Fractions are",
        rare=True,
    )
    fraction_maximum: float = option(
        1.0,
        "fractional: the value that means the whole voxel, such as 100 or 255",
        group="labels",
        label="All of it is",
        rare=True,
    )
    segments: Segments = option(
        None,
        "what labels mean: a file (CSV, JSON, color table of 3D Slicer, label file of ITK-SNAP), or {1: 'liver'}",
        group="labels",
    )
    segment_algorithm: SegmentAlgorithm = option(
        SegmentAlgorithm.SEMIAUTOMATIC,
        "how the segments were made",
        group="labels",
        label="Made",
    )
    segment_algorithm_name: str = option(
        "", "the program that made the segments, such as TotalSegmentator", group="labels", label="Program", rare=True
    )
    resample_labels: ResampleLabels = option(
        ResampleLabels.REFUSE,
        "labels on another grid than their image: refuse, take the nearest voxels, or keep it, without an image",
        group="labels",
        label="On another grid",
        rare=True,
    )
    structures: Structures = option(
        Structures.TOGETHER,
        "contours of several layers on one image: together in one RT Structure Set, or a set for each layer",
        group="labels",
        label="Structure sets",
        rare=True,
    )
    empty_frames: bool = option(
        False, "masks: also write planes without the segment", group="labels", label="Empty frames", rare=True
    )
    values: ValuePolicy = option(
        ValuePolicy.FIT,
        "values 16 bits cannot hold exactly: fit them, saying the largest error, or refuse (exact)",
        group="pixels",
    )
    float_display: FloatDisplay = option(
        FloatDisplay.RESCALE,
        "floats with a Rescale Slope, for real values everywhere; or stored values, for viewers of a small range",
        group="pixels",
        label="Floats",
        rare=True,
    )
    companion: bool = option(
        False,
        "Parametric Map: beside it a series in 16 bits, by its modality, for programs that open no maps",
        group="pixels",
        label="Copy in 16 bits",
        rare=True,
    )
    nan: float | None = option(
        None,
        "value that replaces NaN and infinite values; empty: these are refused",
        group="pixels",
        label="Replace NaN by",
    )
    value_unit: str = option(
        "",
        "unit of the values: CT RescaleType (HU), PT Units (NONE), MR and maps a UCUM code, else US",
        group="pixels",
        label="Unit of values",
        usual=("HU", "US", "SUV", "BQML", "GML", "NONE", "mm2/s", "um2/s", "s", "ms", "/min", "%", "1"),
    )
    quantity: str = option(
        "",
        "what the values of an MR or a Parametric Map measure",
        group="pixels",
        choices={"": "", **{key: quantity.title for key, quantity in QUANTITIES.items()}},
        rare=True,
    )
    time: TimeLayout = option(
        TimeLayout.ONE_SERIES,
        "time points in one series, in one with Temporal Positions in any object (Standard Extended), or in one each",
        group="geometry",
        label="Time points",
    )
    unnamed_axis: UnnamedAxis = option(
        UnnamedAxis.TIME,
        "what an axis before the spatial ones is when neither its label nor its unit tells",
        group="geometry",
        label="Unlabeled axis",
        rare=True,
    )
    pixel_unit: str = option(
        "mm",
        "length of one world unit where a layer's unit is `pixel`, such as um or 0.65 um",
        group="geometry",
        label="One `pixel` is",
        usual=_LENGTHS,
    )
    world: World = option(
        World.LPS,
        "what napari's x and y axes mean: LPS, or RAS for layers from NIfTI tools",
        group="geometry",
        label="World axes",
    )
    geometry: Geometry = option(
        Geometry.CHECK,
        "where a layer's transforms are not those of its file: refuse (check), or take the layer's or the source's",
        group="geometry",
        label="Geometry",
        rare=True,
    )
    planes: Planes = option(
        Planes.KEEP,
        "how the planes lie in the patient: as in the data, or axial, coronal, sagittal; nothing is interpolated",
        group="geometry",
        label="Planes",
        rare=True,
    )
    spacing_at: SpacingAt = option(
        SpacingAt.PATIENT,
        "where distances are measured: in the patient; or, of a projection, which has no place there, at the detector "
        "(Imager Pixel Spacing) or on a scanned film (Nominal Scanned Pixel Spacing)",
        group="geometry",
        label="Pixel spacing",
        rare=True,
    )
    shear: ShearPolicy = option(
        ShearPolicy.REFUSE,
        "grids that are not orthogonal: refuse, or resample",
        group="geometry",
        label="Sheared grids",
        rare=True,
    )
    transfer_syntax: TransferSyntax = option(
        TransferSyntax.EXPLICIT_LE, "encoding of the files", group="output", label="Compression"
    )
    lossy_error: int = option(
        1,
        "jpeg-ls-lossy: largest error it may make, in stored values (1 to 255)",
        group="output",
        label="JPEG-LS error",
        rare=True,
    )
    lossy_ratio: float = option(
        10.0,
        "jpeg-2000-lossy: how many times smaller its planes become",
        group="output",
        label="JPEG 2000 ratio",
        rare=True,
    )
    concatenation: bool = option(
        False,
        "several planes in a file, past 4 GiB: cut into several files, which few programs put together again",
        group="output",
        label="Several files past 4 GiB",
        rare=True,
    )
    verify: VerifyLevel = option(
        VerifyLevel.FULL,
        "what is read back and compared before publishing; medium: everything, and from the disk or peer itself",
        group="output",
        label="Read back",
        common=_WHOLE,
    )
    overwrite: bool = option(
        False,
        "replace an earlier export of the same name; what others added or changed is never touched",
        group="output",
        common=_WHOLE,
    )
    workers: int | None = option(
        None, "threads that encode and write; by default as many as pay", group="output", rare=True, common=_WHOLE
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "segments", None if self.segments is None else as_segments(self.segments))
        check(self)
        if self.attributes != {}:
            from napari_dicom_writer.standard.attributes import check_attributes  # which imports pydicom

            object.__setattr__(self, "attributes", check_attributes(self.attributes))
        check_numbers(self)
        object.__setattr__(self, "value_unit", text.check("RescaleType", self.value_unit, mention("value_unit")))
        text.check("SegmentAlgorithmName", self.segment_algorithm_name, mention("segment_algorithm_name"))
        millimeters(self.pixel_unit, mention("pixel_unit"))

    def said(self) -> set[str]:
        """Keywords of the attributes that the groups of options say something of."""
        groups: list[Any] = [self.patient, self.study, self.series, self.pet]
        pairs = ((group, item) for group in groups for item in fields(group))
        return {item.metadata["keyword"] for group, item in pairs if getattr(group, item.name)}
