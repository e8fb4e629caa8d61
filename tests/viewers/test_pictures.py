"""What judges the pictures of a viewer: right ones pass, and wrong ones do not. `make viewers` judges real ones.

The pictures here are drawn by the test, a pixel for each voxel, from what a viewer would have read.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from judges.browser.judging import faults, letters
from judges.browser.scenes import CONTROLS, LABELS, Studio, gray, scan, segmented
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.viewers import ohif

ROOT = Path(__file__).parents[2]
VALUES, AFFINE = scan()
SEGMENTS = segmented(VALUES, AFFINE)


class Drawn:
    """A viewer that shows each plane as it is: columns to the right, rows down."""

    def __init__(self, folder, values, colors, window):
        self.folder, self.values, self.colors, self.window = folder, values, colors, window

    def of(self, scene):
        """What `measure` would have recorded."""
        to_index = np.linalg.inv(AFFINE)
        steps = to_index[[2, 1], :3].T.tolist()
        height, width = self.values.shape[1:]
        view = {"view": "v", "box": [0, 0, width, height], "window": list(self.window), "steps": steps}
        places = []
        for number, place in enumerate(scene.places):
            plane, row, column = to_index[:3, :3] @ place.world + to_index[:3, 3]
            index = round(plane), round(row), round(column)
            Image.fromarray(self.colors[index[0]]).save(self.folder / f"{number}.png")
            seen = {"view": "v", "at": [column, row], "off": 0.0, "value": float(self.values[index])}
            places.append({"picture": f"{number}.png", "seen": [seen]})
        found = [{"label": name, "color": [*color, 255]} for name, color in scene.segments.values()]
        said = {"notifications": [], "dialogs": [], "errors": []}
        views = [view | {"letters": letters(steps)}]
        return {"views": views, "places": places, "segments": [{"segments": found}], "said": said}


def colored(values, segments=None):
    """Gray, with half of a segment's color where there is one."""
    colors = np.repeat(gray(values, (-300, 700))[..., None], 3, axis=-1)
    for label, (_, color) in LABELS.items() if segments is not None else ():
        colors[segments == label] = (colors[segments == label] + np.array(color)) // 2
    return colors.astype(np.uint8)


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    return Studio(tmp_path_factory.mktemp("scenes"))


@pytest.fixture(scope="module")
def ct(studio):
    return studio.image("ct")


@pytest.fixture(scope="module")
def labels(studio):
    return studio.labels("segmentation", "labelmap", {"segmentation_type": "labelmap"})


def test_what_is_right_passes(tmp_path, ct, labels):
    assert faults(ct, Drawn(tmp_path, VALUES, colored(VALUES), ct.window).of(ct), tmp_path) == []
    overlaid = Drawn(tmp_path, VALUES, colored(VALUES, SEGMENTS), labels.window)
    assert faults(labels, overlaid.of(labels), tmp_path) == []


@pytest.mark.parametrize("name", CONTROLS)
def test_no_control_passes_for_the_volume(tmp_path, ct, labels, name):
    """Neither by its values, nor by its pixels alone, nor by its segments alone."""
    moved, segments = CONTROLS[name](VALUES), CONTROLS[name](SEGMENTS)
    for scene, values, colors in (
        (ct, moved, colored(VALUES)),
        (ct, VALUES, colored(moved)),
        (labels, VALUES, colored(VALUES, segments)),
    ):
        assert faults(scene, Drawn(tmp_path, values, colors, scene.window).of(scene), tmp_path)


def found(ct, folder, **changed):
    drawn = Drawn(folder, VALUES, colored(VALUES), ct.window)
    for name, value in changed.items():
        setattr(drawn, name, value)
    return " ".join(faults(ct, drawn.of(ct), folder))


def test_black_and_a_wrong_window_are_found(tmp_path, ct):
    assert "blank" in found(ct, tmp_path, colors=np.zeros((*VALUES.shape, 3), np.uint8))
    assert "has the window" in found(ct, tmp_path, window=(0, 1))
    brighter = colored(VALUES).astype(int) + 20
    assert "is drawn as" in found(ct, tmp_path, colors=brighter.clip(0, 255).astype(np.uint8))


def test_what_is_not_there_is_found(tmp_path, ct, labels):
    drawn = Drawn(tmp_path, VALUES, colored(VALUES), ct.window)
    assert any("has not the color" in text for text in faults(labels, drawn.of(labels), tmp_path))
    seen = Drawn(tmp_path, VALUES, colored(VALUES, SEGMENTS), ct.window).of(labels)
    seen["segments"] = [{"segments": [{"label": "letters", "color": [0, 0, 255, 255]}]}]
    said = " ".join(faults(labels, seen, tmp_path))
    assert "gives letters the color" in said
    assert "names no segment 'back ball'" in said
    for part in ("views", "places"):
        assert "shows nothing" in faults(ct, drawn.of(ct) | {part: []}, tmp_path)
    seen = drawn.of(ct)
    seen["said"]["notifications"] = ["Something went wrong"]
    assert faults(ct, seen, tmp_path) == ["says: Something went wrong"]
    seen = drawn.of(ct)
    seen["views"][0]["letters"] = {"left": "L", "top": "A"}
    assert "has the letters" in faults(ct, seen, tmp_path)[0]


def test_colors_of_a_map_must_tell_its_values_apart(tmp_path, ct):
    scene = replace(ct, kind="mapped")
    percent, window = VALUES.astype(int) * 100, np.array(ct.window) * 100
    assert faults(scene, Drawn(tmp_path, percent, colored(VALUES), window).of(scene), tmp_path) == []
    one_color = Drawn(tmp_path, percent, np.full((*VALUES.shape, 3), 90, np.uint8), window)
    assert any("draws" in text for text in faults(scene, one_color.of(scene), tmp_path))


def test_letters_are_those_at_the_edges():
    assert letters([[1, 0], [0, 1], [0, 0]]) == {"left": "R", "top": "A"}
    assert letters([[-1, 0], [0, 0.1], [0, -1]]) == {"left": "L", "top": "HA"}


def test_each_object_was_looked_at_in_the_version_that_is_named():
    page = (ROOT / "docs" / "viewers.md").read_text(encoding="utf-8")
    (block,) = re.findall("<!-- ohif: make viewers -->(.*?)<!-- end of ohif -->", page, flags=re.DOTALL)
    heading, _, *rows = (line.strip("| ").split(" | ") for line in block.strip().splitlines())
    assert heading[0].startswith(f"OHIF {ohif.OHIF.tested}, ")
    assert {title.split(",")[0] for title, *_ in rows} == {row.title for row in IODS.rows}
    assert not [row for row in rows if "wrong" in " ".join(row)]
    assert f"ohif={ohif.OHIF.tested}\n" in (ROOT / "scripts" / "setup.sh").read_text(encoding="utf-8")
