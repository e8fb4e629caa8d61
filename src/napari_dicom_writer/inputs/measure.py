"""Where an image lies: what the file says, what the user says, and what is assumed where neither does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import Fix, GeometryError, Note, NoteKind, OptionsError
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.units import millimeters
from napari_dicom_writer.model.volume import SPATIAL
from napari_dicom_writer.options.choices import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.inputs.image import Axis, Image
    from napari_dicom_writer.inputs.wishes import Measure, Wishes
    from napari_dicom_writer.options.export import ExportOptions

_DEFAULT = {"plane": (0.0, 0.0, 1.0), "row": (0.0, 1.0, 0.0), "column": (1.0, 0.0, 0.0)}
_SAME = 1e-6  # relative; what a file rounds is not a contradiction


def measured(image: Image, wished: Wishes, options: ExportOptions, notes: list[Note]) -> NDArray[np.float64]:
    """Place an image.

    Returns
    -------
    numpy.ndarray
        4×4: (plane, row, column, 1) → LPS mm. Where there is no plane axis, its column is the normal, 1 mm long.

    Raises
    ------
    OptionsError
        If ``--spacing`` has not one length a spatial axis.
    GeometryError
        If a length without unit contradicts what the file says.
    """
    spatial = {axis.kind: axis for axis in image.axes if axis.kind in SPATIAL}
    names = [kind for kind in SPATIAL if kind in spatial]
    pixel = millimeters(options.pixel_unit)
    lengths = _lengths(spatial, names, wished, pixel, options.pixel_unit, notes)
    directions = _directions(image, spatial, wished, notes)
    affine = np.eye(4)
    for number, kind in enumerate(SPATIAL):
        affine[:3, number] = directions[kind] * lengths.get(kind, 1.0)
    affine[:3, 3] = _origin(image, spatial, wished, pixel, notes)
    _orient(affine, image, wished, options, notes)
    if "plane" not in names and not image.patient and wished.direction is None:
        notes.append(Note(NoteKind.ASSUMED, "A 2-D picture: its plane taken as axial, at z = 0"))
    return affine


def timed(image: Image, wished: Wishes, notes: list[Note]) -> float | None:
    """Return the seconds between time points; None where nobody knows them.

    Raises
    ------
    OptionsError
        If ``--time-step`` is given and nothing can be time.
    GeometryError
        If it has no unit and contradicts what the file says.
    """
    known = next((axis.seconds for axis in image.axes if axis.kind == "time"), None)
    if wished.time_step is None:
        return known
    if not {"time", ""} & set(image.kinds):
        raise OptionsError(
            f"It has no time axis for {mention('time_step')}", f"Say which axis is time, with {mention('axes')}"
        )
    return _agreed(wished.time_step, known, "s", "between time points", "time_step", notes)


def _lengths(
    spatial: dict[str, Axis], names: Sequence[str], wished: Wishes, pixel: float, unit: str, notes: list[Note]
) -> dict[str, float]:
    """Length of a step along each spatial axis, in mm."""
    if wished.spacing is not None and len(wished.spacing) != len(names):
        raise OptionsError(
            f"It has {len(names)} spatial axes, and {mention('spacing')} has {len(wished.spacing)} numbers",
            "Give the distances between planes, rows and columns, or between rows and columns of a 2-D picture",
        )
    lengths: dict[str, float] = {}
    unknown, unitless = [], []
    for number, kind in enumerate(names):
        axis = spatial[kind]
        if wished.spacing is not None:
            known = axis.length if axis.known else None
            if known is None and axis.length not in (None, 1.0):
                said = f"The file says {axis.length:.6g} between {kind}s, without a unit"
                text = f"{said}: {mention('spacing')} is taken instead"
                notes.append(Note(NoteKind.ASSUMED, text))
            lengths[kind] = _agreed(wished.spacing[number], known, "mm", f"between {kind}s", "spacing", notes)
        elif axis.length is None:
            lengths[kind] = pixel
            unknown.append(f"{kind}s")
        else:
            lengths[kind] = axis.length * (1.0 if axis.known else pixel)
            unitless += [] if axis.known else [f"{kind}s"]
    fix = Fix("pixel_unit", None, "Set unit…")
    if unknown:
        text = f"The file does not say how far apart its {_and(unknown)} are: taken as {_one(unit)}"
        notes.append(Note(NoteKind.ASSUMED, text, hint=f"else {mention('spacing')}", fix=fix))
    if unitless:
        text = f"The file has no unit for the distance between {_and(unitless)}: taken as {unit}"
        notes.append(
            Note(NoteKind.ASSUMED, text, hint=f"else {mention('pixel_unit')} or {mention('spacing')}", fix=fix)
        )
    return lengths


def _one(unit: str) -> str:
    return unit if unit[:1].isdigit() else f"1 {unit}"


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _agreed(said: Measure, known: float | None, unit: str, where: str, name: str, notes: list[Note]) -> float:
    """What the user says, where it does not contradict the file; with a unit of its own it may, and a note says so."""
    if known is None or abs(said.value - known) <= _SAME * known:
        return said.value
    file_says = f"the file says {known:.6g} {unit} {where}"
    if not said.explicit:
        raise GeometryError(
            f"{mention(name)} has {said.value:.6g} {unit} {where}, and {file_says}",
            f"Leave out {mention(name)}; or give its unit too ({said.value:.6g}{unit}) to replace what the file says",
        )
    notes.append(Note(NoteKind.ASSUMED, f"{said.value:.6g} {unit} {where}, as {mention(name)} has it; {file_says}"))
    return said.value


def _directions(
    image: Image, spatial: dict[str, Axis], wished: Wishes, notes: list[Note]
) -> dict[str, NDArray[np.float64]]:
    """Unit vectors along planes, rows and columns; one that the file does not say is at right angles to the others."""
    known = {
        kind: axis.step / length for kind, axis in spatial.items() if axis.step is not None and (length := axis.length)
    }
    if wished.direction is not None:
        asked = dict(zip(SPATIAL, wished.direction.T, strict=True))
        if image.patient and any(not np.allclose(asked[kind], step, atol=1e-3) for kind, step in known.items()):
            notes.append(
                Note(NoteKind.ASSUMED, f"Other directions than the file says, as {mention('direction')} has it")
            )
        return asked
    missing = [kind for kind in SPATIAL if kind not in known]
    if len(missing) == 1:
        first, second = (
            known[kind]
            for kind in {"plane": ("column", "row"), "row": ("plane", "column")}.get(missing[0], ("row", "plane"))
        )
        across = np.cross(first, second)
        if (size := float(np.linalg.norm(across))) > 0:
            known[missing[0]] = across / size
    return {kind: np.asarray(known.get(kind, default), float) for kind, default in _DEFAULT.items()}


def _origin(
    image: Image, spatial: dict[str, Axis], wished: Wishes, pixel: float, notes: list[Note]
) -> NDArray[np.float64]:
    """Center of the first voxel, LPS mm."""
    known = None if image.origin is None else np.array(image.origin, float)
    if known is not None:
        for axis in spatial.values():  # those without a unit lie along x, y and z
            if not axis.known and axis.step is not None:
                known[int(np.argmax(np.abs(axis.step)))] *= pixel
    if wished.origin is None:
        if known is None and image.patient:
            text = "The file does not say where it lies: its first voxel taken as at (0, 0, 0)"
            notes.append(Note(NoteKind.ASSUMED, text, hint=f"else {mention('origin')}"))
        return np.zeros(3) if known is None else known
    asked = np.array([length.value for length in wished.origin])
    if known is not None and known.any() and not np.allclose(asked, known, rtol=_SAME, atol=1e-9):
        at = ", ".join(f"{value:.6g}" for value in known)
        notes.append(
            Note(NoteKind.ASSUMED, f"Another origin than the file says, as {mention('origin')} has it: not ({at}) mm")
        )
    return asked


def _orient(
    affine: NDArray[np.float64], image: Image, wished: Wishes, options: ExportOptions, notes: list[Note]
) -> None:
    """Apply the option `world`, to files that do not say themselves where their axes run."""
    if options.world is not World.RAS:
        return
    if image.patient or wished.direction is not None:
        text = "World axes RAS do not apply: where its axes run in the patient is known"
        notes.append(Note(NoteKind.INFO, text))
    else:
        affine[:2] *= -1
