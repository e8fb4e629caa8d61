"""What an object takes from a reference of its own modality, beside patient and study: a PET its radiopharmaceutical.

Each object names the attributes (`IOD.inherits`), and of those in sequences, too; nothing else is taken.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pydicom
from pydicom.filereader import read_file_meta_info
from pydicom.uid import UID

from napari_dicom_writer.errors import OptionsError
from napari_dicom_writer.standard.attributes import Given, check_attributes

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pydicom.dataset import Dataset


def inherited(path: Path, keywords: Collection[str]) -> Given:
    """Read attributes from a reference, in their plain form; what is not valid, or cannot be read, is left out.

    Parameters
    ----------
    path
        A file that `read_reference` read.
    keywords
        Of the attributes, those within sequences included.
    """
    found: Given = {}
    with suppress(Exception):  # whatever a damaged file makes the parser raise: its patient was read already
        if UID(read_file_meta_info(path).TransferSyntaxUID).is_deflated:
            return found  # inflated, it might fill the memory
        header = pydicom.dcmread(path, specific_tags=[*keywords], stop_before_pixels=True)
        for keyword, value in _listed(header, keywords).items():
            with suppress(OptionsError):
                found |= check_attributes({keyword: value})
    return found


def _listed(dataset: Dataset, keywords: Collection[str]) -> dict[str, Any]:
    """Take the elements that are listed, and hold a value."""
    values: dict[str, Any] = {}
    for element in dataset:
        if element.keyword not in keywords or element.is_empty:
            continue
        if element.VR == "SQ":
            values[element.keyword] = [_listed(item, keywords) for item in element.value]
        else:
            values[element.keyword] = [str(v) for v in element.value] if element.VM > 1 else str(element.value)
    return values
