"""Geometry that can hardly be meant, questioned before anything is written: a unit forgotten, axes mixed up.

What microscopes and scanners of whole bodies make lies within the limits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import Fix, Note, NoteKind
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.units import length_text
from napari_dicom_writer.model.volume import SPATIAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.model.volume import Volume

_LONGEST_STEP = 100.0  # mm; scout planes of a scan lie closer
_SHORTEST_STEP = 1e-8  # mm, a tenth of an atom
_LARGEST = 3000.0  # mm, more than a body
_ANISOTROPY = 50.0
_MANY_CHANNELS = 16


def questions(volume: Volume, names: Sequence[str]) -> list[Note]:
    """Ask about lengths and counts that are hardly meant.

    Parameters
    ----------
    volume
        As it will be written.
    names
        Of its leading axes.

    Returns
    -------
    list of Note
        None for what a scanner or microscope makes.
    """
    notes = []
    steps = np.linalg.norm(volume.affine[:3, :3], axis=0)
    # The step between planes says nothing of a single one.
    axes = [(name, float(step), n) for name, step, n in zip(SPATIAL, steps, volume.shape, strict=True) if n > 1]
    for name, step, count in axes:
        if step > _LONGEST_STEP:
            notes.append(_length(f"Its {name}s are {length_text(step)} apart, more than any scan's"))
        elif step < _SHORTEST_STEP:
            notes.append(_length(f"Its {name}s are {step:.2g} mm apart, less than an atom's size"))
        elif step * (count - 1) > _LARGEST:
            notes.append(_length(f"It is {length_text(step * (count - 1))} long across its {name}s, more than a body"))
    if axes and max(step for _, step, _ in axes) > _ANISOTROPY * min(step for _, step, _ in axes):
        (long, most), (short, least) = (pick(axes, key=lambda axis: axis[1])[:2] for pick in (max, min))
        text = f"Its {long}s are {most / least:.3g} times as far apart as its {short}s"
        notes.append(Note(NoteKind.ASSUMED, text, hint="check the scale and units of both axes"))
    return notes + _counts(volume, names)


def _length(text: str) -> Note:
    hint = f"check the layer's scale and units, or {mention('pixel_unit')}"
    return Note(NoteKind.ASSUMED, text, hint=hint, fix=Fix("pixel_unit", None, "Set unit…"))


def _counts(volume: Volume, names: Sequence[str]) -> list[Note]:
    """Ask about more channels than planes, and about points of an axis that nothing but an option calls time."""
    planes, notes = volume.shape[0], []
    for given, name, count in zip(volume.leading, names, volume.leading_shape, strict=True):
        guessed = not given and name in ("time", "channel")
        if planes > 1 and count > planes and (guessed or (name == "channel" and count > _MANY_CHANNELS)):
            many = {"time": "time points", "channel": "channels"}[name]
            text = f"It has more {many} ({count:,}) than planes ({planes:,})"
            notes.append(Note(NoteKind.ASSUMED, text, hint="label its axes if these are its planes"))
    return notes
