"""From what a reader plugin returns to whole layer tuples, by the rules napari adds them to its viewer with.

Imports no napari; checked against napari 0.9's own viewer. Source: ``ViewerModel._add_layers_with_plugins``,
``ViewerModel.add_image``, ``split_channels``, ``guess_rgb``, ``guess_multiscale``, ``guess_labels``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import LayerError
from napari_dicom_writer.model.reordered import Reordered

if TYPE_CHECKING:
    from collections.abc import Iterator

LayerTuple = tuple[Any, dict[str, Any], str]

# What is a sequence for one layer already: a sequence of sequences has one for each channel.
_SEQUENCES = {
    "axis_labels",
    "scale",
    "translate",
    "contrast_limits",
    "metadata",
    "plane",
    "experimental_clipping_planes",
    "custom_interpolation_kernel_2d",
    "units",
}
_SMALLEST_PICTURE = 30
_LABELS = (np.int32, np.uint32, np.int64, np.uint64)
_REMEDY = "Report it to the maker of the reader, or choose another one"


def layers_of(found: Iterable[Any], name: str) -> list[LayerTuple]:
    """Complete what a reader returned.

    Parameters
    ----------
    found
        Layer tuples of one to three items, or layers.
    name
        Of the file, for layers without one.

    Returns
    -------
    list of (data, attributes, type)
        Images of a `channel_axis` one by one; `rgb` and `multiscale` decided; names told apart.

    Raises
    ------
    LayerError
        If it is not what napari takes.
    """
    layers: list[LayerTuple] = []
    for item in found:
        data, attributes, kind = _whole(item)
        if not attributes.get("name"):
            attributes["name"] = name
        layers += _images(data, attributes) if kind == "image" else [(data, attributes, kind)]
    taken: set[str] = set()
    for _, attributes, _ in layers:
        attributes["name"] = _untaken(str(attributes["name"]), taken)
        taken.add(attributes["name"])
    return layers


def _whole(item: Any) -> LayerTuple:
    """Fill a tuple of one or two items."""
    if hasattr(item, "as_layer_data_tuple"):
        item = item.as_layer_data_tuple()
    if not isinstance(item, tuple | list) or not 1 <= len(item) <= 3:
        raise LayerError(f"Its reader returned a {type(item).__name__}, and no layer", _REMEDY)
    data, attributes, kind = (*item, *(None, None)[len(item) - 1 :])[:3]
    if not isinstance(attributes, Mapping | None):
        raise LayerError(f"The attributes of its reader are a {type(attributes).__name__}", _REMEDY)
    guessed = "labels" if getattr(data, "dtype", None) in _LABELS else "image"
    return data, dict(attributes or {}), str(kind or guessed).lower()


def _images(data: Any, attributes: dict[str, Any]) -> list[LayerTuple]:
    """One image, or one for each channel."""
    axis = attributes.pop("channel_axis", None)
    layers = [(data, attributes)] if axis is None else _channels(data, int(axis), attributes)
    return [_image(*layer) for layer in layers]


def _image(data: Any, attributes: dict[str, Any]) -> LayerTuple:
    """Decide whether the data are levels, and whether they are colors."""
    multiscale, data = _levels(data, attributes.get("multiscale"))
    shape = tuple(np.shape(data[0] if multiscale else data))
    rgb = attributes.get("rgb")
    colored = len(shape) > 2 and shape[-1] in (3, 4)
    if rgb is None:
        rgb = colored and all(side > _SMALLEST_PICTURE for side in shape[-3:-1])
    elif rgb and not colored:
        raise LayerError(f"Its reader says that it is colored, and its shape is {shape}", _REMEDY)
    return data, {**attributes, "multiscale": multiscale, "rgb": bool(rgb)}, "image"


def _levels(data: Any, multiscale: Any) -> tuple[bool, Any]:
    """Tell levels from an array: a list of arrays of falling size is one of levels."""
    if multiscale is not None:
        return bool(multiscale), data
    if getattr(data, "ndim", 0) > 1 or type(data).__name__ == "MultiScaleData":
        return not hasattr(data, "dtype") or type(data).__name__ == "MultiScaleData", data
    if isinstance(data, list | tuple) and len(data) == 1:
        return False, data[0]
    sizes = [int(np.size(level)) if not hasattr(level, "size") else int(level.size) for level in data]
    if len(sizes) <= 1:
        return False, data
    if not all(larger > smaller for larger, smaller in itertools.pairwise(sizes)):
        raise LayerError("Its reader returned a list of arrays that are not levels of falling size", _REMEDY)
    return True, data


def _channels(data: Any, axis: int, attributes: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    """Split an image along its channels; attributes that are lists have one for each."""
    levels = attributes.get("multiscale") or None
    multiscale, data = (True, data) if levels else _levels(data, None)
    first = data[0] if multiscale else data
    count = first.shape[axis]
    each: dict[str, Iterator[Any]] = {key: _each(key, value, count) for key, value in attributes.items()}
    each.pop("multiscale", None)
    layers = []
    for number in range(count):
        own = {}
        for key, values in each.items():
            try:
                own[key] = next(values)
            except StopIteration:
                raise LayerError(f"Its reader gives {number} values of {key!r} for {count} channels", _REMEDY) from None
        split = [_at(level, axis, number) for level in data] if multiscale else _at(data, axis, number)
        layers.append((split, {**own, "multiscale": multiscale}))
    return layers


def _each(key: str, value: Any, count: int) -> Iterator[Any]:
    """Values of an attribute, channel by channel."""
    if key in _SEQUENCES:
        several = isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0
        if several and all(item is None or _is_iterable(item) for item in value):
            if len(value) != count:
                raise LayerError(f"Its reader gives {len(value)} {key} for {count} channels", _REMEDY)
            return iter(value)
        return itertools.repeat(value)
    if key in ("rotate", "shear") or (key == "affine" and isinstance(value, np.ndarray)):
        return itertools.repeat(value)
    return iter(value) if _is_iterable(value) else itertools.repeat(value)


def _is_iterable(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str)


def _at(array: Any, axis: int, number: int) -> Any:
    """One channel; lazy where the array is not in memory."""
    if isinstance(array, np.ndarray) or hasattr(array, "compute"):
        return array[(*(slice(None),) * (axis % array.ndim), number)]
    others = [other for other in range(array.ndim) if other != axis % array.ndim]
    return Reordered(array, others, {axis % array.ndim: number})


def _untaken(name: str, taken: set[str]) -> str:
    """Tell layers of one name apart as napari does: ``scan``, ``scan [1]``, ``scan [2]``."""
    number = itertools.count(1)
    found = name
    while found in taken:
        found = f"{name} [{next(number)}]"
    return found
