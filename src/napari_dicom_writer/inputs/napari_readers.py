"""Files of all other kinds, by the readers that are installed for napari. Imports no napari: npe2 finds them."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import ExportError
from napari_dicom_writer.layers.from_reader import layers_of
from napari_dicom_writer.layers.inputs import as_volume
from napari_dicom_writer.mention import mention

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dicom_writer.layers.from_reader import LayerTuple
    from napari_dicom_writer.options.export import ExportOptions

_OURS = "napari-dicom-writer"
_INSTALL = (
    'Install a reader: pip install "napari-dicom-writer[all]" brings napari\'s own, or install a plugin for this kind'
)


@dataclass(frozen=True, slots=True)
class Found:
    """What one reader made of a file."""

    plugin: str
    layers: list[LayerTuple]


def read_with_plugins(path: Path, plugin: str | None, name: str, options: ExportOptions) -> Found:
    """Read a file by the only plugin that reads it, or the one that is named.

    Parameters
    ----------
    path
        File or folder.
    plugin
        Name of the plugin, or of one of its readers (``plugin.reader``).
    name
        For layers without one.
    options
        Tells what is a difference: two readers may say the same in other words.

    Raises
    ------
    ExportError
        If none reads it; or if several do, and come to different layers.
    """
    readers = _readers(path)
    if plugin is not None:
        chosen = [r for r in readers if plugin in (_plugin_of(r), r.command)]
        if not chosen:
            fitting = ", ".join(sorted({_plugin_of(r) for r in readers})) or "none is installed"
            raise ExportError(f"The plugin {plugin!r} does not read it", f"Choose {mention('plugin')} from {fitting}")
    else:
        chosen = [r for r in readers if _plugin_of(r) != _OURS]
        if not chosen:
            raise ExportError("No installed plugin reads it", _INSTALL)
    found, reasons = [], []
    for one in sorted({_plugin_of(reader) for reader in chosen}):
        try:
            with redirect_stdout(sys.stderr):  # some print what they find; what this command prints may be JSON
                layers = _read([reader for reader in chosen if _plugin_of(reader) == one], str(path))
            found.append(Found(one, layers_of(layers, name)))
        except Exception as error:  # noqa: BLE001 - readers raise whatever they like; each is told below
            said = str(error) if isinstance(error, ExportError) else f"{type(error).__name__}: {error}"
            reasons.append(f"{one}: {' '.join(said.split())}".rstrip("."))
    if not found:
        remedy = f"Check that the file is whole, or choose another reader with {mention('plugin')}"
        raise ExportError(f"It could not be read ({'; '.join(reasons)})", remedy)
    for other in found[1:]:
        if difference := _difference(found[0].layers, other.layers, options):
            names = ", ".join(one.plugin for one in found)
            what = f"{found[0].plugin} and {other.plugin} read it differently: {difference}"
            raise ExportError(what, f"Choose one with {mention('plugin')}, from {names}")
    if not found[0].layers:
        raise ExportError("There is no image in it", "Name a file that holds one")
    return found[0]


def _plugin_of(reader: Any) -> str:
    """Name of the plugin, with which the name of every command begins."""
    return str(reader.command).partition(".")[0]


def _readers(path: Path) -> list[Any]:
    """All readers that accept a file, by the names of their commands."""
    import npe2

    manager = npe2.PluginManager.instance()
    manager.discover()
    return sorted(manager.iter_compatible_readers([str(path)]), key=lambda reader: str(reader.command))


def _read(readers: list[Any], path: str) -> list[Any]:
    """Let the readers of one plugin read a file: the first that returns something, as napari does."""
    import npe2

    registry = npe2.PluginManager.instance().commands
    for reader in readers:
        function = reader.exec(kwargs={"path": [path], "stack": False, "_registry": registry})
        layers = function([path], stack=False) if function else None
        if layers:
            # The way of saying: no layers in it.
            empty = len(layers) == 1 and len(layers[0]) == 1 and layers[0][0] is None
            return [] if empty else list(layers)
    raise ExportError("It did not accept the file", "Choose another reader")


def _difference(some: list[LayerTuple], others: list[LayerTuple], options: ExportOptions) -> str:
    """Say how what two readers returned differs; empty where it does not."""
    if len(some) != len(others):
        return f"as {len(some)} and as {len(others)} layers"
    for one, other in zip(some, others, strict=True):
        if one[2] != other[2]:
            return f"as {one[2]} and as {other[2]}"
        if one[2] != "image":
            continue
        first, second = (as_volume(layer, options, check=False) for layer in (one, other))
        if first.array.shape != second.array.shape or first.axes != second.axes or first.rgb != second.rgb:
            return f"as {first!r} and as {second!r}"
        if first.dtype != second.dtype:
            return f"as {first.dtype} and as {second.dtype}"
        if not np.allclose(first.affine, second.affine, rtol=1e-6, atol=1e-9):
            return "in another place, or with another voxel size"
        middle = tuple(size // 2 for size in (*first.leading_shape, first.shape[0]))
        here, there = (volume.read(middle[:-1], middle[-1], middle[-1] + 1) for volume in (first, second))
        if not np.array_equal(here, there, equal_nan=first.dtype.kind == "f"):
            return "with other values"
    return ""
