"""The DICOMDIR: Basic Directory IOD (PS3.3 annex F), a tree of records linked by their places in the file.

pydicom's FileSet makes the same, and takes the square of the number of files for it: 30 s for 1,600. So it reads in the
tests what is written here, with pydicom's encoder.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from io import BytesIO
from itertools import zip_longest
from typing import TYPE_CHECKING

from pydicom import dcmread
from pydicom.charset import convert_encodings
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomFileLike
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import UID, ExplicitVRLittleEndian, MediaStorageDirectoryStorage, RTStructureSetStorage

from napari_dicom_writer.standard.elements import item_head
from napari_dicom_writer.standard.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, UIDSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

# Keys of a record (PS3.3 F.5), types 1 and 2.
_KEYS: dict[str, tuple[str, ...]] = {
    "PATIENT": ("SpecificCharacterSet", "PatientName", "PatientID"),
    "STUDY": (
        *("SpecificCharacterSet", "StudyDate", "StudyTime", "AccessionNumber", "StudyDescription"),
        *("StudyInstanceUID", "StudyID"),
    ),
    "SERIES": ("SpecificCharacterSet", "Modality", "SeriesInstanceUID", "SeriesNumber"),
    "IMAGE": ("SpecificCharacterSet", "InstanceNumber"),
    "RT STRUCTURE SET": (
        *("SpecificCharacterSet", "InstanceNumber", "StructureSetLabel", "StructureSetDate", "StructureSetTime"),
    ),
}
_MAY_BE_EMPTY = {"PatientName", "AccessionNumber", "StudyDescription", "StructureSetDate", "StructureSetTime"}
_LEAVES = {RTStructureSetStorage: "RT STRUCTURE SET"}
"""Record types of objects that are not images."""
_READ = {*(key for keys in _KEYS.values() for key in keys), "SOPClassUID", "SOPInstanceUID"}
_NEXT, _LOWER = 8, 30
"""Where a record's links stand, from the start of its data set: they are its first elements, of fixed length."""


@dataclass(slots=True)
class Record:
    """A directory record, with those below it."""

    encoded: bytearray
    below: list[Record] = field(default_factory=list)
    offset: int = 0


def write_directory(path: Path, files: Iterable[tuple[Path, tuple[str, ...]]], tick: Callable[[], None]) -> None:
    """Write a DICOMDIR.

    Parameters
    ----------
    path
        To be made.
    files
        Each with its File ID, in the order of the records: those of a series together.
    tick
        Called for every file.

    Raises
    ------
    OSError
        If the system refuses.
    """
    roots: list[Record] = []
    branch: list[tuple[str, Record]] = []
    for file, file_id in files:
        tick()
        dataset = dcmread(file, stop_before_pixels=True, specific_tags=sorted(_READ))
        places = (("PATIENT", "PatientID"), ("STUDY", "StudyInstanceUID"), ("SERIES", "SeriesInstanceUID"))
        for level, (kind, key) in enumerate(places):
            if len(branch) <= level or branch[level][0] != dataset[key].value:
                branch[level:] = [(dataset[key].value, Record(_encoded(_record(kind, dataset))))]
                (branch[level - 1][1].below if level else roots).append(branch[level][1])
        leaf = _record(_LEAVES.get(dataset.SOPClassUID, "IMAGE"), dataset)
        leaf.ReferencedFileID = list(file_id)
        leaf.ReferencedSOPClassUIDInFile = dataset.SOPClassUID
        leaf.ReferencedSOPInstanceUIDInFile = dataset.SOPInstanceUID
        leaf.ReferencedTransferSyntaxUIDInFile = dataset.file_meta.TransferSyntaxUID
        branch[-1][1].below.append(Record(_encoded(leaf)))
    _write(path, roots)


def _record(kind: str, source: Dataset) -> Dataset:
    record = Dataset()
    record.OffsetOfTheNextDirectoryRecord = 0
    record.RecordInUseFlag = 0xFFFF
    record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
    record.DirectoryRecordType = kind
    for key in _KEYS[kind]:
        if key in source and (key in _MAY_BE_EMPTY or not source[key].is_empty):
            record[key] = source[key]
        elif key in _MAY_BE_EMPTY:
            setattr(record, key, None)
    return record


def _encoded(dataset: Dataset) -> bytearray:
    buffer = BytesIO()
    stream = DicomFileLike(buffer)
    stream.is_little_endian, stream.is_implicit_VR = True, False
    write_dataset(stream, dataset, convert_encodings(dataset.get("SpecificCharacterSet", "ISO_IR 6")))
    return bytearray(buffer.getvalue())


def _write(path: Path, roots: list[Record]) -> None:
    directory = Dataset()
    directory.FileSetID = ""
    directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
    directory.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 0
    directory.FileSetConsistencyFlag = 0
    meta = _meta()
    # Up to the records: FileSetID, two links, the flag, and the head of their sequence (tag, SQ, two bytes, length).
    start = len(meta) + len(_encoded(directory)) + 12
    length = 0
    for record in _all(roots):
        record.offset = start + length
        length += 8 + len(record.encoded)
    directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = roots[0].offset
    directory.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = roots[-1].offset
    _link(roots)
    with path.open("xb") as file:
        file.write(meta)
        file.write(_encoded(directory))
        file.write(struct.pack("<HH2sHL", 4, 0x1220, b"SQ", 0, length))
        for record in _all(roots):
            file.write(item_head(len(record.encoded)))
            file.write(record.encoded)


def _meta() -> bytes:
    """Preamble and file meta information."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    meta.MediaStorageSOPInstanceUID = UID(UIDSource().instances(1)[0])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    buffer = BytesIO()
    stream = DicomFileLike(buffer)
    stream.is_little_endian, stream.is_implicit_VR = True, False
    write_file_meta_info(stream, meta)
    return bytes(128) + b"DICM" + buffer.getvalue()


def _all(records: list[Record]) -> Iterator[Record]:
    for record in records:
        yield record
        yield from _all(record.below)


def _link(records: list[Record]) -> None:
    for record, following in zip_longest(records, records[1:]):
        struct.pack_into("<L", record.encoded, _NEXT, following.offset if following else 0)
        struct.pack_into("<L", record.encoded, _LOWER, record.below[0].offset if record.below else 0)
        _link(record.below)


def read_directory(path: Path) -> dict[tuple[str, ...], str]:
    """Follow the links of a DICOMDIR as a reader does.

    Returns
    -------
    dict of tuple of str to str
        File IDs, in the order of their records, with the SOP Instance UIDs that they say.

    Raises
    ------
    Exception
        Whatever a broken one makes the parser, or this, raise.
    """
    directory = dcmread(path)
    records = {item.seq_item_tell: item for item in directory.DirectoryRecordSequence}
    found: dict[tuple[str, ...], str] = {}
    waiting = [directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity]
    while waiting:
        offset = waiting.pop()
        if not offset:
            continue
        record = records.pop(offset)
        waiting += [record.OffsetOfTheNextDirectoryRecord, record.OffsetOfReferencedLowerLevelDirectoryEntity]
        if "ReferencedFileID" in record:
            found[tuple(record.ReferencedFileID)] = str(record.ReferencedSOPInstanceUIDInFile)
    if records:
        raise ValueError(f"{len(records)} records are not linked")
    return found
