"""What a DICOM file says of its patient and study, for a result that belongs to them.

Taken is what `TAKEN` lists, of the modules Patient (PS3.3 C.7.1.1), General Study (C.7.2.1) and Frame of Reference
(C.7.4.1), and nothing else. Text that cannot be read for certain is left out, or the file is refused. No message holds
a value.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pydicom.datadict import dictionary_VR, tag_for_keyword

from napari_dicom_writer.errors import OptionsError, ReadError, Refusals
from napari_dicom_writer.identity.bounded_reader import read_attributes
from napari_dicom_writer.mention import mention
from napari_dicom_writer.options.groups import Patient, Study
from napari_dicom_writer.standard import text
from napari_dicom_writer.standard.charset import UndecodableError, decode
from napari_dicom_writer.standard.patient_study import OF_PATIENT_OR_STUDY

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

TAKEN: Mapping[type[Patient] | type[Study], tuple[str, ...]] = {
    Patient: ("name", "id", "birth_date", "sex"),
    Study: (
        "instance_uid",
        "frame_of_reference_uid",
        "date",
        "time",
        "id",
        "description",
        "accession_number",
        "referring_physician",
    ),
}
"""The fields that a reference fills; their metadata name the attributes."""

NOT_LISTED = "is not among what is taken"
LOSS = ("LossyImageCompression", "LossyImageCompressionMethod", "LossyImageCompressionRatio")
_OTHERS = ("SpecificCharacterSet", "Modality", "SeriesNumber", *LOSS)
_REQUIRED = {"PatientName", "PatientID"}  # in doubt about them, it is not known whose images these are
_WHERE = "reference"

_Group = TypeVar("_Group", Patient, Study)


class Attribute(NamedTuple):
    """An attribute of the reference: its keyword, and its value or why it was not taken."""

    keyword: str
    text: str

    @property
    def name(self) -> str:
        """Its name in PS3.6, such as Patient's Birth Date."""
        return text.title(self.keyword)


@dataclass(frozen=True, slots=True)
class Reference:
    """What a DICOM file says of its patient and study.

    Attributes
    ----------
    patient : Patient
        Name, ID, birth date and sex; empty where the file says nothing.
    study : Study
        Both UIDs as found; empty where they are not there, or not valid.
    modality, number : str
        Of its series; empty if they are not known.
    lossy : dict
        What it says of lossy compression, now or before: keyword → values; empty where it says of none.
    taken : tuple of Attribute
        What is in `patient` and `study`, with its values.
    left : tuple of Attribute
        What is there and was not taken, with the reason: it is not in `TAKEN`, or not valid.
    """

    patient: Patient
    study: Study
    modality: str
    number: str
    lossy: dict[str, tuple[str, ...]]
    taken: tuple[Attribute, ...]
    left: tuple[Attribute, ...]


def read_reference(path: str | os.PathLike[str]) -> Reference:
    """Read patient and study from a DICOM file.

    Parameters
    ----------
    path
        A regular file (PS3.10), in any transfer syntax.

    Returns
    -------
    Reference

    Raises
    ------
    ReadError
        If the file cannot be read, is not DICOM, is broken, costs too much, holds no patient or study, or leaves in
        doubt whose it is. Names neither path nor values.
    """
    values = _read(path)
    if not values.keys() & {keyword for group in TAKEN for keyword in keywords(group).values()}:
        what = "It holds neither a patient nor a study, as a directory (DICOMDIR) does not"
        raise ReadError(what, "Choose an image of the study", _WHERE)
    charset = values.pop("SpecificCharacterSet", b"")
    modality = _checked("Modality", values.pop("Modality", b""))
    number = _checked("SeriesNumber", values.pop("SeriesNumber", b""))
    lossy = _loss({keyword: values.pop(keyword, b"") for keyword in LOSS})
    taken: list[Attribute] = []
    left: list[Attribute] = []
    patient = _group(Patient, values, charset, taken, left)
    study = _group(Study, values, charset, taken, left)
    listed = {*keywords(Patient).values(), *keywords(Study).values()}
    others = {keyword: value for keyword, value in values.items() if keyword not in listed}
    left += [
        Attribute(keyword, NOT_LISTED) for keyword, value in others.items() if value is None or value.strip(b" \0")
    ]
    return Reference(patient, study, modality, number, lossy, tuple(taken), tuple(left))


