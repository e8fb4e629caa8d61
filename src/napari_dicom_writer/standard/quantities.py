"""What values measure, and in which unit: terms of DICOM (PS3.16 CID 7180, CID 84) and of UCUM."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from napari_dicom_writer.standard.codes import Code


class Quantity(NamedTuple):
    """One quantity.

    Attributes
    ----------
    title : str
        What people call it.
    code : Code
    units : tuple of str
        Those that it is usually given in, in UCUM.
    """

    title: str
    code: Code
    units: tuple[str, ...]


_ROWS = {
    "adc": ("apparent diffusion coefficient", "113041", "Apparent Diffusion Coefficient", "mm2/s um2/s 10-6.mm2/s"),
    "fa": ("fractional anisotropy", "110808", "Fractional Anisotropy", "1"),
    "t1": ("T1", "113063", "T1", "ms s"),
    "t2": ("T2", "113065", "T2", "ms s"),
    "t2-star": ("T2*", "113064", "T2*", "ms s"),
    "fat-fraction": ("fat fraction", "129100", "Fat fraction", "% 1"),
    "elasticity": ("elasticity", "110830", "Elasticity", "kPa"),
    "velocity": ("flow velocity", "110828", "Flow Velocity", "cm/s mm/s"),
    "blood-flow": ("regional blood flow", "126390", "Absolute Regional Blood Flow", "ml/[100]g/min"),
    "blood-volume": ("regional blood volume", "126391", "Absolute Regional Blood Volume", "ml/[100]ml"),
    "mean-transit-time": ("mean transit time", "113052", "Mean Transit Time", "s"),
    "time-to-peak": ("time to peak", "113069", "Time To Peak", "s"),
    "ktrans": ("Ktrans", "126312", "Ktrans", "/min"),
    "kep": ("kep", "126313", "kep", "/min"),
    "ve": ("ve", "126314", "ve", "1"),
    "suv": ("standardized uptake value", "126400", "Standardized Uptake Value", "g/ml{SUVbw}"),
    "attenuation": ("attenuation", "112031", "Attenuation Coefficient", "[hnsf'U] /cm"),
    "dose": ("absorbed dose", "128513", "Absorbed Dose", "Gy"),
    "probability": ("probability", "122157", "Probability", "1 %"),
}
QUANTITIES = {key: Quantity(row[0], Code(row[1], "DCM", row[2]), tuple(row[3].split())) for key, row in _ROWS.items()}
QUANTITY = Code("246205007", "SCT", "Quantity")
"""The concept that a quantity is the value of."""
# Terms of CT's Rescale Type and of PET's Units, which are none of UCUM.
_IN_UCUM = {
    "": "1",
    "US": "1",
    "NONE": "1",
    "HU": "[hnsf'U]",
    "SUV": "g/ml{SUVbw}",
    "GML": "g/ml",
    "BQML": "Bq/ml",
    "CNTS": "{counts}",
    "CPS": "{counts}/s",
    "PCNT": "%",
    "1CM": "/cm",
    "CM2": "cm2",
}


def ucum(unit: str) -> Code:
    """Return the code of a unit, with its meaning where pydicom's table has it; terms of CT and PET are translated.

    Examples
    --------
    >>> ucum("HU")
    Code(value="[hnsf'U]", scheme='UCUM', meaning='Hounsfield unit')
    >>> ucum("mm2/s2")
    Code(value='mm2/s2', scheme='UCUM', meaning='mm2/s2')
    """
    code = _IN_UCUM.get(unit, unit)
    return Code(code, "UCUM", _meanings().get(code, code))


def is_ucum(unit: str) -> bool:
    """Whether a unit can be one of UCUM: printable ASCII without blanks."""
    return _IN_UCUM.get(unit, unit).isascii() and unit.isprintable() and " " not in unit


@cache
def _meanings() -> dict[str, str]:
    """Code → meaning; pydicom's tables are imported here: they take 50 ms."""
    from pydicom.sr.codedict import codes

    terms = [getattr(codes.UCUM, keyword) for keyword in codes.UCUM.dir()]
    return {term.value: term.meaning for term in terms}
