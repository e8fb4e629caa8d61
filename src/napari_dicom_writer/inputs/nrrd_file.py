"""NRRD (.nrrd, .nhdr), by pynrrd, which keeps what ITK drops: the unit of the space, and what its axes hold.

Array axes are in the order of the file, first index fastest. Definition: https://teem.sourceforge.net/nrrd/format.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import GeometryError, LayerError, Note, NoteKind
from napari_dicom_writer.inputs._base import stem
from napari_dicom_writer.inputs.image import Axis, Image
from napari_dicom_writer.inputs.lazy import Deferred
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.units import quantity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

# Signs that bring x, y, z to LPS.
_SPACES = {
    "right-anterior-superior": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "left-posterior-superior": (1, 1, 1),
}
_SHORT = {"ras": "right-anterior-superior", "las": "left-anterior-superior", "lps": "left-posterior-superior"}
_SPATIAL_KINDS = {"domain", "space", "???", "none", ""}
_COLORS = {"RGB-color": 3, "3-color": 3, "RGBA-color": 4, "4-color": 4}
_NAMES = ("column", "row", "plane")
_TYPES = {
    "signed char": "i1",
    "uchar": "u1",
    "unsigned char": "u1",
    "short": "i2",
    "signed short": "i2",
    "ushort": "u2",
    "unsigned short": "u2",
    "int": "i4",
    "signed": "i4",
    "uint": "u4",
    "unsigned": "u4",
    "longlong": "i8",
    "long long": "i8",
    "signed long long": "i8",
    "ulonglong": "u8",
    "unsigned long long": "u8",
    "float": "f4",
    "double": "f8",
}


def read(path: Path) -> list[Image]:
    """Read one file; its pixels when they are asked for."""
    import nrrd

    header = nrrd.read_header(str(path))
    notes: list[Note] = []
    sizes = [int(size) for size in header["sizes"]]
    signs, patient = _space(header, notes)
    units = _factors(header, notes)
    steps = _steps(header, len(sizes))
    names = iter(_NAMES)
    axes = []
    for number in range(len(sizes)):
        kind = _kind(header, number, steps)
        if kind == "space" and (name := next(names, None)):
            step = steps[number]
            axes.append(Axis(name, None if step is None else step * units * signs))
        else:
            axes.append(_other(header, number, kind))
    if next(names, "") == "row":
        raise LayerError("Fewer than two of its axes are in space", "Name an image")
    origin = header.get("space origin")
    return [
        Image(
            Deferred(sizes, _dtype(header), lambda: nrrd.read(str(path))[0]),
            tuple(axes),
            None if origin is None else tuple((np.asarray(origin, float)[:3] * units * signs).tolist()),
            patient=patient,
            name=stem(path),
            notes=tuple(notes),
        )
    ]


def _space(header: Mapping[str, Any], notes: list[Note]) -> tuple[NDArray[np.float64], bool]:
    """Signs to LPS, and whether the space is the patient's."""
    name = str(header.get("space", "")).strip()
    base = name.lower().removesuffix("-time")
    base = _SHORT.get(base[:3] if base in ("rast", "last", "lpst") else base, base)
    if base in _SPACES:
        return np.array(_SPACES[base], float), True
    if base == "3d-left-handed":
        raise GeometryError(
            f"Its space is {name}, and a patient's is right-handed", "Give it the space left-posterior-superior"
        )
    if "space directions" in header:
        said = f"is {name}" if name else "is not named"
        text = f"Its space {said}, not the patient's: taken as LPS"
        notes.append(Note(NoteKind.ASSUMED, text, hint=f"else {mention('direction')} and {mention('origin')}"))
    return np.ones(3), "space directions" in header


