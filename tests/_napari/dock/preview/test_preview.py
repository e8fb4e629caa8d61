"""What the preview says and shows, and that no array, however slow or broken, harms it."""

from __future__ import annotations

import gc
import threading

import dask.array as da
import numpy as np
import pytest
from qtpy.QtCore import QPoint, QRect
from qtpy.QtGui import QColor, QHelpEvent, QImage, QPalette
from qtpy.QtWidgets import QApplication, QVBoxLayout, QWidget

from _napari.arrays import Gate
from judges.volumes import SPACING, indexed, oblique
from napari_dicom_writer import Volume
from napari_dicom_writer._napari.dock.preview.preview import PreviewWidget
from napari_dicom_writer._napari.dock.preview.thumbnails import THINNEST, Box, arrange
from napari_dicom_writer._napari.dock.preview.view import View
from napari_dicom_writer.demo.phantom import orientation_phantom
from napari_dicom_writer.plan.grid import make_grid


def place(preview: PreviewWidget, volume: Volume) -> None:
    preview.show_view(View(volume, make_grid(volume.affine, volume.shape, thickness_known="plane" in volume.axes)))


@pytest.fixture
def preview(qtbot) -> PreviewWidget:
    widget = PreviewWidget()
    qtbot.addWidget(widget)
    widget.resize(320, widget.heightForWidth(320))
    widget.show()
    return widget


def wait_for_pixels(qtbot, preview: PreviewWidget) -> None:
    qtbot.waitUntil(lambda: len(preview.pixels) == len(preview.cuts) > 0)


def wait_for_thread(qtbot) -> None:
    qtbot.waitUntil(lambda: all(thread.name != "dicom-preview" for thread in threading.enumerate()))


def test_geometry_is_told_at_once_and_pixels_follow(qtbot, preview):
    gate = Gate()
    place(preview, Volume(gate, spacing=SPACING))
    assert [cut.name for cut in preview.cuts] == ["axial", "coronal", "sagittal"]
    told = preview.accessibleDescription()
    assert "Axial, as written" in told
    assert "left R, right L, top A, bottom P" in told
    assert "left A, right P, top H, bottom F" in told
    assert preview.lines[0] in told
    assert not preview.grab().isNull()
    assert preview.pixels == {}
    gate.open.set()
    wait_for_pixels(qtbot, preview)
    assert preview.pixels[1].shape == (4, 8)


def test_the_written_plane_comes_first(qtbot, preview):
    gate = Gate()
    place(preview, Volume(gate, spacing=SPACING))
    seen = []
    preview._pixels.reader.section.connect(lambda normal, _values: seen.append(normal))
    gate.open.set()
    wait_for_pixels(qtbot, preview)
    assert seen == [0, 1, 2]


def test_pixels_are_those_of_the_phantom(qtbot, preview):
    phantom = orientation_phantom()
    place(preview, phantom)
    wait_for_pixels(qtbot, preview)
    expected = np.clip((phantom.array[30].astype(float) + 300) / 1000 * 255, 0, 255)
    np.testing.assert_array_equal(preview.pixels[0], np.rint(expected))


def test_pixels_stay_while_only_the_geometry_changes(qtbot, preview):
    gate = Gate()
    gate.open.set()
    place(preview, Volume(gate, spacing=SPACING))
    wait_for_pixels(qtbot, preview)
    before, reads = preview.pixels, gate.reads
    ras = np.diag([-1.0, -1, 1, 1]) @ Volume(gate, spacing=SPACING).affine
    place(preview, Volume(gate, affine=ras))
    assert gate.reads == reads
    np.testing.assert_array_equal(preview.pixels[0], before[0])
    np.testing.assert_array_equal(preview.pixels[1], before[1][:, ::-1])
    assert preview.cuts[0].letters == ("L", "R", "P", "A")
    assert "left L, right R, top P, bottom A" in preview.accessibleDescription()


def test_a_new_window_shows_at_once(qtbot, preview):
    array = indexed()
    place(preview, Volume(array, spacing=SPACING, window=(0, 60)))
    wait_for_pixels(qtbot, preview)
    place(preview, Volume(array, spacing=SPACING, window=(0, 1)))
    assert (preview.pixels[0] == 255).all()


