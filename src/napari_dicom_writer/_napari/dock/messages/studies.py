"""Studies that other layers of the viewer were opened from, and that what is exported may belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Image

from napari_dicom_writer._napari.dock.messages.preflight import Message
from napari_dicom_writer._napari.dock.parts.plain import shown_name
from napari_dicom_writer.errors import Fix, NoteKind
from napari_dicom_writer.layers.opened_from import origin_of
from napari_dicom_writer.options.export import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari.layers import Layer

    from napari_dicom_writer.model.origin import Origin
    from napari_dicom_writer.options.export import ExportOptions


def study_messages(exported: Sequence[Layer], layers: Iterable[Layer], options: ExportOptions) -> list[Message]:
    """Offer the study of an image that was opened from DICOM to layers that come from nowhere, such as painted labels.

    Parameters
    ----------
    exported
        Layers that are checked.
    layers
        All of the viewer.
    options
        Nothing is offered where they name a study already.
    """
    named = options.study.instance_uid or options.reference not in (None, SOURCE)
    if named or not exported or any(map(_origin, exported)):
        return []
    found: dict[tuple[str, str], Layer] = {}
    for layer in layers:
        origin = _origin(layer) if isinstance(layer, Image) else None
        if origin and not origin.path.lower().endswith(".zip"):  # whose folder is gone with napari
            found.setdefault((origin.path, origin.study), layer)
    return [
        Message(
            NoteKind.INFO,
            f"“{shown_name(layer.name)}” was opened from DICOM, and this may belong to its study",
            fix=Fix("reference", path, "Write into its study"),
        )
        for (path, _), layer in found.items()
    ]


def _origin(layer: Layer) -> Origin | None:
    return origin_of({"metadata": layer.metadata})
