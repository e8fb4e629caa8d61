"""napari's 3-D view, set so that a patient is not seen in a mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel

_OTHER = {"towards": "away", "away": "towards"}


def show_unmirrored(viewer: ViewerModel) -> None:
    """Turn the depth of an empty viewer's camera where the world (z, y, x) would be seen mirrored, as it is by default.

    LPS is right-handed: with x to the right and y down, z leads away. What is in a viewer already stays as it is seen,
    and so does whatever its user sets later.
    """
    if len(viewer.layers):
        return
    depth, vertical, horizontal = (str(way.value) for way in viewer.scene.camera.orientation)
    if ((depth == "towards") + (vertical == "up") + (horizontal == "left")) % 2:
        viewer.scene.camera.orientation = (_OTHER[depth], vertical, horizontal)
