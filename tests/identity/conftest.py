"""What tests of a reference share."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from pydicom.uid import CTImageStorage

from judges.references import FORBIDDEN, PATIENT, STUDY, save
from napari_dicom_writer.identity.reference_file import keywords


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A CT instance with all that is taken, and much that must not be."""
    header = pydicom.Dataset()
    header.SpecificCharacterSet = "ISO_IR 101"
    for group in (PATIENT, STUDY):
        for field, keyword in keywords(type(group)).items():
            setattr(header, keyword, getattr(group, field))
    header.SpecificCharacterSet = ["ISO_IR 100", "ISO 2022 IR 101"]
    for keyword, value in FORBIDDEN.items():
        setattr(header, keyword, value)
    header.Modality = "CT"
    header.SOPClassUID, header.SOPInstanceUID, header.SeriesInstanceUID = CTImageStorage, "1.2.3.4", "1.2.3.5"
    header.private_block(0x11, "SECRET", create=True).add_new(1, "LO", "hidden")
    return save(header, tmp_path / "source.dcm")
