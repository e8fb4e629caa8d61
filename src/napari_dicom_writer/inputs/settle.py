"""From what a file holds and what the user says of it to Volumes; whatever nobody knows is assumed, and said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import LayerError, Note, NoteKind, OptionsError
from napari_dicom_writer.inputs.measure import measured, timed
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.axis_names import letter_of, sizes_in_words
from napari_dicom_writer.model.reordered import Reordered
from napari_dicom_writer.model.volume import SPATIAL, Volume

if TYPE_CHECKING:
    from napari_dicom_writer.inputs.image import Image
    from napari_dicom_writer.inputs.wishes import Wishes
    from napari_dicom_writer.options.export import ExportOptions

_COLORS = (3, 4)
_SMALLEST_PICTURE = 30  # napari takes no smaller one for colors


def settle(image: Image, wished: Wishes, options: ExportOptions) -> list[Volume]:
    """Make volumes of an image: one, or one for each channel where they have names.

    Parameters
    ----------
    image
        What the file holds.
    wished
        What the user says of it.
    options
        `pixel_unit` and `world`, for what the file leaves open.

    Raises
    ------
    LayerError
        If its axes cannot be told apart.
    OptionsError
        If what the user says does not fit its axes.
    GeometryError
        If it contradicts what the file says.
    """
    notes: list[Note] = list(image.notes)
    image = _named(_colored(image, wished, notes), wished, notes)
    image = _samples_last(image)
    affine = measured(image, wished, options, notes)
    step = timed(image, wished, notes)
    rgb = image.kinds[-1] == "sample"
    axes = [kind for kind in image.kinds if kind != "sample"]
    whole = Volume(
        image.array,
        affine=affine,
        axes=axes,
        rgb=rgb,
        name=image.name,
        window=image.windows[0] if len(image.windows) == 1 else None,
        time_step=step,
        time_start=next((axis.start for axis in image.axes if axis.kind == "time"), 0.0),
        notes=notes,
        lossy=image.lossy,
        steps=image.steps,
    )
    if not image.channels or "channel" not in axes or whole.array.shape[axes.index("channel")] != len(image.channels):
        return [whole]
    return [_channel(image, number, whole) for number in range(len(image.channels))]


def _channel(image: Image, number: int, whole: Volume) -> Volume:
    """One channel of a volume, under its own name."""
    at = whole.axes.index("channel")
    others = [axis for axis in range(len(image.axes)) if axis != at]
    window = image.windows[number] if len(image.windows) == len(image.channels) else whole.window
    return Volume(
        Reordered(image.array, others, {at: number}),
        affine=whole.affine,
        axes=[kind for axis, kind in enumerate(whole.axes) if axis != at],
        rgb=whole.rgb,
        name=f"{image.name} {image.channels[number]}".strip(),
        window=window,
        time_step=whole.time_step,
        time_start=whole.time_start,
        notes=whole.notes,
        lossy=whole.lossy,
        steps=whole.steps,
    )


def _colored(image: Image, wished: Wishes, notes: list[Note]) -> Image:
    """Decide whether there are colors: as the user says, as the file says, else as napari guesses."""
    shape, kinds = image.array.shape, image.kinds
    if wished.axes is not None:
        return image
    last = len(shape) - 1
    if "sample" in kinds:
        at = kinds.index("sample")
        if wished.rgb is False or shape[at] not in _COLORS:
            image = image.with_axis(at, kind="channel" if "channel" not in kinds else f"axis {at}")
        return image
    if wished.rgb:
        if shape[last] not in _COLORS or len(shape) < 3:
            raise OptionsError(
                f"Its last axis is {shape[last]} long, and colors are 3 or 4 samples", f"Leave out {mention('rgb')}"
            )
        return image.with_axis(last, kind="sample", step=None)
    if wished.rgb is None and not kinds[last] and _looks_colored(image):
        text = f"Its last axis, {shape[last]} long, is taken as colors"
        notes.append(Note(NoteKind.ASSUMED, text, hint=f"{mention('rgb', False)} if it holds none"))
        return image.with_axis(last, kind="sample", step=None)
    return image


def _looks_colored(image: Image) -> bool:
    shape, dtype = image.array.shape, image.array.dtype
    usual = dtype in (np.uint8, np.uint16) or dtype.kind == "f"
    return usual and len(shape) > 2 and shape[-1] in _COLORS and min(shape[-3:-1]) > _SMALLEST_PICTURE


def _named(image: Image, wished: Wishes, notes: list[Note]) -> Image:
    """Say what each axis is: as the user says, as the file says, else the last three are planes, rows and columns."""
    if len(image.axes) < 2:
        raise LayerError(f"It has {len(image.axes)} axes, and an image needs rows and columns", "Name another file")
    if wished.axes is not None:
        return _renamed(image, wished.axes, notes)
    kinds = image.kinds
    untold = [number for number, kind in enumerate(kinds) if not kind]
    missing = [kind for kind in SPATIAL if kind not in kinds]
    for number, kind in zip(reversed(untold), reversed(missing), strict=False):
        image = image.with_axis(number, kind=kind)
    if not {"row", "column"} <= set(image.kinds):
        told = ", ".join(kind or "?" for kind in kinds)
        raise LayerError(f"Of its axes {told} none are rows and columns", f"Say what they are, with {mention('axes')}")
    if any(image.kinds[number] not in ("row", "column", "") for number in untold):
        taken = sizes_in_words(image.kinds, image.array.shape)
        text = f"Nothing in the file says what its axes are: taken as {taken}"
        notes.append(Note(NoteKind.ASSUMED, text, hint=f"else {mention('axes', _letters(image, 'T'))}"))
    return image


def _letters(image: Image, for_planes: str) -> str:
    """Write the axes of an image with another letter for its planes, as an example."""
    known = {kind: letter_of(kind) for kind in (*SPATIAL, "time", "channel", "sample")} | {"plane": for_planes}
    letters = "".join(known.get(kind, "C") for kind in image.kinds)
    return letters if len(set(letters)) == len(letters) else letters.replace(for_planes, "Z", 1)


def _renamed(image: Image, axes: tuple[str, ...], notes: list[Note]) -> Image:
    """Name the axes as the user says. Where an axis stays in space, it keeps its step, whatever its new name."""
    shape = " × ".join(map(str, image.array.shape))
    if len(axes) != len(image.axes):
        what = f"Its array has {len(image.axes)} axes ({shape}), and {mention('axes')} names {len(axes)}"
        raise OptionsError(what, "Name every axis, in the order of the array")
    if "sample" in axes and image.array.shape[axes.index("sample")] not in _COLORS:
        size = image.array.shape[axes.index("sample")]
        raise OptionsError(
            f"The axis that {mention('axes')} calls S is {size} long, and colors are 3 or 4 samples", "Call it C"
        )
    changed = []
    for number, (axis, kind) in enumerate(zip(image.axes, axes, strict=True)):
        if axis.kind and axis.kind != kind:
            changed.append(f"{axis.kind} to {kind}")
        step = axis.step if kind in SPATIAL else None
        seconds = axis.seconds if kind == "time" else None
        start = axis.start if kind == "time" else 0.0
        image = image.with_axis(number, kind=kind, step=step, seconds=seconds, start=start)
    if changed:
        text = f"Other axes than the file says, as {mention('axes')} has it: {', '.join(changed)}"
        notes.append(Note(NoteKind.ASSUMED, text))
    return image


def _samples_last(image: Image) -> Image:
    """Move the samples of colors behind all other axes."""
    if "sample" not in image.kinds or image.kinds[-1] == "sample":
        return image
    at = image.kinds.index("sample")
    order = [*(axis for axis in range(len(image.axes)) if axis != at), at]
    axes = tuple(image.axes[axis] for axis in order)
    return replace(image, array=Reordered(image.array, order), axes=axes)
