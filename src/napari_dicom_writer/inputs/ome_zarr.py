"""OME-Zarr (NGFF) 0.1 to 0.5, by zarr: scales, translations, units, channels; of its levels the full resolution.

Definition: https://ngff.openmicroscopy.org. A zarr array without this metadata is read, too: it holds no geometry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import GeometryError, LayerError, Note, NoteKind
from napari_dicom_writer.inputs._base import stem
from napari_dicom_writer.inputs.image import Axis, Image
from napari_dicom_writer.inputs.steps import length_in_mm, seconds_in
from napari_dicom_writer.layers.multiscale import full_resolution
from napari_dicom_writer.model.axis_names import axis_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_ALONG = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}


def read(path: Path) -> list[Image]:
    """Read the images of a group, lazily."""
    import zarr

    node = zarr.open(path.resolve(), mode="r")  # resolved: read from elsewhere, a relative path is another place
    if isinstance(node, zarr.Array):
        if level := _level_of(path.resolve()):
            return [level]
        labels = getattr(node.metadata, "dimension_names", None) or [""] * node.ndim
        return [Image(node, tuple(map(Axis, axis_names([name or "" for name in labels]))), name=stem(path))]
    said = _metadata(node)
    if "plate" in said or "well" in said:
        field = f"{path}/{_first_field(said)}"
        raise LayerError("It is a plate of many images, not an image", f"Name one of its images, such as {field}")
    if "multiscales" in said:
        return _images(node, said, stem(path))
    inner = [name for name in sorted(node.group_keys(), key=_natural) if "multiscales" in _metadata(node[name])]
    if not inner:
        raise LayerError("It holds no OME-Zarr image", "Name a group with multiscales, or an array in it")
    several = len(inner) > 1
    return [
        image
        for name in inner
        for image in _images(node[name], _metadata(node[name]), f"{stem(path)} {name}" if several else stem(path))
    ]


def _level_of(path: Path) -> Image | None:
    """Return an array as the level that an image around it says it is, one or two folders up."""
    import zarr

    for parent in list(path.parents)[:2]:
        if not any((parent / name).is_file() for name in ("zarr.json", ".zgroup")):
            continue
        group = zarr.open_group(parent, mode="r")
        inside = path.relative_to(parent).as_posix()
        for multiscale in _metadata(group).get("multiscales", ()):
            levels = [level for level in multiscale["datasets"] if level["path"].strip("/") == inside]
            if levels:
                name = f"{stem(parent)} {inside}"
                return _image(group, _metadata(group), {**multiscale, "datasets": levels}, name)
    return None


def _metadata(group: Any) -> Mapping[str, Any]:
    attributes = dict(group.attrs)
    inner = attributes.get("ome")  # since 0.5
    return inner if isinstance(inner, dict) else attributes


def _first_field(said: Mapping[str, Any]) -> str:
    if "well" in said:
        return str(said["well"]["images"][0]["path"])
    return f"{said['plate']['wells'][0]['path']}/0"


def _natural(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdecimal() else (2**63, name)


def _images(group: Any, said: Mapping[str, Any], name: str) -> list[Image]:
    scales = said["multiscales"]
    return [
        _image(group, said, one, " ".join(filter(None, (name, _own_name(one) if len(scales) > 1 else ""))))
        for one in scales
    ]


def _own_name(multiscale: Mapping[str, Any]) -> str:
    return str(multiscale.get("name") or "").strip("/")


def _image(group: Any, said: Mapping[str, Any], multiscale: Mapping[str, Any], name: str) -> Image:
    level = multiscale["datasets"][0]
    array = group[level["path"]]
    described = _described(multiscale, array.ndim)
    if len(described) != array.ndim:
        raise LayerError(f"It names {len(described)} axes, and its array has {array.ndim}", "Repair its metadata")
    scale, shift = _transform(multiscale, level, array.ndim)
    axes = [_axis(axis, float(step), float(start)) for axis, step, start in zip(described, scale, shift, strict=True)]
    notes = full_resolution(len(multiscale["datasets"]))
    if "labels" in group:
        notes.append(Note(NoteKind.INFO, "The labels beside the image are not read", hint="name their own path"))
    channels, windows = _channels(said)
    return Image(
        array,
        tuple(axes),
        _origin(described, shift),
        name=name,
        channels=channels,
        windows=windows,
        notes=tuple(notes),
    )


def _described(multiscale: Mapping[str, Any], ndim: int) -> list[dict[str, str]]:
    """Axes as dictionaries; 0.3 gave their names only, and before there were always five."""
    axes = multiscale.get("axes") or list("tczyx")[-ndim:]
    return [{"name": axis} if isinstance(axis, str) else dict(axis) for axis in axes]


def _transform(
    multiscale: Mapping[str, Any], level: Mapping[str, Any], ndim: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale and translation of a level: its own transforms, then those of the whole."""
    scale, shift = np.ones(ndim), np.zeros(ndim)
    for step in [
        *(level.get("coordinateTransformations") or ()),
        *(multiscale.get("coordinateTransformations") or ()),
    ]:
        kind = step.get("type")
        if kind == "scale" and "scale" in step:
            scale, shift = scale * step["scale"], shift * step["scale"]
        elif kind == "translation" and "translation" in step:
            shift = shift + np.asarray(step["translation"], float)
        elif kind != "identity":
            raise GeometryError(f"Its transform of type {kind!r} is not understood", "Save it with a plain scale")
    return scale, shift


def _axis(described: Mapping[str, str], step: float, start: float) -> Axis:
    name, unit = str(described.get("name", "")), described.get("unit")
    kind = described.get("type") or {"t": "time", "c": "channel"}.get(name, "space" if name in _ALONG else "")
    if kind == "time":
        return Axis("time", seconds=seconds_in(step, unit), start=seconds_in(start, unit) or 0.0)
    if kind == "channel":
        return Axis("channel")
    if kind != "space" or name not in _ALONG:
        return Axis(name if kind != "space" else f"{name} axis")
    length, known = length_in_mm(step, unit)
    return Axis(axis_names(name)[0], np.array(_ALONG[name]) * length, known=known)


def _origin(described: Sequence[Mapping[str, str]], shift: NDArray[np.float64]) -> tuple[float, float, float] | None:
    """Where the first voxel's center is, in mm, or in pixels along axes without a unit."""
    if not shift.any():
        return None
    found = {"x": 0.0, "y": 0.0, "z": 0.0}
    for axis, offset in zip(described, shift, strict=True):
        if axis.get("name") in found:
            found[axis["name"]] = length_in_mm(float(offset), axis.get("unit"))[0]
    return found["x"], found["y"], found["z"]


def _channels(said: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[tuple[float, float] | None, ...]]:
    """Names and display ranges of the channels."""
    channels = (said.get("omero") or {}).get("channels") or []
    names = [str(channel.get("label") or "").strip() for channel in channels]
    windows = []
    for channel in channels:
        window = channel.get("window") or {}
        low, high = window.get("start"), window.get("end")
        windows.append((float(low), float(high)) if low is not None and high is not None and low < high else None)
    return (tuple(names) if all(names) else ()), tuple(windows)
