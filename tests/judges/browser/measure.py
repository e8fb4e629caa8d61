"""Opens a scene in the viewer, and records what is seen: numbers, and a picture of the page at each place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from judges.browser.viewer import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from judges.browser.scenes import Scene
    from judges.browser.viewer import Viewer

MODES = {"stack": 1, "mpr": 3}
"""How many viewports each has."""
_LAID_OVER = 15_000  # milliseconds until segments must be there
_SETTLED = 1_500


def settle(page: Page, viewports: int) -> None:
    """Wait until the viewer has drawn; it makes some viewports anew a moment after their first picture."""
    page.wait_for_function("count => judge.ready(count)", arg=viewports, polling=250, timeout=PATIENCE)
    page.wait_for_timeout(_SETTLED)
    page.wait_for_function("count => judge.ready(count)", arg=viewports, polling=250, timeout=PATIENCE)


def measure(viewer: Viewer, scene: Scene, mode: str, pictures: Path) -> dict[str, Any]:
    """Look at every place of a scene.

    Parameters
    ----------
    viewer, scene, mode
        Where, what, and how: a key of `MODES`.
    pictures
        Folder for the pictures, one a place.

    Returns
    -------
    dict
        ``views`` (letters, window, directions on the screen), ``places`` (of each: where it is on the page in each
        view, the value there, the picture), ``segments``, ``said`` (notifications, errors).
    """
    from playwright.sync_api import TimeoutError as OutOfTime

    found: dict[str, Any] = {"views": [], "places": [], "segments": []}
    with viewer.study(scene.study, mpr=mode == "mpr") as (page, errors):
        try:
            settle(page, MODES[mode])
            if scene.series:
                page.evaluate("series => judge.overlay(series)", scene.series)
                page.wait_for_timeout(_SETTLED * 3)
            found["views"] = page.evaluate("series => judge.views(series)", scene.series)
            for number, place in enumerate(scene.places):
                seen = page.evaluate("([world, series]) => judge.show(world, series)", [place.world, scene.series])
                page.wait_for_timeout(150)
                name = f"{scene.file}.{mode}.{number}.png"
                page.screenshot(path=pictures / name)
                found["places"].append({"picture": name, "seen": seen})
            found["segments"] = page.evaluate("judge.segments()")
        except OutOfTime as error:
            errors.append(str(error).splitlines()[0])
            page.screenshot(path=pictures / f"{scene.file}.{mode}.late.png")
        found["said"] = {**page.evaluate("judge.said()"), "errors": sorted(set(errors))}
    return found
