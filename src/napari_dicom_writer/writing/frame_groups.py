"""The per-frame functional groups as bytes: one item encoded by pydicom, and what varies patched into its copies.

Six thousand items cost a few milliseconds so; encoded one by one they would take longer than all pixels.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.datadict import dictionary_VR

from napari_dicom_writer.iods.modules.functional_groups import holder
from napari_dicom_writer.standard.elements import NUMBERS, item_head
from napari_dicom_writer.writing.splice import Splice, pad_text, tag_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.iods.modules.functional_groups import FrameGroups, Path


def encode_frame_groups(groups: FrameGroups) -> bytes:
    """Encode the Per-frame Functional Groups Sequence (5200,9230).

    Texts that vary are padded to the longest of them, as PS3.5 allows, so that all items have one length.

    Returns
    -------
    bytes
        The whole element, with lengths defined.
    """
    columns = {path: _column(path[-1], values) for path, values in groups.varying.items()}
    pattern = _pattern(groups, columns)
    frames = len(next(iter(columns.values())))
    rows = np.empty((frames, 8 + len(pattern)), np.uint8)
    rows[:] = np.frombuffer(item_head(len(pattern)) + pattern, np.uint8)
    for path, column in columns.items():
        start = 8 + _place(pattern, path, column)
        rows[:, start : start + column.shape[1]] = column
    tag = tag_of("PerFrameFunctionalGroupsSequence")
    return struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, b"SQ", 0, rows.size) + rows.tobytes()


def _column(keyword: str, values: Sequence[Any]) -> NDArray[np.uint8]:
    """Values of one element in all frames, as bytes: (frames, length)."""
    vr = dictionary_VR(keyword)
    if vr in NUMBERS:
        numbers = np.array(values, NUMBERS[vr])
        return numbers.reshape(len(values), -1).view(np.uint8)
    texts = [value.encode("ascii") for value in values]
    length = max(map(len, texts))
    length += length % 2
    padding = b"\0" if vr == "UI" else b" "
    return np.frombuffer(b"".join(text.ljust(length, padding) for text in texts), np.uint8).reshape(len(texts), length)


def _pattern(groups: FrameGroups, columns: dict[Path, NDArray[np.uint8]]) -> bytes:
    """Encode one item, whose varying texts have the length they have in all of them."""
    item = groups.item(0)
    for path, column in columns.items():
        if dictionary_VR(path[-1]) not in NUMBERS:
            pad_text(holder(item, path)[path[-1]], column[0].tobytes().decode("ascii"), column.shape[1])
    return b"".join(Splice(item, ()).encode({}))


def _place(pattern: bytes, path: Path, column: NDArray[np.uint8]) -> int:
    """Find where in the item an element's value begins, by its tag, VR and length."""
    tag, vr = tag_of(path[-1]), dictionary_VR(path[-1])
    head = struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), column.shape[1])
    start = pattern.find(head)
    assert start >= 0, path  # noqa: S101 - the pattern was made with it
    assert pattern.find(head, start + 1) < 0, path  # noqa: S101 - an element varies in one place
    return start + len(head)
