"""What stands around the data set of a file: file meta information, and how Pixel Data is announced.

The encoder writes by this table, the preview shows it, and read-back expects what it says. So a fault in here is one
that read-back cannot see: validators have to (tests/iods/test_file_meta.py).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from napari_dicom_writer.standard.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

if TYPE_CHECKING:
    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan

PREAMBLE = b"\0" * 128 + b"DICM"
FLOAT_PIXEL_DATA, DOUBLE_PIXEL_DATA, PIXEL_DATA = 0x7FE00008, 0x7FE00009, 0x7FE00010


def file_meta(series: SeriesPlan, sop_class_uid: str) -> Attributes:
    """File meta information (PS3.10 7.1), but for the length of its group and for the instance's UID."""
    return {
        "FileMetaInformationVersion": b"\0\1",
        "MediaStorageSOPClassUID": sop_class_uid,
        "TransferSyntaxUID": str(series.encoding),
        "ImplementationClassUID": str(IMPLEMENTATION_CLASS_UID),
        "ImplementationVersionName": IMPLEMENTATION_VERSION_NAME,
    }


def file_meta_of(instance: InstancePlan) -> Attributes:
    """Media Storage SOP Instance UID (PS3.10 7.1)."""
    return {"MediaStorageSOPInstanceUID": instance.uid}


def end_of_meta(content: bytes) -> int:
    """Where file meta information ends, by the length of its group, which comes first (PS3.10 7.1)."""
    (length,) = struct.unpack_from("<L", content, len(PREAMBLE) + 8)
    return len(PREAMBLE) + 12 + int(length)


def pixel_data_tag(series: SeriesPlan) -> int:
    """Tag of the pixels: Pixel Data, or Float or Double Float Pixel Data (PS3.3 C.7.6.24, C.7.6.25)."""
    if series.stored.is_float:
        return FLOAT_PIXEL_DATA if series.stored.bits == 32 else DOUBLE_PIXEL_DATA
    return PIXEL_DATA


def pixel_data_vr(series: SeriesPlan) -> str:
    """VR of the pixels: fragments, bits and 8 bits are bytes, what is wider is words (PS3.5 A.2, A.4)."""
    if series.stored.is_float:
        return "OF" if series.stored.bits == 32 else "OD"
    if series.stored.bits == 1:
        return "OB"
    return "OB" if series.stored.bits == 8 or series.options.transfer_syntax.encapsulated else "OW"
