"""Files to what an export takes: the one way in, for the command line and for scripts."""

from __future__ import annotations

import os
from collections.abc import Iterable  # noqa: TC003 - `load` is offered with its types
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from napari_dicom_writer.errors import ExportError, LayerError, Note, NoteKind, Refusals
from napari_dicom_writer.inputs._base import stem
from napari_dicom_writer.inputs.formats import format_of
from napari_dicom_writer.inputs.image import Image, image_of
from napari_dicom_writer.inputs.napari_readers import read_with_plugins
from napari_dicom_writer.inputs.settle import settle
from napari_dicom_writer.inputs.stack import CHOICES, check_asked, natural, stacked
from napari_dicom_writer.inputs.wishes import Wishes, wishes
from napari_dicom_writer.layers.inputs import as_volume
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.units import millimeters
from napari_dicom_writer.model.volume import Volume
from napari_dicom_writer.options.export import ExportOptions
from napari_dicom_writer.standard.regular_file import kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.layers.from_reader import LayerTuple

Read: TypeAlias = "Image | Volume | LayerTuple"


def load(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    axes: str | Sequence[str] | None = None,
    spacing: str | Sequence[str | float] | None = None,
    time_step: str | float | None = None,
    origin: str | Sequence[str | float] | None = None,
    direction: str | Sequence[Any] | NDArray[Any] | None = None,
    rgb: bool | None = None,
    plugin: str | None = None,
    stack: bool | None = None,
    options: ExportOptions | None = None,
) -> list[Any]:
    """Read image files, with the geometry that they hold.

    NIfTI, MetaImage, NRRD, TIFF (OME, ImageJ, plain), OME-Zarr, NumPy, PNG, JPEG and DICOM are read by this package;
    all others by the reader plugins of napari.

    Parameters
    ----------
    paths
        One or several files or folders.
    axes
        What each axis of the array is, a letter each, such as ``"TCZYX"``.
    spacing
        Between planes, rows and columns, such as ``"2.5mm 650nm 650nm"`` or numbers in mm. What a file knows is
        replaced only by lengths with a unit.
    time_step
        Between time points, such as ``"200 ms"`` or seconds.
    origin
        Center of the first voxel, LPS (x, y, z).
    direction
        Where columns, rows and planes run, such as ``"L P H"``, six or nine numbers, or 3×3 as in `Volume`.
    rgb
        Whether the last axis holds colors, where the file leaves it open.
    plugin
        A reader plugin of napari to use, whatever the format.
    stack
        Whether files of one picture each are the planes of one volume; many equal ones are refused, if None.
    options
        `pixel_unit` and `world`, for what the files leave open.

    Returns
    -------
    list of Volume, or of layer tuples for what is not an image
        To be exported. Pixels are read when they are needed.

    Raises
    ------
    ExportError
        For every file that cannot be read, or contradicts what is said of it.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    wished = wishes(
        axes=axes,
        spacing=spacing,
        time_step=time_step,
        origin=origin,
        direction=direction,
        rgb=rgb,
        plugin=plugin,
        stack=stack,
    )
    return [one for _, one in load_as(named(given), wished, options or ExportOptions())]


def named(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Return paths as such; an empty one, which would be the current folder, is refused."""
    given = list(paths)
    if "" in given:
        raise LayerError("The path of a file is empty", "Name a file, or a folder that is one image")
    return [Path(path) for path in given]


def load_as(paths: Sequence[Path], wished: Wishes, options: ExportOptions) -> list[tuple[Path, Any]]:
    """Read image files as `load` does, with what is said of them read already; each with its (first) file."""
    refusals = Refusals()
    found: list[tuple[Path, Read]] = []
    seen: set[object] = set()
    for path in _expanded(paths, wished, refusals):
        with refusals.collect(str(path)):
            found += [(path, one) for one in _read(path, wished, options, seen)]
    if not refusals:
        found = _as_asked(found, wished)
    volumes: list[tuple[Path, Any]] = []
    for path, one in found:
        with refusals.collect(str(path)):
            volumes += [(path, volume) for volume in _settled(one, wished, options)]
    refusals.raise_if_any()
    return volumes


def _as_asked(found: list[tuple[Path, Read]], wished: Wishes) -> list[tuple[Path, Read]]:
    """Put pictures together where the user says so; ask, where there are many that might be planes."""
    images = [(path, one) for path, one in found if isinstance(one, Image)]
    if wished.stack:
        if len(images) < len(found) or not found:
            raise ExportError(
                f"{mention('stack', True)} takes files of one picture each", f"Leave out {mention('stack', True)}"
            )
        return [(found[0][0], stacked(images))]
    if wished.stack is None and len(images) == len(found):
        check_asked(images)
    return found


def _expanded(paths: Sequence[Path], wished: Wishes, refusals: Refusals) -> list[Path]:
    """Replace folders of pictures by their files, where they are to be stacked."""
    expanded: list[Path] = []
    for path in paths:
        pictures: list[Path] = []
        if path.is_dir() and wished.plugin is None and format_of(path) is None:
            files = (file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
            pictures = sorted((file for file in files if format_of(file)), key=natural)
        if not pictures:
            expanded.append(path)
        elif wished.stack is None:
            with refusals.collect(str(path)):
                what = f"It is a folder of {len(pictures)} image files"
                raise ExportError(what, CHOICES)
        else:
            expanded += pictures
    return expanded


def _read(path: Path, wished: Wishes, options: ExportOptions, seen: set[object]) -> list[Read]:
    """Read one file by the row of its format, else by a plugin; what another file brought already is left out."""
    if not path.exists():
        raise LayerError("There is no such file", "Check the path")
    if not (path.is_file() or path.is_dir()):  # opening it may wait for ever
        raise LayerError(f"It is {kind_of(path.stat().st_mode)}", "Name a file or a folder")
    row = format_of(path)
    if row is not None and wished.plugin is None:
        identity = row.identity(path)
        if identity in seen:
            return []
        seen.add(identity)
        return list(row.read(path))
    found = read_with_plugins(path, wished.plugin, stem(path), options)
    layers: list[Read] = []
    for layer in found.layers:
        if layer[2] != "image":
            layers.append(layer)
            continue
        volume = as_volume((layer[0], {**layer[1], "source": path}, layer[2]), options, check=not wished.says_where)
        volume.notes += (Note(NoteKind.INFO, f"Read by the plugin {found.plugin}"),)
        layers.append(volume)
    return layers


def _settled(one: Read, wished: Wishes, options: ExportOptions) -> list[Any]:
    if isinstance(one, Image):
        return settle(one, wished, options)
    if isinstance(one, Volume) and (wished.says_where or wished.axes or wished.time_step):
        return settle(_without_unit(image_of(one), options), wished, options)
    return [one]


def _without_unit(image: Image, options: ExportOptions) -> Image:
    """Take back what was assumed of a layer whose unit is `pixel`: the user may say better."""
    assumed = [note for note in image.notes if note.fix and note.fix.option == "pixel_unit"]
    if not any("axes" not in note.text for note in assumed):
        return image
    pixel = millimeters(options.pixel_unit)
    for number, axis in enumerate(image.axes):
        if axis.step is not None:
            image = image.with_axis(number, step=axis.step / pixel, known=False)
    return replace(image, patient=False, notes=tuple(note for note in image.notes if note not in assumed))
