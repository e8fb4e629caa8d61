"""NIfTI-1 and -2, single files and pairs, by nibabel. Its world is RAS; x and y change their signs for DICOM's LPS.

Array axes are (i, j, k, time, …), first index fastest: columns, rows, planes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import LayerError, Note, NoteKind
from napari_dicom_writer.inputs._base import stem
from napari_dicom_writer.inputs.image import Axis, Image, spatial_axes
from napari_dicom_writer.inputs.lazy import Computed, Deferred
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.geometry import largest_displacement

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_MILLIMETERS = {"mm": 1.0, "meter": 1000.0, "micron": 1e-3}
_SECONDS = {"sec": 1.0, "msec": 1e-3, "usec": 1e-6}
_SPECTRAL = {"hz", "ppm", "rads"}
_CODES = {1: "scanner", 2: "aligned", 3: "Talairach", 4: "MNI 152", 5: "template"}
_COLOR_INTENTS = {2003: 3, 2004: 4}  # RGB and RGBA vectors
_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_AGREE = 1e-2  # of the smallest voxel side: qform is stored as a float32 quaternion


def read(path: Path) -> list[Image]:
    """Read one file, or a pair by either of its names."""
    import nibabel

    loaded = nibabel.load(path)
    if not isinstance(loaded, nibabel.spatialimages.SpatialImage) or len(loaded.shape) < 2:
        raise LayerError(f"It is a {type(loaded).__name__}, and no image", "Name an image")
    image: Any = loaded
    notes: list[Note] = []
    factor, time_unit = _units(image.header, notes)
    affine = _TO_LPS @ _affine(image, notes)
    affine[:3] *= factor
    axes = spatial_axes(affine)[: min(3, len(image.shape))]
    axes += [_leading(number, image, time_unit) for number in range(3, len(image.shape))]
    array, steps = _array(image, path)
    if len(array.shape) > len(axes):
        axes.append(Axis("sample"))
    low, high = (float(image.header[key]) if key in image.header else 0.0 for key in ("cal_min", "cal_max"))
    return [
        Image(
            array,
            tuple(axes),
            tuple(affine[:3, 3].tolist()),
            patient=True,
            name=stem(path),
            windows=((low, high),) if low < high else (),
            steps=steps,
            notes=tuple(notes),
        )
    ]


def identity(path: Path) -> object:
    """Return what header and image of a pair have in common."""
    name = path.name.lower().removesuffix(".gz")
    return path.with_name(name.rpartition(".")[0]) if name.endswith((".hdr", ".img")) else path


def _units(header: Any, notes: list[Note]) -> tuple[float, str]:
    """Millimeters in a unit of length, and the unit of the fourth axis."""
    if not hasattr(header, "get_xyzt_units"):
        return 1.0, "unknown"  # Analyze, in mm
    length, time = header.get_xyzt_units()
    if length not in _MILLIMETERS:
        notes.append(Note(NoteKind.ASSUMED, "The file has no unit of length: mm taken, as NIfTI tools do"))
    return _MILLIMETERS.get(length, 1.0), time


def _affine(image: Any, notes: list[Note]) -> NDArray[np.float64]:
    """(i, j, k, 1) → RAS in the unit of the file: the sform, else the qform, else as nibabel takes it."""
    header = image.header
    if not hasattr(header, "get_sform"):
        text = "Analyze files do not tell left from right: taken as nibabel does (first index toward the left)"
        notes.append(Note(NoteKind.ASSUMED, text, hint=f"else {mention('direction')}"))
        return np.array(image.affine, float)
    sform, sform_code = header.get_sform(coded=True)
    qform, qform_code = header.get_qform(coded=True)
    if sform is not None and qform is not None:
        _compare(sform, qform, (int(sform_code), int(qform_code)), image.shape, notes)
    chosen = sform if sform is not None else qform
    if chosen is not None:
        return np.array(chosen, float)
    text = "The file has neither sform nor qform: its directions and center taken as nibabel does (first index toward"
    notes.append(
        Note(NoteKind.ASSUMED, f"{text} the left)", hint=f"else {mention('direction')} and {mention('origin')}")
    )
    return np.array(image.affine, float)


def _compare(
    sform: NDArray[np.float64],
    qform: NDArray[np.float64],
    codes: tuple[int, int],
    shape: tuple[int, ...],
    notes: list[Note],
) -> None:
    """Say how far sform and qform place voxels apart, where they do."""
    size = (*shape[:3], 1)[:3]
    apart = largest_displacement(sform, qform, size)
    smallest = float(np.linalg.norm(sform[:3, :3], axis=0)[: min(3, len(shape))].min())
    if not apart <= _AGREE * smallest:  # NaN, too
        names = [_CODES.get(code, f"code {code}") for code in codes]
        text = f"Its sform ({names[0]}) and qform ({names[1]}) place voxels up to {apart:.3g} apart: the sform is taken"
        notes.append(Note(NoteKind.ASSUMED, text))


def _leading(number: int, image: Any, time_unit: str) -> Axis:
    """What an axis behind the spatial ones is (nifti1.h, dim[4] and on)."""
    intent = int(image.header["intent_code"]) if "intent_code" in image.header else 0
    if number == 3:
        if time_unit in _SPECTRAL:
            return Axis(f"frequency ({time_unit})")
        step = float(image.header.get_zooms()[3])
        if time_unit not in _SECONDS or not step > 0:
            return Axis("time")
        unit, start = _SECONDS[time_unit], float(image.header["toffset"])
        return Axis("time", seconds=step * unit, start=start * unit if np.isfinite(start) else 0.0)
    if number == 4:
        if image.shape[4] == _COLOR_INTENTS.get(intent) and len(image.shape) == 5:
            return Axis("sample")
        return Axis("component" if intent else "channel")
    return Axis(f"axis {number + 1}")


def _array(image: Any, path: Path) -> tuple[Any, tuple[float, float] | None]:
    """Pixels as a memory map, or of a compressed file as an array read when asked for; slope and intercept in them."""
    proxy = image.dataobj
    compressed = path.suffix.lower() in (".gz", ".bz2", ".zst")
    stored = Deferred(image.shape, proxy.dtype, proxy.get_unscaled) if compressed else proxy.get_unscaled()
    if stored.dtype.names:  # RGB24 and RGBA32 are records
        return Computed(stored, _samples, np.uint8, samples=len(stored.dtype.names)), None
    slope, intercept = float(proxy.slope), float(proxy.inter)
    if (slope, intercept) == (1.0, 0.0):
        return stored, None
    values = Computed(stored, lambda values: values.astype(np.float64) * slope + intercept, np.float64)
    return values, (slope, intercept) if stored.dtype.kind in "iu" and slope else None


def _samples(records: NDArray[Any]) -> NDArray[np.uint8]:
    """Records of samples as one more axis."""
    names = records.dtype.names or ()
    return np.stack([records[name] for name in names], axis=-1)
