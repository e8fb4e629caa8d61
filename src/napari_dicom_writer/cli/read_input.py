"""Files to layer tuples, by the readers that are installed for napari."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import ExportError, Refusals
from napari_dicom_writer.layers.axes import AxisKind, kind_of
from napari_dicom_writer.model.volume import looks_colored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LayerTuple = tuple[Any, dict[str, Any], str]

_READERS = (
    'Install a reader: pip install "napari-dicom-writer[all]" brings napari\'s own, or install a plugin for this kind'
)


def add_reader_options(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Add what tells how files are read: ``--plugin``, ``--spacing`` and ``--rgb``."""
    parser.add_argument("--plugin", metavar="NAME", help="the reader plugin to use (default: the first that fits)")
    parser.add_argument(
        "--spacing",
        nargs="+",
        type=_millimeters,
        metavar="MM",
        help="between planes, rows and columns (2-D: rows and columns), where the input has none",
    )
    parser.add_argument(
        "--rgb",
        action=argparse.BooleanOptionalAction,
        help="whether the last axis holds colors, where the reader leaves it open (default: told by its length)",
    )


def _millimeters(text: str) -> float:
    try:
        length = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number; name the files before --spacing") from None
    if not 0 < length < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a positive distance")
    return length


def read_files(
    paths: Sequence[str],
    *,
    plugin: str | None,
    spacing: Sequence[float] | None,
    rgb: bool | None,
    announce: Callable[[str], None],
) -> list[LayerTuple]:
    """Read every file.

    Parameters
    ----------
    paths
        Files, or folders a reader takes as one image.
    plugin
        Name of the reader plugin to use; None for the first that accepts the file.
    spacing
        mm along (planes, rows, columns) or (rows, columns), for files that do not know theirs.
    rgb
        Whether the last axis holds colors, for readers that leave it open; None tells as napari does.
    announce
        Called with what had to be assumed.

    Returns
    -------
    list of layer tuples
        Layers without a name get the file's.

    Raises
    ------
    ExportError
        For every file that does not exist, that no reader takes, or that has a spacing of its own where one is given.
    """
    refusals = Refusals()
    layers: list[LayerTuple] = []
    for path in paths:
        with refusals.collect(path):
            for layer in _read(path, plugin):
                data, attributes, layer_type = (*layer, {}, "image")[:3] if len(layer) == 1 else (*layer, "image")[:3]
                attributes = {"name": Path(path).stem, **(attributes or {})}
                if attributes.get("rgb") is None:
                    attributes["rgb"] = looks_colored(data) if rgb is None else rgb
                    if attributes["rgb"] and rgb is None:
                        announce(
                            f"{path}: its last axis, {np.shape(data)[-1]} long, is taken as colors (else: --no-rgb)"
                        )
                if spacing:
                    attributes = _with_spacing(data, attributes, spacing)
                layers.append((data, attributes, layer_type))
    refusals.raise_if_any()
    return layers


def _read(path: str, plugin: str | None) -> list[Any]:
    if not Path(path).exists():
        raise ExportError("There is no such file", "Check the path")
    import npe2

    manager = npe2.PluginManager.instance()
    manager.discover()
    readers = sorted({reader.plugin_name for reader in manager.iter_compatible_readers([path])})
    if not readers:
        raise ExportError("No installed plugin reads it", _READERS)
    if plugin and plugin.partition(".")[0] not in readers:
        raise ExportError(f"The plugin {plugin!r} does not read it", f"Choose --plugin from {', '.join(readers)}")
    try:
        layers = npe2.read([path], stack=False, plugin_name=plugin)
    except Exception as error:  # a reader raises whatever it likes
        reason = " ".join(str(error).split())
        remedy = "Check that the file is whole, or choose another reader with --plugin"
        raise ExportError(f"It could not be read: {type(error).__name__}: {reason}".rstrip("."), remedy) from error
    if layers and len(layers[0]) == 1 and layers[0][0] is None:  # the reader's way of saying: no layers in it
        raise ExportError("There is no image in it", "Name a file that holds one")
    return list(layers)


def _with_spacing(data: Any, attributes: dict[str, Any], spacing: Sequence[float]) -> dict[str, Any]:
    """Add scale and unit to a layer that has none."""
    own = attributes.get("scale")
    if attributes.get("affine") is not None or (own is not None and not np.allclose(own, 1)):
        raise ExportError("It has a spacing of its own", "Leave out --spacing")
    level = data[0] if attributes.get("multiscale") else data
    axes = np.ndim(level) - bool(attributes["rgb"])
    if len(spacing) != min(3, axes):
        raise ExportError(
            f"It has {axes} axes, and --spacing has {len(spacing)} numbers",
            "Give mm between planes, rows and columns, or between rows and columns of a 2-D image",
        )
    # By label, so that a time axis among the last keeps its own unit.
    labels = [str(label).lower() for label in attributes.get("axis_labels") or ()] or [""] * axes
    other = (AxisKind.TIME, AxisKind.CHANNEL, AxisKind.OTHER)
    spatial = [i for i, label in enumerate(labels) if kind_of(label) not in other][-len(spacing) :]
    if len(spatial) != len(spacing):
        raise ExportError(f"Of its axes {', '.join(labels)} not enough are in space", "Leave out --spacing")
    scale = list(own) if own is not None else [1.0] * axes
    units = attributes.get("units")
    units = ["pixel"] * axes if units is None or isinstance(units, str) or len(units) != axes else list(units)
    for axis, length in zip(spatial, spacing, strict=True):
        scale[axis], units[axis] = length, "mm"
    return {**attributes, "scale": tuple(scale), "units": tuple(units)}
