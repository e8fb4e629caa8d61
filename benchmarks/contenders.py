"""Ways to write a series, one function each. All start from the array in memory and end with files in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from benchmarks import itk_contenders
from benchmarks.case import Case, quantize
from benchmarks.raw import write_planes
from napari_dicom_writer import VerifyLevel, export

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to write a series.

    Attributes
    ----------
    name : str
    write : callable
        Called with a case and the path of a folder to make.
    slow : bool
        Costs the same for every file, and so much that a part of a long series will do.
    peer : bool
        Whether it is another package.
    """

    name: str
    write: Callable[[Case, Path], object]
    slow: bool = False
    peer: bool = False


def raw(case: Case, folder: Path) -> None:
    """Write the bytes of this package's files."""
    write_planes(folder, case.stored, case.headers)


def this_package(verify: VerifyLevel) -> Callable[[Case, Path], object]:
    """`export`, planning and publishing included."""

    def write(case: Case, folder: Path) -> object:
        return export(case.workload.volume(case.array), folder, case.workload.options(verify))

    return write


def naive_pydicom(case: Case, folder: Path) -> None:
    """A new data set for every file, as most scripts do it."""
    folder.mkdir()
    elements = case.elements
    for number, plane in enumerate(quantize(case)):
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        for keyword, value in elements.items():
            setattr(dataset, keyword, value)
        position = case.position(number)
        dataset.SOPInstanceUID = generate_uid()
        dataset.InstanceNumber = number + 1
        dataset.ImagePositionPatient = position
        dataset.SliceLocation = position[2]
        dataset.PixelData = plane.tobytes()
        dataset.save_as(folder / f"{number + 1:05d}.dcm", enforce_file_format=True)


def dicomsdl(case: Case, folder: Path) -> None:
    """A new data set for every file, in a C++ library."""
    library = itk_contenders.load("dicomsdl")
    kinds = library.VR
    folder.mkdir()
    elements = case.elements
    shared = [
        (int(Tag(element.tag)), getattr(kinds, element.VR), itk_contenders.as_text(element.value))
        for element in case.first
        if element.keyword in elements
    ]
    kind = kinds.OB if case.stored_dtype.itemsize == 1 else kinds.OW
    for number, plane in enumerate(quantize(case)):
        uid, position = generate_uid(), case.position(number)
        varying: list[tuple[int, Any, str | bytes]] = [
            (0x00020003, kinds.UI, uid),
            (0x00020010, kinds.UI, ExplicitVRLittleEndian),
            (0x00080018, kinds.UI, uid),
            (0x00200013, kinds.IS, str(number + 1)),
            (0x00200032, kinds.DS, itk_contenders.as_text(position)),
            (0x00201041, kinds.DS, str(position[2])),
            (0x7FE00010, kind, plane.tobytes()),
        ]
        dataset = library.DataSet()
        for tag, vr, value in [*shared, *varying]:
            element = dataset.addDataElement(tag, vr)
            if isinstance(value, bytes):
                element.fromBytes(value)
            elif vr == kinds.US:
                element.fromLong(int(value))
            else:
                element.fromString(value)
        dataset.saveToFile(f"{folder}/{number + 1:05d}.dcm")


OFF, FULL = "this package, verify off", "this package, verify full"
CONTENDERS = (
    Contender("raw write", raw),
    Contender(OFF, this_package(VerifyLevel.OFF)),
    Contender("this package, verify headers", this_package(VerifyLevel.HEADERS)),
    Contender(FULL, this_package(VerifyLevel.FULL)),
    Contender("dicomsdl", dicomsdl, peer=True),
    Contender("ITK ImageSeriesWriter", itk_contenders.itk_series, peer=True),
    Contender("SimpleITK, slice by slice", itk_contenders.simpleitk_slices, slow=True, peer=True),
    Contender("pydicom, a new dataset each", naive_pydicom, slow=True, peer=True),
)
