"""What the user may decide: frozen, keyword-only, validated at construction.

The command line, napari's preferences and the dock widget are generated from these fields; a field's ``doc`` is the
text they show.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cache
from numbers import Integral, Real
from types import NoneType
from typing import Any, get_args, get_type_hints

import numpy as np

from napari_dicom_writer import text
from napari_dicom_writer.errors import OptionsError, Refusals
from napari_dicom_writer.transfer_syntax import TransferSyntax
from napari_dicom_writer.units import millimetres


class Modality(StrEnum):
    """Modality (0008,0060), which decides the IOD."""

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


# PS3.3 C.7.3.1.1.2
_PATIENT_POSITIONS = tuple(" HFP HFS HFDR HFDL FFP FFS FFDR FFDL LFP LFS RFP RFS AFDR AFDL PFDR PFDL".split(" "))


def _attribute(keyword: str, doc: str, default: str = "") -> Any:
    """A text field that becomes the DICOM attribute `keyword`, whose VR decides what is valid."""
    return field(default=default, metadata={"keyword": keyword, "doc": doc})


def _option(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


@cache
def _types(name: str) -> dict[str, Any]:
    return get_type_hints(globals()[name])


def _coerce(instance: Any) -> None:
    """Turn strings into enum members and check text against its VR; report everything wrong at once."""
    refusals, hints = Refusals(), _types(type(instance).__name__)
    for item in fields(instance):
        value, kind = getattr(instance, item.name), hints[item.name]
        with refusals.collect("options"):
            if keyword := item.metadata.get("keyword"):
                object.__setattr__(instance, item.name, text.check(keyword, value))
            elif isinstance(kind, type) and issubclass(kind, StrEnum):
                object.__setattr__(instance, item.name, _member(kind, item.name, value))
            else:
                object.__setattr__(instance, item.name, _plain(kind, item.name, value))
    refusals.raise_if_any()


def _plain(kind: Any, name: str, value: Any) -> Any:
    """Check a switch, a number, text or a group; what only looks like one is refused (``overwrite="no"`` is true)."""
    optional = NoneType in get_args(kind)
    kind = next((part for part in get_args(kind) if part is not NoneType), kind)
    if value is None and optional:
        return None
    if kind is bool and isinstance(value, bool | np.bool_):
        return bool(value)
    if kind in (int, float) and isinstance(value, Integral if kind is int else Real) and not isinstance(value, bool):
        try:
            return kind(value)
        except OverflowError:
            raise OptionsError(f"{name} is too large", f"Give a smaller {name}") from None
    if kind not in (bool, int, float) and isinstance(value, kind):
        return value
    expected = {bool: "True or False", int: "an integer", float: "a number", str: "text"}.get(
        kind, f"{kind.__name__}(...)"
    )
    raise OptionsError(f"{name} is a {type(value).__name__}", f"Pass {name} as {expected}")


def _member(kind: type[StrEnum], name: str, value: object) -> StrEnum:
    try:
        # Whatever its case: LPS and lps are the same choice.
        known = {member.lower(): member for member in kind}
        return known.get(str(value).lower()) or kind(value)  # type: ignore[arg-type]  # what is none raises
    except ValueError:
        choices = ", ".join(repr(str(member)) for member in kind)
        raise OptionsError(f"{name}={value!r} is not a choice", f"Choose one of {choices}") from None


def _check_loss(error: int, ratio: float) -> None:
    """Check the range of what the lossy transfer syntaxes are told, whichever is chosen."""
    refusals = Refusals()
    with refusals.collect("options"):
        if not 1 <= error <= 255:
            remedy = "Give an integer from 1 to 255, or choose transfer_syntax='jpeg-ls' to lose nothing"
            raise OptionsError(f"lossy_error={error!r} is not an error JPEG-LS can be held to", remedy)
    with refusals.collect("options"):
        if not 1 < ratio < math.inf:
            remedy = "Give a number above 1, or choose transfer_syntax='jpeg-2000' to lose nothing"
            raise OptionsError(f"lossy_ratio={ratio!r} is not a ratio to compress to", remedy)
    refusals.raise_if_any()


@dataclass(frozen=True, kw_only=True)
class Patient:
    """Who was imaged (PS3.3 C.7.1.1, C.7.2.2). Without a name and an ID the patient is anonymous.

    Text only; an empty ID becomes one unique to the study, never a shared constant.
    """

    name: str = _attribute("PatientName", "Family^Given^Middle^Prefix^Suffix", "Anonymous^")
    id: str = _attribute("PatientID", "hospital number; empty: one unique to the study")
    birth_date: str = _attribute("PatientBirthDate", "YYYY-MM-DD")
    sex: str = _attribute("PatientSex", "M, F or O")
    age: str = _attribute("PatientAge", "number and unit, such as 042Y, 006M, 003W or 010D")
    weight: str = _attribute("PatientWeight", "in kilograms")
    size: str = _attribute("PatientSize", "height in metres")

    def __post_init__(self) -> None:
        _coerce(self)


@dataclass(frozen=True, kw_only=True)
class Study:
    """The examination all exported series belong to (PS3.3 C.7.2.1)."""

    instance_uid: str = _attribute("StudyInstanceUID", "of an existing study to add to; empty: a new study")
    frame_of_reference_uid: str = _attribute(
        "FrameOfReferenceUID", "of an existing patient space the layers lie in; empty: a new one"
    )
    date: str = _attribute("StudyDate", "YYYY-MM-DD; empty: today")
    time: str = _attribute("StudyTime", "HH:MM:SS; empty: now")
    id: str = _attribute("StudyID", "short text; empty: 1", "1")
    description: str = _attribute("StudyDescription", "what the study is about")
    accession_number: str = _attribute("AccessionNumber", "number of the order at the hospital")
    referring_physician: str = _attribute("ReferringPhysicianName", "Family^Given")

    def __post_init__(self) -> None:
        _coerce(self)


@dataclass(frozen=True, kw_only=True)
class Series:
    """What the exported series say of themselves (PS3.3 C.7.3.1, C.7.5.1)."""

    description: str = _attribute("SeriesDescription", "empty: the layer's name")
    number: str = _attribute("SeriesNumber", "of the first series; the next ones count on", "1")
    protocol: str = _attribute("ProtocolName", "how the images were made")
    body_part: str = _attribute("BodyPartExamined", "term of PS3.16 annex L in capitals, such as BRAIN or CHEST")
    laterality: str = _attribute("Laterality", "L or R, for a paired body part")
    patient_position: str = _attribute("PatientPosition", "CT and MR: such as HFS or FFP")
    institution: str = _attribute("InstitutionName", "where the images were made")
    department: str = _attribute("InstitutionalDepartmentName", "department of the institution")
    station: str = _attribute("StationName", "name of the workstation, if it should be known")
    operator: str = _attribute("OperatorsName", "Family^Given of who made the images")

    def __post_init__(self) -> None:
        _coerce(self)
        if self.laterality not in ("", "L", "R"):
            raise OptionsError("Laterality is neither L nor R", "Use L, R or leave it empty", "options")
        if self.patient_position not in _PATIENT_POSITIONS:
            raise OptionsError(
                f"Patient Position {self.patient_position} is not a term of DICOM",
                f"Use one of {', '.join(_PATIENT_POSITIONS[1:])}, or leave it empty",
                "options",
            )
        if not self.number:
            object.__setattr__(self, "number", "1")


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """Everything an export can be told.

    Enumerated options take a member or its string. Wrong input is an `OptionsError` here, all of it at once, never a
    truncated tag later.

    Raises
    ------
    OptionsError
        Unknown choices, text that its VR does not allow, a pixel unit that is no length, a fill value that is not
        finite, an error or a ratio that lossy compression cannot be held to.

    Examples
    --------
    >>> ExportOptions(modality="ct").modality
    <Modality.CT: 'CT'>
    """

    modality: Modality = _option(
        Modality.OT, "what made the images: OT (Secondary Capture, claims nothing), CT, MR or PT"
    )
    patient: Patient = field(default_factory=Patient)
    study: Study = field(default_factory=Study)
    series: Series = field(default_factory=Series)
    values: ValuePolicy = _option(
        ValuePolicy.FIT, "values 16 bits cannot hold exactly: fit them, saying the largest error, or refuse (exact)"
    )
    nan: float | None = _option(None, "value that replaces NaN and infinite values; without one they are refused")
    value_unit: str = _option("", "unit of the values: CT RescaleType (HU), PT Units (NONE), MR a UCUM code, else US")
    time: TimeLayout = _option(TimeLayout.ONE_SERIES, "time points together in one series, or one series each")
    unnamed_axis: UnnamedAxis = _option(
        UnnamedAxis.TIME, "what an axis before the spatial ones is when neither its label nor its unit tells"
    )
    pixel_unit: str = _option("mm", "length of one world unit where a layer's unit is `pixel`, such as um or 0.65 um")
    world: World = _option(World.LPS, "what napari's x and y axes mean: LPS, or RAS for layers from NIfTI tools")
    shear: ShearPolicy = _option(ShearPolicy.REFUSE, "grids that are not orthogonal: refuse, or resample")
    transfer_syntax: TransferSyntax = _option(TransferSyntax.EXPLICIT_LE, "encoding of the files")
    lossy_error: int = _option(1, "jpeg-ls-lossy: largest error it may make, in stored values (1 to 255)")
    lossy_ratio: float = _option(10.0, "jpeg-2000-lossy: how many times smaller its planes become")
    verify: VerifyLevel = _option(VerifyLevel.FULL, "read back before publishing: full, headers or off")
    overwrite: bool = _option(False, "replace an earlier export of the same name; other files are never touched")
    workers: int | None = _option(None, "threads that encode and write; by default as many as pay")

    def __post_init__(self) -> None:
        _coerce(self)
        if self.nan is not None and not math.isfinite(self.nan):
            raise OptionsError(f"nan={self.nan} is not a finite number", "Give a finite fill value", "options")
        _check_loss(self.lossy_error, self.lossy_ratio)
        object.__setattr__(self, "value_unit", text.check("RescaleType", self.value_unit))
        millimetres(self.pixel_unit)
        if self.workers is not None and self.workers < 1:
            raise OptionsError(f"workers={self.workers!r} is no number of threads", "Give 1 or more", "options")
