"""What the user may choose from."""

from __future__ import annotations

from enum import StrEnum


class Modality(StrEnum):
    """What made the images: the terms of Modality (0008,0060) that are of images (PS3.3 C.7.3.1.1.1)."""

    OT = "OT"
    CT = "CT"
    MR = "MR"
    PT = "PT"
    US = "US"
    NM = "NM"
    DX = "DX"
    CR = "CR"
    MG = "MG"
    XA = "XA"
    RF = "RF"
    SM = "SM"
    GM = "GM"
    CFM = "CFM"
    XC = "XC"
    ES = "ES"
    OP = "OP"
    OPT = "OPT"
    OPM = "OPM"
    OPTBSV = "OPTBSV"
    OPTENF = "OPTENF"
    OCT = "OCT"
    OSS = "OSS"
    DMS = "DMS"
    PA = "PA"
    IVUS = "IVUS"
    IVOCT = "IVOCT"
    BDUS = "BDUS"
    BMD = "BMD"
    IO = "IO"
    PX = "PX"
    RG = "RG"
    BI = "BI"
    DG = "DG"
    LS = "LS"
    TG = "TG"

    @classmethod
    def _missing_(cls, value: object) -> Modality | None:
        # People say PET for PT, and Secondary Capture (SC, an IOD and no modality) for what OT is written as.
        alias = {"PET": "PT", "SC": "OT"}
        name = str(value).upper()
        return cls.__members__.get(alias.get(name, name))


MODALITIES = {
    Modality.OT: "other",
    Modality.CT: "CT, computed tomography",
    Modality.MR: "MR, magnetic resonance",
    Modality.PT: "PET, positron emission tomography",
    Modality.US: "ultrasound",
    Modality.NM: "nuclear medicine",
    Modality.DX: "digital radiography",
    Modality.CR: "computed radiography",
    Modality.MG: "mammography",
    Modality.XA: "X-ray angiography",
    Modality.RF: "radiofluoroscopy",
    Modality.SM: "slide microscopy",
    Modality.GM: "general microscopy",
    Modality.CFM: "confocal microscopy",
    Modality.XC: "external-camera photography",
    Modality.ES: "endoscopy",
    Modality.OP: "ophthalmic photography",
    Modality.OPT: "ophthalmic tomography",
    Modality.OPM: "ophthalmic mapping",
    Modality.OPTBSV: "ophthalmic tomography, B-scan analysis",
    Modality.OPTENF: "ophthalmic tomography, en face",
    Modality.OCT: "optical coherence tomography, not of the eye",
    Modality.OSS: "optical surface scan",
    Modality.DMS: "dermoscopy",
    Modality.PA: "photoacoustic",
    Modality.IVUS: "intravascular ultrasound",
    Modality.IVOCT: "intravascular optical coherence tomography",
    Modality.BDUS: "bone densitometry, ultrasound",
    Modality.BMD: "bone densitometry, X-ray",
    Modality.IO: "intra-oral radiography",
    Modality.PX: "panoramic X-ray",
    Modality.RG: "radiography on film or screen",
    Modality.BI: "biomagnetic imaging",
    Modality.DG: "diaphanography",
    Modality.LS: "laser surface scan",
    Modality.TG: "thermography",
}
"""What the terms mean, the usual ones first."""


class ValuePolicy(StrEnum):
    """What to do with values that 16 bits cannot hold exactly."""

    FIT = "fit"
    EXACT = "exact"


class FloatDisplay(StrEnum):
    """Where the real values of floats are, which decides who shows them and who reads them right."""

    RESCALE = "rescale"
    STORED = "stored"


class TimeLayout(StrEnum):
    """How a time axis becomes series."""

    ONE_SERIES = "one-series"
    NUMBERED = "one-series-numbered"
    SERIES_PER_POINT = "series-per-point"


class UnnamedAxis(StrEnum):
    """What the first leading axis without a telling label or unit is."""

    TIME = "time"
    CHANNEL = "channel"


class World(StrEnum):
    """What napari's world (z, y, x), reversed, means in the patient."""

    LPS = "LPS"
    RAS = "RAS"


class Geometry(StrEnum):
    """Which geometry counts where a layer and the file it was read from disagree."""

    CHECK = "check"
    LAYER = "layer"
    SOURCE = "source"


class Planes(StrEnum):
    """Along which direction of the patient the planes follow each other."""

    KEEP = "keep"
    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"


class SpacingAt(StrEnum):
    """Where the distances between rows and columns are measured (PS3.3 10.7.1)."""

    PATIENT = "patient"
    DETECTOR = "detector"
    FILM = "film"


class ShearPolicy(StrEnum):
    """What to do with a grid that is not orthogonal."""

    REFUSE = "refuse"
    RESAMPLE = "resample"


class ResampleLabels(StrEnum):
    """What to do with labels on another grid than the image they belong to."""

    REFUSE = "refuse"
    NEAREST = "nearest"
    KEEP = "keep"


class Structures(StrEnum):
    """What becomes of the contours of several layers on one image."""

    TOGETHER = "together"
    APART = "apart"


class VerifyLevel(StrEnum):
    """How much of what was written is read back before it is published, the most first."""

    MEDIUM = "medium"
    FULL = "full"
    HEADERS = "headers"
    OFF = "off"

    @property
    def pixels(self) -> bool:
        """Whether pixels are compared, too."""
        return self in (VerifyLevel.MEDIUM, VerifyLevel.FULL)


class SegmentationType(StrEnum):
    """How labels are written."""

    AUTO = "auto"
    LABELMAP = "labelmap"
    BINARY = "binary"
    FRACTIONAL = "fractional"


class FractionalType(StrEnum):
    """What fractions are (Segmentation Fractional Type, PS3.3 C.8.20.2.3)."""

    PROBABILITY = "probability"
    OCCUPANCY = "occupancy"


class SegmentAlgorithm(StrEnum):
    """How segments were made (Segment Algorithm Type, PS3.3 C.8.20.2)."""

    AUTOMATIC = "automatic"
    SEMIAUTOMATIC = "semiautomatic"
    MANUAL = "manual"