def test_the_latest_volume_wins(qtbot, preview):
    first, second, third = Gate(), Gate(), indexed((4, 6, 8)) * 0
    place(preview, Volume(first, spacing=SPACING))
    assert first.asked.wait(60)
    place(preview, Volume(second, spacing=SPACING))
    place(preview, Volume(third, spacing=SPACING))
    first.open.set()
    wait_for_pixels(qtbot, preview)
    assert (preview.pixels[0] == preview.pixels[0][0, 0]).all()
    assert (first.reads, second.reads) == (1, 0)


def test_a_broken_array_says_so_and_keeps_its_geometry(qtbot, preview):
    gate = Gate(OSError("the tape is torn"))
    gate.open.set()
    place(preview, Volume(gate, spacing=SPACING))
    qtbot.waitUntil(lambda: "cannot be read: the tape is torn" in preview.accessibleDescription())
    assert preview.lines[-1] == "Pixels cannot be read: the tape is torn"
    assert len(preview.cuts) == 3
    assert "the tape is torn" in preview.tooltip_at(60, 90)
    assert not preview.grab().isNull()
    place(preview, Volume(indexed(), spacing=SPACING))
    wait_for_pixels(qtbot, preview)
    assert "tape" not in preview.accessibleDescription()


def test_a_lazy_graph_that_raises_is_no_crash(qtbot, preview):
    def torn(block):
        raise ZeroDivisionError

    place(preview, Volume(da.zeros((4, 5, 6)).map_blocks(torn, dtype=float, meta=np.zeros(0)), spacing=SPACING))
    qtbot.waitUntil(lambda: "ZeroDivisionError" in preview.accessibleDescription())


def test_a_refusal_takes_the_place_of_the_cuts(qtbot, preview):
    array = indexed()
    place(preview, Volume(array, spacing=SPACING))
    wait_for_pixels(qtbot, preview)
    preview.show_refusal("The axes are 12° off a right angle")
    assert (preview.cuts, preview.lines, preview.pixels) == ((), (), {})
    assert preview.accessibleDescription() == "Cannot be placed\nThe axes are 12° off a right angle"
    assert not preview.grab().isNull()
    place(preview, Volume(array, spacing=SPACING))
    assert len(preview.pixels) == 3


def test_clear_lets_go_of_the_array(qtbot, preview):
    gate = Gate()
    place(preview, Volume(gate, spacing=SPACING))
    assert gate.asked.wait(60)
    preview.clear()
    gate.open.set()
    wait_for_thread(qtbot)
    assert preview.pixels == {}
    assert "Choose a layer" in preview.accessibleDescription()
    gc.collect()
    assert not [found for found in gc.get_referrers(gate) if isinstance(found, dict) and "array" in found]


def test_a_changed_array_is_read_again_after_clear(qtbot, preview):
    array = indexed((4, 6, 8))
    place(preview, Volume(array, spacing=SPACING, window=(0, 200)))
    wait_for_pixels(qtbot, preview)
    array[:] = 200
    preview.clear()
    place(preview, Volume(array, spacing=SPACING, window=(0, 200)))
    wait_for_pixels(qtbot, preview)
    assert (preview.pixels[0] == 255).all()


@pytest.mark.parametrize("how", ["close", "deleteLater"])
def test_the_widget_may_go_while_it_is_read(qtbot, how):
    widget = PreviewWidget()
    gate = Gate()
    place(widget, Volume(gate, spacing=SPACING))
    assert gate.asked.wait(60)
    getattr(widget, how)()
    del widget
    gc.collect()
    QApplication.processEvents()
    gate.open.set()
    wait_for_thread(qtbot)
    QApplication.processEvents()


def test_closing_the_parent_is_no_crash_either(qtbot):
    parent = QWidget()
    layout = QVBoxLayout(parent)
    widget = PreviewWidget(parent)
    layout.addWidget(widget)
    gate = Gate()
    place(widget, Volume(gate, spacing=SPACING))
    assert gate.asked.wait(60)
    parent.deleteLater()
    qtbot.waitUntil(lambda: not gate.open.set())
    wait_for_thread(qtbot)


