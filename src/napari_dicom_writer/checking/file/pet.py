"""What the header of a PET image says of its values (PS3.3 C.8.9.1, C.8.9.4): without it a number is no activity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import PositronEmissionTomographyImageStorage

from napari_dicom_writer.reading import lenient as read

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from napari_dicom_writer.checking.findings import Report

_UNITS = set(
    "CNTS NONE CM2 CM2ML PCNT CPS BQML MGMINML UMOLMINML MLMING MLG 1CM UMOLML PROPCNTS PROPCPS MLMINML".split()
)
_UNITS |= set("MLML GML STDDEV".split())
_DECAY = ("NONE", "START", "ADMIN")


def check_pet(header: Dataset, report: Report) -> None:
    """Check units, decay correction and intercept of one image; all others are left."""
    if read.text(header, "SOPClassUID") != PositronEmissionTomographyImageStorage:
        return
    units = read.text(header, "Units")
    if units not in _UNITS:
        what = "It is missing" if not units else "It is not a term of the standard"
        (report.warning if units else report.error)(
            "pet-units", what, "Software takes values for another quantity, or refuses them", "Units"
        )
    decay, corrected = read.text(header, "DecayCorrection"), read.text(header, "CorrectedImage").split("\\")
    if decay not in _DECAY:
        what = "It is missing" if not decay else "It is neither NONE nor START nor ADMIN"
        report.error("pet-decay", what, "Activity and SUV are wrong by the decay, or refused", "DecayCorrection")
    elif (decay != "NONE") != ("DECY" in corrected) and corrected != [""]:
        what = f"It is {decay}, and Corrected Image {'names' if 'DECY' in corrected else 'does not name'} DECY"
        report.error("pet-decay", what, "Software corrects for decay twice, or not at all", "DecayCorrection")
    intercept = read.number(header, "RescaleIntercept")
    if intercept:
        what = f"It is {intercept:g}, and that of PET is 0"
        report.warning("pet-intercept", what, "Software that leaves it out shows other values", "RescaleIntercept")
