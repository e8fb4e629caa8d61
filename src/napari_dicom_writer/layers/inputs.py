"""What an export is given (napari layers, layer tuples, arrays) as Volumes, and where each will lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import NoneType
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.errors import LayerError
from napari_dicom_writer.layers.agreement import agreed
from napari_dicom_writer.layers.drawn import DRAWN, to_drawing
from napari_dicom_writer.layers.to_volume import to_volume
from napari_dicom_writer.model.geometry import is_sheared
from napari_dicom_writer.model.opened import is_array, opened
from napari_dicom_writer.model.resample import resample
from napari_dicom_writer.model.volume import Volume, color_note
from napari_dicom_writer.options.choices import Geometry, ShearPolicy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.options.export import ExportOptions


def as_sequence(layers: Any) -> Sequence[Any]:
    """Return one layer, or several, as a list."""
    # (data, attributes, type) is one layer; any other tuple holds several.
    layer_tuple = isinstance(layers, tuple) and len(layers) > 1 and isinstance(layers[1], Mapping | NoneType)
    if isinstance(layers, Volume | str) or layer_tuple or is_array(layers) or not isinstance(layers, Iterable):
        return [layers]
    return list(layers)


def name_of(layer: Any) -> str:
    """Return what a layer is called; empty where it has no name."""
    if isinstance(layer, tuple):
        return str(layer[1].get("name") or "") if len(layer) > 1 and isinstance(layer[1], dict) else ""
    return str(getattr(layer, "name", "") or "") if not is_array(layer) else ""


def tuple_of(layer: Any) -> Any:
    """Take a napari layer as (data, attributes, type), with the path of its file as one more attribute, ``source``."""
    data, attributes, kind = layer.as_layer_data_tuple()
    # A subclass goes by its own name in napari.
    kinds = [base.__name__.lower() for base in type(layer).__mro__ if base.__module__.startswith("napari.layers.")]
    path = getattr(getattr(layer, "source", None), "path", None)
    return data, {**attributes, **({"source": path} if path else {})}, kinds[0] if kinds else kind


def as_volume(layer: Any, options: ExportOptions, *, check: bool = True) -> Volume:
    """Turn a layer, a layer tuple or an array into a Volume.

    Parameters
    ----------
    layer
        Besides napari's own attributes, those of a tuple may hold ``source``, the path of its file, and ``axes``.
    options
        How it is understood.
    check
        Whether its transforms are compared with what its file says, which reads the header.

    Raises
    ------
    ExportError
        If it is not an image, its axes, units or transforms cannot be understood, or its source says otherwise.
    """
    if isinstance(layer, Volume):
        return layer
    if is_array(layer):
        layer = opened(layer)
        if not hasattr(layer, "dims"):
            return Volume(layer, notes=color_note(layer))
        layer = (layer, {})  # whose axes have names
    if hasattr(layer, "as_layer_data_tuple"):
        layer = tuple_of(layer)
    if not isinstance(layer, tuple) or not 1 <= len(layer) <= 3:
        raise LayerError(
            f"A {type(layer).__name__} cannot be saved", "Pass napari layers, layer tuples, Volumes or NumPy arrays"
        )
    data, attributes, layer_type = (*layer, *(None, "image")[len(layer) - 1 :])[:3]
    if not isinstance(attributes, Mapping | NoneType):
        raise LayerError(
            f"The attributes of a layer tuple are a {type(attributes).__name__}", "Pass (data, {attributes}, 'image')"
        )
    if layer_type in DRAWN:
        return to_drawing(data, attributes or {}, str(layer_type), options)
    volume = to_volume(data, attributes or {}, str(layer_type), options)
    if check or options.geometry is Geometry.SOURCE:
        volume = agreed(volume, attributes or {}, options)
    return volume


def volumes_of(layers: Sequence[Any], options: ExportOptions) -> list[tuple[str, Volume]]:
    """Understand layers as an export does, up to the resampling that it was told to do.

    Returns
    -------
    list of (str, Volume)
        Name and volume of each.

    Raises
    ------
    ExportError
        If one is not an image, or its axes or units cannot be understood.
    """
    found = []
    for layer in layers:
        volume = as_volume(layer, options)
        if options.shear is ShearPolicy.RESAMPLE and is_sheared(volume.affine, volume.shape):
            volume, _ = resample(volume)
        found.append((volume.name, volume))
    return found