@pytest.mark.parametrize(
    ("shape", "spacing"),
    [
        ((1, 1, 1), (1, 1, 1)),
        ((1, 3, 100_000), (1, 1, 1)),
        ((100_000, 1, 1), (1e3, 1, 1)),
        ((2, 2, 2), (1e-14, 1e-14, 1e-14)),
        ((2, 2, 2), (1e17, 1, 1e-3)),
    ],
)
@pytest.mark.parametrize("width", [1, 60, 240, 300, 420, 2000])
def test_extreme_proportions_stay_within_the_layout(qtbot, preview, shape, spacing, width):
    place(preview, Volume(np.zeros(shape, np.uint8), spacing=spacing))
    preview.resize(width, preview.heightForWidth(width))
    assert not preview.grab().isNull()
    if width >= preview.minimumSizeHint().width():
        layout = preview._layout()
        for spot in layout.places:
            assert layout.tile(spot).contains(layout.picture(spot))
            assert min(spot.width, spot.height) >= THINNEST
        assert layout.places[-1].left + layout.places[-1].tile == pytest.approx(width)
    wait_for_thread(qtbot)


def test_thumbnails_share_one_scale():
    boxes = [Box(200, 230, 30, 60), Box(200, 190, 30, 60), Box(10, 190, 30, 60)]
    places, scale = arrange(boxes, 400, 150, 6)
    assert [spot.width for spot in places] == pytest.approx([200 * scale, 200 * scale, 10 * scale])
    assert [spot.height for spot in places] == pytest.approx([230 * scale, 190 * scale, 190 * scale])
    assert max(spot.height for spot in places) == pytest.approx(150)
    assert not any(spot.thin for spot in places)


def test_a_tile_that_holds_but_its_title_leaves_its_room_to_the_others():
    places, scale = arrange([Box(100, 10, 20, 60), Box(1, 10, 20, 60)], 266, 1000, 6)
    assert scale == pytest.approx((266 - 6 - 60 - 20) / 100)
    assert [spot.tile for spot in places] == pytest.approx([200, 60])
    assert [spot.thin for spot in places] == [False, True]


def test_the_height_does_not_jump_between_layers(qtbot, preview):
    place(preview, Volume(indexed(), spacing=SPACING))
    first = preview.heightForWidth(320)
    place(preview, Volume(indexed((300, 2, 2)), spacing=SPACING))
    assert preview.heightForWidth(320) == first


@pytest.mark.parametrize("color", ["#ffffff", "#000000"])
def test_text_takes_the_colors_of_the_theme(qtbot, preview, color):
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.WindowText, QColor(color))
    palette.setColor(QPalette.ColorRole.Window, QColor("#808080"))
    preview.setPalette(palette)
    preview.setAutoFillBackground(True)
    place(preview, Volume(indexed(), spacing=SPACING))
    text = preview.grab(QRect(0, int(preview._layout().text_top), 320, 60)).toImage()
    found = {text.pixelColor(x, y).name() for x in range(text.width()) for y in range(text.height())}
    assert color in found


def test_the_picture_on_the_screen_is_that_of_the_file(qtbot, preview):
    """Each quarter of the plane is found where the file has it, in true proportion."""
    array = np.zeros((3, 40, 40), np.uint8)
    array[:, :20, :20], array[:, :20, 20:], array[:, 20:, :20] = 80, 160, 240
    place(preview, Volume(array, spacing=(20, 2, 1), window=(0, 255)))
    wait_for_pixels(qtbot, preview)
    layout = preview._layout()
    area = layout.picture(layout.places[0])
    assert area.height() == pytest.approx(2 * area.width())
    image = preview.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    ratio = image.width() / preview.width()
    quarters = [
        image.pixelColor(int((area.left() + x * area.width()) * ratio), int((area.top() + y * area.height()) * ratio))
        for y in (0.25, 0.75)
        for x in (0.25, 0.75)
    ]
    assert [quarter.red() for quarter in quarters] == [80, 160, 240, 0]


def test_every_view_explains_itself(qtbot, preview):
    place(preview, Volume(indexed(), spacing=SPACING))
    texts = [preview.tooltip_at(x, 90) for x in (50, 160, 270)]
    assert [text.split(",")[0] for text in texts] == ["Axial", "Coronal", "Sagittal"]
    assert "posterior" in preview.tooltip_at(50, int(preview._layout().text_top) + 2)
    spot = QPoint(50, 90)
    event = QHelpEvent(QHelpEvent.Type.ToolTip, spot, preview.mapToGlobal(spot))
    assert QApplication.sendEvent(preview, event)
    preview.clear()
    assert preview.tooltip_at(50, 90) == ""


def test_it_needs_no_more_width_than_a_narrow_dock_has(preview):
    place(preview, Volume(indexed(), affine=oblique(4)))
    assert preview.minimumSizeHint().width() <= 300
    assert preview.sizePolicy().hasHeightForWidth()
