"""What is wrong with what the viewer shows of a scene: its letters, its places, its values, and what it has drawn."""

from __future__ import annotations

import colorsys
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from judges.browser.scenes import Place, Scene

_LETTERS = ("RL", "AP", "FH")  # toward lower and higher x, y, z
_ALONG = 1e-3  # share of a direction that is worth a letter
_ON_PLANE = 0.01  # mm
_GRAY, _WINDOW, _VALUE = 8, 0.51, 1e-3
_COLORED, _HUE = 24, 0.07  # difference of red, green and blue; share of the circle of hues
_PERCENT = 100  # OHIF multiplies the values of a map
_NEAR = 1  # pixels around a place that may be meant
_CONTRAST = 20  # gray levels, between the darkest and the brightest of a view that is not blank


def faults(scene: Scene, seen: dict[str, Any], pictures: Path) -> list[str]:
    """Compare what was measured with what must be seen.

    Parameters
    ----------
    scene
        What must be seen.
    seen
        As `measure` records it.
    pictures
        Where the pictures of the page are.

    Returns
    -------
    list of str
        Nothing if all is right.
    """
    found = [f"says: {text}" for text in (*seen["said"]["notifications"], *seen["said"]["dialogs"])]
    if not seen["views"] or len(seen["places"]) < len(scene.places):
        return [*found, *seen["said"]["errors"], "shows nothing"]
    for view in seen["views"]:
        found += [f"{view['view']}: {text}" for text in _of_view(scene, view)]
    drawn: list[tuple[str, Place, NDArray[np.int_]]] = []
    for place, there in zip(scene.places, seen["places"], strict=True):
        page = np.asarray(Image.open(pictures / there["picture"]).convert("RGB"), int)
        for view, one in zip(seen["views"], there["seen"], strict=True):
            where = f"{view['view']} at {tuple(round(x, 1) for x in place.world)}"
            found += [f"{where}: {text}" for text in _of_place(scene, place, one, page, view)]
            drawn.append((view["view"], place, _near(page, one)))
    if scene.kind == "mapped":
        found += _of_scale(drawn)
    return [*found, *_of_segments(scene, seen["segments"])]


def _near(page: NDArray[np.int_], one: dict[str, Any]) -> NDArray[np.int_]:
    """Colors at a place and around it, the place itself in the middle."""
    column, row = map(round, one["at"])
    return page[row - _NEAR : row + _NEAR + 1, column - _NEAR : column + _NEAR + 1].reshape(-1, 3)


def letters(steps: list[list[float]]) -> dict[str, str]:
    """The patient's directions at the left and the top edge.

    Parameters
    ----------
    steps
        How a millimeter along x, y and z of the patient moves on the screen: right, and down.
    """
    screen = np.array(steps, float)
    along = screen / np.linalg.norm(screen, axis=0)
    return {edge: _toward(-along[:, column]) for edge, column in (("left", 0), ("top", 1))}


def _toward(direction: NDArray[np.float64]) -> str:
    order = np.argsort(-np.abs(direction), kind="stable")
    return "".join(_LETTERS[axis][int(direction[axis] > 0)] for axis in order if abs(direction[axis]) > _ALONG)


def _of_view(scene: Scene, view: dict[str, Any]) -> Iterator[str]:
    if view["letters"] != letters(view["steps"]):
        yield f"has the letters {view['letters']}, and shows {letters(view['steps'])}"
    scale = _PERCENT if scene.kind == "mapped" else 1
    if view["window"] is None:
        yield "has no window"
    elif np.abs(np.array(view["window"]) - np.array(scene.window) * scale).max() > _WINDOW:
        yield f"has the window {view['window']}, not {scene.window}"


def _of_place(
    scene: Scene, place: Place, one: dict[str, Any], page: NDArray[np.int_], view: dict[str, Any]
) -> Iterator[str]:
    left, top, width, height = map(round, view["box"])
    column, row = map(round, one["at"])
    if one["off"] > _ON_PLANE:
        yield f"shows another plane, {one['off']:.2g} mm off"
    if not (left < column < left + width and top < row < top + height):
        yield "is outside of the view"
        return
    if np.ptp(page[top : top + height, left : left + width].mean(-1)) < _CONTRAST:
        yield "is blank"
    value = one["value"] / _PERCENT if scene.kind == "mapped" and one["value"] is not None else one["value"]
    if scene.kind != "outlined" and (value is None or abs(value - place.value) > _VALUE):
        yield f"has the value {value}, not {place.value:g}"
    if scene.kind != "mapped":
        yield from _drawn(scene, place, _near(page, one))


def _drawn(scene: Scene, place: Place, near: NDArray[np.int_]) -> Iterator[str]:
    colored = near[np.ptp(near, axis=1) > _COLORED]
    if place.label:
        name, color = scene.segments[place.label]
        if not any(_alike(one, color) for one in colored):
            yield f"has not the color of {name}, but {near[len(near) // 2].tolist()}"
    elif len(colored) == len(near):
        yield f"is colored: {near[len(near) // 2].tolist()}"
    elif not near.min() - _GRAY <= place.gray <= near.max() + _GRAY:
        yield f"is drawn as {near[len(near) // 2].tolist()}, not as {place.gray}"


def _of_scale(drawn: list[tuple[str, Place, NDArray[np.int_]]]) -> Iterator[str]:
    """Equal values of a map must have one color in a view, and others another; which, is the viewer's choice."""
    for (view, place, near), (other_view, other, other_near) in combinations(drawn, 2):
        if view == other_view:
            apart = np.abs(near[:, None] - other_near[None]).max(-1).min()
            if (apart <= _GRAY) != (place.value == other.value):
                middle = len(near) // 2
                colors = f"{near[middle].tolist()} and {other_near[middle].tolist()}"
                yield f"{view}: draws {place.value:g} and {other.value:g} as {colors}"


def _alike(one: NDArray[np.int_], color: tuple[int, int, int]) -> bool:
    """Whether a color is another one, mixed with any gray."""
    there, wanted = (colorsys.rgb_to_hsv(*(np.array(rgb) / 255))[0] for rgb in (one, color))
    return abs((there - wanted + 0.5) % 1 - 0.5) < _HUE


def _of_segments(scene: Scene, found: list[dict[str, Any]]) -> Iterator[str]:
    if not scene.segments:
        return
    there = {one["label"]: one["color"] for group in found for one in group["segments"]}
    for name, color in scene.segments.values():
        if name not in there:
            yield f"names no segment {name!r}, but {sorted(there)}"
        elif there[name] is None or np.abs(np.array(there[name][:3]) - color).max() > 2:
            yield f"gives {name} the color {there[name]}, not {color}"