def _read(path: str | os.PathLike[str]) -> dict[str, bytes | None]:
    """Read whatever is there, by keyword."""
    listed = [keyword for group in TAKEN for keyword in keywords(group).values()]
    tags = {tag_for_keyword(keyword) or 0: keyword for keyword in [*_OTHERS, *listed, *OF_PATIENT_OR_STUDY]}
    return {tags[tag]: value for tag, value in read_attributes(path, tags).items()}


def keywords(group: type[Patient] | type[Study]) -> dict[str, str]:
    """Field → keyword of what is taken."""
    return {item.name: item.metadata["keyword"] for item in fields(group) if item.name in TAKEN[group]}


def _checked(keyword: str, raw: bytes | None) -> str:
    """Return what is valid; else nothing."""
    try:
        return text.check(keyword, _value(keyword, raw, b""))
    except (UndecodableError, OptionsError):
        return ""


def _loss(raw: Mapping[str, bytes | None]) -> dict[str, tuple[str, ...]]:
    """Return what is said of lossy compression; methods and ratios as far as they are valid and belong together."""
    said, methods, ratios = (
        tuple(_checked(keyword, value) for value in (raw[keyword] or b"").split(b"\\")) for keyword in LOSS
    )
    if said != ("01",):
        return {}
    found: dict[str, tuple[str, ...]] = {LOSS[0]: said}
    if all(methods):
        found[LOSS[1]] = methods
        if all(ratios) and len(ratios) == len(methods):
            found[LOSS[2]] = ratios
    return found


def _group(
    group: type[_Group],
    values: Mapping[str, bytes | None],
    charset: bytes | None,
    taken: list[Attribute],
    left: list[Attribute],
) -> _Group:
    """Take the valid values of a group of options; an attribute that is required refuses the file, if it is not."""
    found = dict.fromkeys(TAKEN[group], "")
    refusals = Refusals()
    for field, keyword in keywords(group).items():
        if keyword not in values:
            continue
        name = f"{group.__name__.lower()}.{field}"
        try:
            value = _value(keyword, values[keyword], charset)
            found[field] = getattr(group(**{field: value}), field)
        except (UndecodableError, OptionsError) as error:
            reason = error.refusals[0].what if isinstance(error, OptionsError) else str(error)
            left.append(Attribute(keyword, reason.removeprefix(f"{mention(name)} ")))
            if keyword in _REQUIRED:
                with refusals.collect(_WHERE):
                    remedy = "Choose another DICOM image, or give patient and study without a reference"
                    raise ReadError(f"Its {left[-1].name} {left[-1].text}", remedy) from None
        if found[field]:
            taken.append(Attribute(keyword, found[field]))
    refusals.raise_if_any()
    return group(**found)


def _value(keyword: str, raw: bytes | None, charset: bytes | None) -> str:
    """Decode a value.

    Raises
    ------
    UndecodableError
        If that cannot be done for certain.
    """
    if raw is not None and not raw.strip(b" \0"):
        return ""
    vr = dictionary_VR(keyword)
    if raw is None:
        raise UndecodableError("is too long, or no plain value")
    if vr in ("LO", "PN", "SH"):
        if charset is None:
            raise UndecodableError("is in a character set that is not known here")
        value = decode(raw, charset, name=vr == "PN")
    elif raw.isascii():
        value = raw.rstrip(b" \0").decode("ascii")
    else:
        raise UndecodableError("is not ASCII")
    # The check of options strips line breaks; in a file they are wrong.
    if any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in value):
        raise UndecodableError("holds a control character")
    return value.upper() if vr == "CS" else value
