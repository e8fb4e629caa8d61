"""What lies on the image in the preview is what is written, where it is written: found again in the files."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from _napari.panels import export, settle, wait_for
from napari_dicom_writer._napari.dock.preview.overlay import Overlay, read_marks
from napari_dicom_writer._napari.dock.preview.view import View
from napari_dicom_writer.model.contours import CLOSED, OPEN, POINT, Outline
from napari_dicom_writer.plan.grid import make_grid

SHAPE = (6, 14, 10)
PLACE = {"scale": (2.5, 0.7, 0.8), "translate": (10, -20, 30), "units": ("mm",) * 3}
OUTLINE = np.array([[4, 2, 1], [4, 2, 8], [4, 9, 8], [4, 9, 1.0]])


def masks() -> np.ndarray:
    """An organ with a hole on two planes beside the middle one, and another one on one of them."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[4:6, 2:10, 2:8] = 3
    labels[4:6, 5:7, 4:6] = 0
    labels[4, 11:13, 1:4] = 7
    return labels


def wait_for_marks(qtbot, preview) -> None:
    wait_for(qtbot, lambda: bool(preview.overlays.shown) and all(preview.overlays.marks(n) for n in range(3)))


@pytest.fixture
def organs(viewer):
    features = {"index": [3, 7], "name": ["liver", "spleen"]}
    colors = {None: "black", 3: (1, 0, 0, 1), 7: (0, 0, 1, 1)}
    layer = viewer.add_labels(masks(), name="organs", features=features, colormap=colors, **PLACE)
    viewer.layers.select_all()
    return layer


def test_segments_lie_over_the_image_with_their_colors_and_names(viewer, organs, open_panel, qtbot, tmp_path):
    panel = open_panel()
    preview = panel.preview.preview
    wait_for_marks(qtbot, preview)
    assert panel.preview.layer is viewer.layers["scan"]
    assert [cut.index for cut in preview.cuts] == [4, 7, 5]  # where there are most segments, near the middle
    ((overlay, marks),) = preview.overlays.marks(0)
    assert [(s.name, s.color) for s in overlay.segments] == [("liver", (255, 0, 0)), ("spleen", (0, 0, 255))]
    np.testing.assert_array_equal(np.array((0, 3, 7))[marks.numbers], organs.data[4])
    np.testing.assert_array_equal(np.array((0, 3, 7))[preview.overlays.marks(1)[0][1].numbers], organs.data[:, 7])
    assert "On it: liver, spleen" in preview.accessibleDescription()
    pixels = preview.grab().toImage()
    place = preview._layout().picture(preview._layout().places[0])

    def at(row: float, column: float) -> tuple[int, int]:
        return int(place.left() + column / 10 * place.width()), int(place.top() + row / 14 * place.height())

    assert preview.tooltip_at(*at(12.0, 2.5)).splitlines()[0] == "spleen"
    assert preview.tooltip_at(*at(3.0, 3.0)).splitlines()[0] == "liver"
    assert preview.tooltip_at(*at(6.0, 5.0)).startswith("Axial")  # in its hole
    inside, hole = (pixels.pixelColor(*at(*where)) for where in ((12.0, 2.5), (6.0, 5.0)))
    assert inside.blue() - inside.red() > 80
    assert hole.blue() == hole.red()
    report = export(qtbot, panel)
    written = [d for d in map(pydicom.dcmread, report.path.rglob("*.dcm")) if d.Modality == "SEG"]
    groups = written[0].PerFrameFunctionalGroupsSequence
    heights = [group.PlanePositionSequence[0].ImagePositionPatient[2] for group in groups]
    frames = dict(zip(heights, written[0].pixel_array, strict=True))
    np.testing.assert_array_equal(np.array((0, 3, 7))[marks.numbers], frames[10 + 4 * 2.5])


