"""Files of one picture each, put together as the planes of one volume."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import ExportError, Note, NoteKind
from napari_dicom_writer.inputs._base import stem
from napari_dicom_writer.inputs.image import Axis, Image
from napari_dicom_writer.inputs.lazy import Stacked
from napari_dicom_writer.mention import mention

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CHOICES = (
    f"Say {mention('stack', True)} to make one volume of them, or {mention('stack', False)} to make a series of each"
)
MANY = 3  # equal pictures that may be planes; two may as well be two pictures


def natural(path: Path) -> list[tuple[int, str]]:
    """Key that sorts names as people do: ``2.png`` before ``10.png``."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", str(path)) if part]


def is_picture(image: Image) -> bool:
    """Whether an image is a single picture: rows, columns and perhaps colors."""
    kinds = [kind for kind in image.kinds if kind != "sample"]
    return len(kinds) == 2 and not set(kinds) - {"", "row", "column"}


def check_asked(images: Sequence[tuple[Path, Image]]) -> None:
    """Ask whether many equal pictures are one volume.

    Raises
    ------
    ExportError
        If there are as many, and each is a file of its own.
    """
    pictures = [(path, image) for path, image in images if is_picture(image)]
    equal = {(image.array.shape, image.array.dtype) for _, image in pictures}
    if len(equal) == 1 and len(pictures) == len(images) and len({path for path, _ in pictures}) >= MANY:
        shape = " × ".join(map(str, pictures[0][1].array.shape[:2]))
        what = f"{len(pictures)} files hold a picture of {shape} each, and might be the planes of one volume"
        raise ExportError(what, CHOICES)


def stacked(images: Sequence[tuple[Path, Image]]) -> Image:
    """Make one image of pictures, in the natural order of their names.

    Raises
    ------
    ExportError
        If one is not a picture, or differs from the others in size, type or the size of its pixels.
    """
    ordered = sorted(images, key=lambda item: natural(item[0]))
    path, first = ordered[0]
    for other_path, other in ordered:
        if not is_picture(other):
            shape = " × ".join(map(str, other.array.shape))
            what = f"It holds {shape} values, and {mention('stack', True)} takes files of one picture each"
            raise ExportError(what, f"Leave out {mention('stack', True)}", str(other_path))
        if reason := _differs(first, other):
            what = f"{reason}, and those of {path.name} are others"
            raise ExportError(what, "Leave it out, or make all alike", str(other_path))
    names = f"{ordered[0][0].name} to {ordered[-1][0].name}"
    text = f"{len(ordered)} files are taken as planes, in the natural order of their names: {names}"
    own = dict.fromkeys(note for _, image in ordered for note in image.notes)
    return replace(
        first,
        array=Stacked([image.array for _, image in ordered]),
        axes=(Axis("plane"), *first.axes),
        name=_common_name([stem(path) for path, _ in ordered]),
        lossy=max((image.lossy for _, image in ordered), key=lambda lossy: lossy[0][1] if lossy else 0.0),
        notes=(Note(NoteKind.INFO, text), *_joined(list(own))),
    )


def _joined(notes: list[Note]) -> list[Note]:
    """Tell notes once that differ only in their numbers."""
    first: dict[str, Note] = {}
    for note in notes:
        first.setdefault(re.sub(r"[\d.]+", "#", note.text), note)
    return list(first.values())


def _differs(first: Image, other: Image) -> str:
    """Say what of a picture is not as in another one; empty where all is."""
    if other.array.shape != first.array.shape:
        return f"It has {' × '.join(map(str, other.array.shape))} values"
    if other.array.dtype != first.array.dtype:
        return f"Its values are {other.array.dtype}"
    if other.kinds != first.kinds:
        return "It has other axes"
    for one, same in zip(other.axes, first.axes, strict=True):
        known = one.step is not None and same.step is not None and np.allclose(one.step, same.step)
        if not known and not (one.step is None and same.step is None):
            return f"Its pixels are {one.length or 'an unknown number of'} mm apart"
    return ""


def _common_name(names: Sequence[str]) -> str:
    """What all names begin with, without the number that follows."""
    prefix = names[0]
    for name in names:
        while not name.startswith(prefix):
            prefix = prefix[:-1]
    return prefix.rstrip("0123456789").rstrip(" _-.") or "stack"