def _factors(header: Mapping[str, Any], notes: list[Note]) -> NDArray[np.float64]:
    """Millimeters in the unit of each axis of the space."""
    given = header.get("space units") or _units_of_axes(header)
    words = [str(unit).strip().strip('"') for unit in given or ()][:3]
    factors = np.ones(3)
    for number, word in enumerate(words):
        if word:
            try:
                value = quantity(word)
            except ValueError as error:
                raise GeometryError(f"Its {error}", f"Correct its space units, or give {mention('spacing')}") from None
            if value.dimensionality != {"[length]": 1}:
                raise GeometryError(f"Its space unit {word!r} is not a length", "Correct its space units")
            factors[number] = float(value.to("mm").magnitude)
    if not any(words):
        notes.append(Note(NoteKind.INFO, "The file has no unit of length: mm, as ITK takes it"))
    return factors


def _units_of_axes(header: Mapping[str, Any]) -> list[str] | None:
    """Units of an image without a space, of its first three spatial axes."""
    units = header.get("units")
    if units is None:
        return None
    words = re.findall(r'"([^"]*)"', units) if isinstance(units, str) else list(units)
    kinds = header.get("kinds") or [""] * len(words)
    return [word for word, kind in zip(words, kinds, strict=False) if str(kind) in _SPATIAL_KINDS]


def _steps(header: Mapping[str, Any], ndim: int) -> list[NDArray[np.float64] | None]:
    """Step along each axis in the unit of the space; None where there is none."""
    directions = header.get("space directions")
    if directions is not None:
        rows = [None if row is None else np.asarray(row, float)[:3] for row in directions]
        return [None if row is None or np.isnan(row).any() or not row.any() else row for row in rows]
    spacings = header.get("spacings")
    if spacings is None:
        return [None] * ndim
    steps: list[NDArray[np.float64] | None] = []
    for spacing in spacings:
        known = np.isfinite(spacing) and spacing and len([step for step in steps if step is not None]) < 3
        along = np.eye(3)[len([step for step in steps if step is not None]) % 3]
        steps.append(along * float(spacing) if known else None)
    return steps


def _kind(header: Mapping[str, Any], number: int, steps: list[NDArray[np.float64] | None]) -> str:
    """What an axis holds: ``space``, or the word of the file."""
    kinds = header.get("kinds")
    kind = str(kinds[number]) if kinds is not None else ""
    if "space directions" in header and steps[number] is None and kind in _SPATIAL_KINDS:
        return "list"
    return "space" if kind in _SPATIAL_KINDS else kind


def _other(header: Mapping[str, Any], number: int, kind: str) -> Axis:
    """An axis that is not in space."""
    size = int(header["sizes"][number])
    if kind == "time":
        return Axis("time", seconds=_seconds(header, number))
    if _COLORS.get(kind) == size:
        return Axis("sample")
    return Axis("component" if "vector" in kind or "matrix" in kind or "normal" in kind else kind)


def _seconds(header: Mapping[str, Any], number: int) -> float | None:
    """Step of a time axis, where its unit is known."""
    spacings, units = header.get("spacings"), header.get("units")
    words = re.findall(r'"([^"]*)"', units) if isinstance(units, str) else units
    try:
        value = quantity(str(words[number]).strip('"')) * float(spacings[number])  # type: ignore[index]  # caught below
        seconds = float(value.to("s").magnitude)
    except Exception:  # noqa: BLE001 - pint raises its own; whatever is missing, the step is not known
        return None
    return seconds if np.isfinite(seconds) and seconds > 0 else None


def _dtype(header: Mapping[str, Any]) -> np.dtype[Any]:
    """Type of the values: one word of the standard, of several for the same."""
    words = str(header["type"]).lower().removesuffix(" int").removesuffix("_t")
    code = _TYPES.get(words) or next((code for code in _TYPES.values() if words == np.dtype(code).name), None)
    if code is None:
        raise LayerError(f"Its values are of type {header['type']}", "Save it with integers or floats")
    return np.dtype(code).newbyteorder(">" if header.get("endian") == "big" else "<")