def test_labels_are_shown_on_their_image_and_read_once(viewer, organs, open_panel, qtbot):
    panel = open_panel()
    preview = panel.preview.preview
    panel.preview.choose(organs)
    wait_for_marks(qtbot, preview)
    assert preview.placement.volume.array is viewer.layers["scan"].data
    before = preview.overlays.marks(0)[0][1]
    panel.form.field("patient.name").value = "Doe^Jane"
    settle(qtbot, panel)
    organs.colormap = {None: "black", 3: (0, 1, 0, 1), 7: (0, 0, 1, 1)}
    settle(qtbot, panel)
    wait_for(qtbot, lambda: preview.overlays.shown[0].segments[0].color == (0, 255, 0))
    assert preview.overlays.marks(0)[0][1] is before
    panel.preview.choose(viewer.layers["scan"])
    wait_for(qtbot, lambda: len(preview.pixels) == 3)
    organs.data[4, 0, 0] = 3
    organs.events.paint(value=[])  # as a brush tells
    assert len(preview.pixels) == 3  # the image stays in sight
    wait_for(qtbot, lambda: bool(preview.overlays.marks(0)) and preview.overlays.marks(0)[0][1].numbers[0, 0] == 1)
    panel.preview.choose(organs)
    organs.data = np.where(organs.data == 3, 7, organs.data)
    wait_for(qtbot, lambda: [s.name for o in preview.overlays.shown for s in o.segments] == ["spleen"])
    viewer.layers.selection = {organs}
    settle(qtbot, panel)
    wait_for(qtbot, lambda: preview.placement.volume.array is not viewer.layers["scan"].data)
    assert not preview.placement.volume.array[:].any()  # alone they lie on nothing, and are seen
    assert preview.overlays.marks(0)
    preview.show_view(View(preview.placement.volume, preview.placement.grid))
    assert preview.overlays.marks(0) == ()


def test_labels_of_another_grid_are_shown_where_they_are_written(viewer, open_panel, qtbot):
    """A part of the image, its rows and planes the other way around."""
    part = np.ascontiguousarray(masks()[2:, ::-1, 1:])
    where = {"scale": (2.5, -0.7, 0.8), "translate": (15, -20 + 13 * 0.7, 30.8), "units": ("mm",) * 3}
    viewer.add_labels(part, name="part", **where)
    viewer.layers.select_all()
    preview = open_panel().preview.preview
    wait_for_marks(qtbot, preview)
    ((_, marks),) = preview.overlays.marks(0)
    np.testing.assert_array_equal(np.array((0, 3, 7))[marks.numbers], masks()[4])


def test_contours_are_those_that_are_written(viewer, organs, open_panel, qtbot):
    viewer.add_shapes([OUTLINE], shape_type="polygon", edge_color="yellow", name="target", **PLACE)
    viewer.add_points([[4, 5, 5.0]], face_color="cyan", name="seed", **PLACE)
    viewer.layers.select_all()
    panel = open_panel()
    panel.form.field("object").value = "rt-structure-set"
    settle(qtbot, panel)
    preview = panel.preview.preview
    wait_for(qtbot, lambda: preview.overlays.shown[0].outlined and len(preview.overlays.marks(2)) == 3)
    shown = [line for _, marks in preview.overlays.marks(0) for line in marks.lines]
    assert [line.kind for line in shown] == [CLOSED, CLOSED, CLOSED, POINT]
    assert not preview.overlays.marks(0)[0][1].filled
    lengths = [[len(m.lines) for _, m in preview.overlays.marks(n)] for n in (1, 2)]
    assert lengths == [[0, 1, 0], [0, 1, 1]]  # the outline is cut through, the point next to one of the cuts
    np.testing.assert_allclose(preview.overlays.marks(2)[1][1].lines[0].points, [[4, 2, 5], [4, 9, 5]])
    report = export(qtbot, panel)
    written = [
        np.reshape(contour.ContourData, (-1, 3)).astype(float)
        for path in sorted(report.path.rglob("*.dcm"))
        for roi in pydicom.dcmread(path).get("ROIContourSequence", ())
        for contour in roi.ContourSequence
        if float(contour.ContourData[2]) == 20
    ]
    panel.board.report_actions._show_button.click()
    wait_for(qtbot, lambda: len(viewer.layers) == 7)
    assert [type(layer).__name__ for layer in list(viewer.layers)[4:]] == ["Image", "Shapes", "Points"]
    assert len(written) == len(shown)
    for line, points in zip(shown, written, strict=True):
        np.testing.assert_allclose((line.points * PLACE["scale"] + PLACE["translate"])[:, ::-1], points, atol=1e-4)


