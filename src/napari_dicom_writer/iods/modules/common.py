"""SOP Common, and the software that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.dataset import Dataset

from napari_dicom_writer.standard.text import offset_of
from napari_dicom_writer.version import __version__

if TYPE_CHECKING:
    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan


MANUFACTURER = "napari-dicom-writer developers"


PRODUCT = "napari-dicom-writer"


def sop_common(series: SeriesPlan, sop_class_uid: str) -> Attributes:
    """SOP Common (C.12.1), but for the instance's UID; this software as Contributing Equipment (C.12.1.1.5)."""
    created = series.study.created
    purpose = Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator = "109103", "DCM"
    purpose.CodeMeaning = "Modifying Equipment"
    equipment = Dataset()
    equipment.PurposeOfReferenceCodeSequence = [purpose]
    equipment.Manufacturer = MANUFACTURER
    equipment.ManufacturerModelName = PRODUCT
    equipment.SoftwareVersions = __version__
    equipment.ContributionDateTime = created.strftime("%Y%m%d%H%M%S") + offset_of(created)
    attributes: Attributes = {"TimezoneOffsetFromUTC": series.study.timezone} if series.study.timezone else {}
    return attributes | {
        "SOPClassUID": sop_class_uid,
        "SpecificCharacterSet": "ISO_IR 192",
        "InstanceCreationDate": created.strftime("%Y%m%d"),
        "InstanceCreationTime": created.strftime("%H%M%S.%f"),
        "ContributingEquipmentSequence": [equipment],
    }


def sop_common_of(instance: InstancePlan) -> Attributes:
    """SOP Instance UID (C.12.1)."""
    return {"SOPInstanceUID": instance.uid}
