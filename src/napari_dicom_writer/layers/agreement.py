"""A layer's transforms against what its file or metadata say: both agree, or the user says which one counts.

Readers of files often leave the place out, or make transforms for display only. Whoever moved a layer on purpose is
not asked.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import Fix, GeometryError, Note, NoteKind
from napari_dicom_writer.layers.known_geometry import of_file, of_metadata
from napari_dicom_writer.layers.source_match import place_by_values
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.geometry import patient_letters
from napari_dicom_writer.model.grids import IndexMap, index_map
from napari_dicom_writer.options.choices import Geometry, World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_dicom_writer.layers.known_geometry import Known
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.options.export import ExportOptions

_SAME = 0.1  # of a voxel: what display needs not, and float32 loses
_SAME_LENGTH = 1e-3
_OTHER_WORLD = np.diag([-1.0, -1.0, 1.0, 1.0])


def agreed(volume: Volume, attributes: Mapping[str, Any], options: ExportOptions) -> Volume:
    """Return the volume where the layer's transforms and its source agree, or as the options say.

    Parameters
    ----------
    volume
        By the layer's transforms.
    attributes
        Of the layer. Besides napari's own, ``source`` holds the path of its file.
    options
        `geometry` and `world`.

    Raises
    ------
    GeometryError
        If they disagree, and the options do not say which one counts; or if the source's cannot be taken.
    """
    if options.geometry is Geometry.LAYER:
        return volume
    path = Path(str(attributes["source"])) if attributes.get("source") else None
    known = of_file(path, volume.shape) if path else None
    known = known or of_metadata(attributes.get("metadata"), volume.shape)
    if options.geometry is Geometry.SOURCE:
        return _taken(volume, known) if known else volume
    if known is None or _agree(volume, known):
        return volume
    if known.placed and _agree(_over(volume, _OTHER_WORLD @ volume.affine), known):
        other = World.LPS if options.world is World.RAS else World.RAS
        raise GeometryError(
            f"It lies where {known.where} says if the world's axes are {other}, and they are taken as {options.world}",
            f"Choose {mention('world', other)}, or {mention('geometry', 'layer')} if it was moved there",
            fix=Fix("world", other, f"Take as {other}"),
        )
    if _on_purpose(volume, attributes, known):
        text = f"It does not lie where {known.where} says: its own transforms are taken"
        volume.notes += (Note(NoteKind.ASSUMED, text, hint=f"else {mention('geometry', 'source')}"),)
        return volume
    raise _refusal(volume, known)


def _refusal(volume: Volume, known: Known) -> GeometryError:
    what = f"Its transforms ({_in_words(volume.affine)}) are not what {known.where} says"
    what += f" ({_in_words(known.affines[0])})" if len(known.affines) == 1 else ""
    if known.path is None:
        fix = Fix("geometry", Geometry.LAYER, "Keep the layer's")
        remedy = f"Choose {mention('geometry', 'layer')} if they are right, or export the file that it was read from"
        return GeometryError(what, remedy, fix=fix)
    remedy = f"Choose {mention('geometry', 'source')}, or {mention('geometry', 'layer')} if the layer's is right"
    return GeometryError(what, remedy, fix=Fix("geometry", Geometry.SOURCE, "Take the geometry of the file"))


def _in_words(affine: NDArray[np.float64]) -> str:
    steps = affine[:3, :3]
    lengths = " × ".join(f"{length:.4g}" for length in np.linalg.norm(steps, axis=0))
    toward = ", ".join(patient_letters(steps[:, axis]) for axis in range(3))
    place = ", ".join(f"{number:.4g}" for number in affine[:3, 3])
    return f"{lengths} mm toward {toward} from {place}"


def _agree(volume: Volume, known: Known) -> bool:
    """Whether the voxels of both lie at the same places; which of them is which is found by values where it is open."""
    if not known.placed:
        lengths = sorted(np.linalg.norm(volume.affine[:3, :3], axis=0).tolist())
        return bool(np.allclose(lengths, known.lengths, rtol=_SAME_LENGTH, atol=0))
    for affine, shape in zip(known.affines, known.shapes, strict=True):
        found = index_map(volume.affine, volume.shape, affine, shape)
        if isinstance(found, IndexMap) and found.share < _SAME:
            return not any(found.flipped) or _is_confirmed(volume, known)
    return False


def _is_confirmed(volume: Volume, known: Known) -> bool:
    """Whether the values of a volume that is turned over with regard to its file are, too."""
    placed = place_by_values(volume, known.path) if known.path else None
    if placed is None:
        return False
    found = index_map(volume.affine, volume.shape, placed.affine, volume.shape)
    return isinstance(found, IndexMap) and found.share < _SAME and not any(found.flipped)


def _on_purpose(volume: Volume, attributes: Mapping[str, Any], known: Known) -> bool:
    """Whether somebody placed the layer: it is turned, or moved as a whole, or has lengths where only these are known.

    A scale alone, with or without signs, serves the display.
    """
    linear = volume.affine[:3, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0)
    if ((np.abs(linear) > 1e-6).sum(axis=0) > 1).any():
        return True
    steps = np.linalg.norm(volume.affine[:3, :3], axis=0)
    if not known.placed:
        return len({round(float(step), 9) for step in steps}) > 1 or _has_units(attributes)
    for affine, shape in zip(known.affines, known.shapes, strict=True):
        moved = affine.copy()
        moved[:3, 3] = volume.affine[:3, 3]
        found = index_map(volume.affine, volume.shape, moved, shape)
        if isinstance(found, IndexMap) and found.share < _SAME and not any(found.flipped):
            return bool(np.any(volume.affine[:3, 3]))
    return False


def _has_units(attributes: Mapping[str, Any]) -> bool:
    units = attributes.get("units")
    named = [units] if isinstance(units, str) or not np.iterable(units) else list(units)
    return any(unit is not None and str(unit) not in ("pixel", "px", "") for unit in named)


def _over(volume: Volume, affine: NDArray[np.float64]) -> Volume:
    other = volume.over(volume.array)
    other.affine = affine
    return other


def _taken(volume: Volume, known: Known) -> Volume:
    """Take place and time from the file, voxel by voxel where its values are."""
    if known.path is None:
        raise GeometryError(
            f"There is no file to take its geometry from, only {known.where}",
            f"Export the file that it was read from, or choose {mention('geometry', 'layer')}",
        )
    placed = place_by_values(volume, known.path)
    if placed is None:
        raise GeometryError(
            f"The geometry of {known.path.name} is not this layer's: its values are others",
            f"Set the layer's transforms, and choose {mention('geometry', 'layer')}",
        )
    other = _over(volume, placed.affine)
    other.time_step = volume.time_step or placed.time_step
    kept = [note for note in volume.notes if not (note.fix and note.fix.option == "pixel_unit")]
    kept = [note for note in kept if not note.text.startswith("A 2-D layer")]
    taken = Note(NoteKind.INFO, f"Its geometry is taken from {known.where}: {_in_words(placed.affine)}")
    other.notes = (*kept, *(replace(note, where="") for note in placed.notes), taken)
    return other
