"""What the user may choose from."""

from __future__ import annotations

from enum import StrEnum


class Modality(StrEnum):
    """Modality (0008,0060): what made the images."""

    OT = "OT"
    CT = "CT"
    MR = "MR"
    PT = "PT"

    @classmethod
    def _missing_(cls, value: object) -> Modality | None:
        # People say PET for PT, and Secondary Capture (SC, an IOD and no modality) for what OT is written as.
        alias = {"PET": "PT", "SC": "OT"}
        name = str(value).upper()
        return cls.__members__.get(alias.get(name, name))


class ValuePolicy(StrEnum):
    """What to do with values that 16 bits cannot hold exactly."""

    FIT = "fit"
    EXACT = "exact"


class TimeLayout(StrEnum):
    """How a time axis becomes series."""

    ONE_SERIES = "one-series"
    SERIES_PER_POINT = "series-per-point"


class UnnamedAxis(StrEnum):
    """What the first leading axis without a telling label or unit is."""

    TIME = "time"
    CHANNEL = "channel"


class World(StrEnum):
    """What napari's world (z, y, x), reversed, means in the patient."""

    LPS = "LPS"
    RAS = "RAS"


class ShearPolicy(StrEnum):
    """What to do with a grid that is not orthogonal."""

    REFUSE = "refuse"
    RESAMPLE = "resample"


class VerifyLevel(StrEnum):
    """How much of what was written is read back before it is published."""

    FULL = "full"
    HEADERS = "headers"
    OFF = "off"