def test_an_open_line_encloses_nothing():
    """Where a cut passes it, there are points, and no chord between."""
    grid = make_grid(np.eye(4), SHAPE)
    line = Outline(1, OPEN, OUTLINE, "line")
    lies = Overlay((), (grid, SHAPE), (grid, SHAPE), drawn={(1, 4): (line,)})
    found = [marks.lines for _, marks in read_marks(lies, (4, 5, 5), 100, lambda: None)]
    assert [[one.kind for one in lines] for lines in found] == [[OPEN], [POINT], [POINT]]
    np.testing.assert_allclose(found[1][0].points, [[4, 5, 8]])
    np.testing.assert_allclose(found[2][0].points, [[4, 2, 5], [4, 9, 5]])


def test_outlines_without_their_image_say_what_is_missing(viewer, open_panel, qtbot):
    layer = viewer.add_shapes([OUTLINE], shape_type="polygon", name="target", **PLACE)
    panel = open_panel()
    assert panel.preview.layer is layer
    wait_for(qtbot, lambda: "is shown on its image" in panel.preview.preview.accessibleDescription())


def test_fractions_are_as_dense_as_they_are_large(viewer, open_panel, qtbot):
    fractions = np.zeros(SHAPE, np.float32)
    fractions[:, 2:7] = 1
    fractions[:, 7:12] = 0.4
    layer = viewer.add_image(fractions, name="tumor", contrast_limits=(0, 1), **PLACE)
    viewer.layers["scan"].data = np.full(SHAPE, 100, np.int16)
    viewer.layers.select_all()
    panel = open_panel()
    panel.own.options.give(layer, "object").value = "segmentation"
    panel.own.options.give(layer, "segmentation_type").value = "fractional"
    settle(qtbot, panel)
    preview = panel.preview.preview
    wait_for_marks(qtbot, preview)
    assert panel.preview.layer is viewer.layers["scan"]
    pixels = preview.grab().toImage()
    place = preview._layout().picture(preview._layout().places[0])
    x, ys = int(place.center().x()), [int(place.top() + row / 14 * place.height()) for row in (1, 4, 9)]
    assert [preview.tooltip_at(x, y).splitlines()[0] for y in ys[1:]] == ["tumor 100%", "tumor 40%"]
    assert preview.tooltip_at(x, ys[0]).startswith("Axial")
    none, all_, some = (pixels.pixelColor(x, y).getRgb() for y in ys)
    apart = [sum(abs(a - b) for a, b in zip(color, none, strict=True)) for color in (all_, some)]
    assert 0.35 < apart[1] / apart[0] < 0.45


def test_the_legend_has_the_colors_of_the_segments(viewer, organs, open_panel, qtbot):
    preview = open_panel().preview.preview
    wait_for_marks(qtbot, preview)
    pixels = preview.grab().toImage()
    layout = preview._layout()
    assert [name for _, _, name in layout.legend.rows[0]] == ["liver", "spleen"]
    middle = layout.legend.line / 2
    for (left, color, _), _ in zip(layout.legend.rows[0], range(2), strict=True):
        assert pixels.pixelColor(int(left + middle / 2), int(layout.legend_top + middle)).getRgb()[:3] == color
