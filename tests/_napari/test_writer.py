"""The real manifest, through every way napari saves."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import npe2
import numpy as np
import pydicom
import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLineEdit

from _napari.panels import add_scan
from napari_dicom_writer import ExportError

PLUGIN = "napari-dicom-writer"


@pytest.fixture
def viewer(make_napari_viewer):
    viewer = make_napari_viewer()
    add_scan(viewer, 3, (5, 12, 10))
    return viewer


def read(folder: str | Path) -> list[pydicom.FileDataset]:
    return sorted(map(pydicom.dcmread, Path(folder).rglob("*.dcm")), key=lambda d: d.InstanceNumber)


def assert_is_the_scan(folder: str | Path, layer) -> None:
    datasets = read(folder)
    assert [float(v) for v in datasets[0].ImagePositionPatient] == [30, -20, 10]
    assert [float(v) for v in datasets[0].PixelSpacing] == [0.7, 0.8]
    assert datasets[-1].ImagePositionPatient[2] == 20
    np.testing.assert_array_equal(np.stack([d.pixel_array for d in datasets]), layer.data)


@pytest.mark.parametrize("name", ["out.dcm", "out"])
def test_layers_save_writes_the_series_and_returns_its_folder(viewer, tmp_path, name):
    saved = viewer.layers.save(str(tmp_path / name), plugin=PLUGIN)
    assert saved == [str(tmp_path / "out")]
    assert_is_the_scan(tmp_path / "out", viewer.layers[0])
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_layer_save_by_extension_alone(viewer, tmp_path):
    assert viewer.layers[0].save(str(tmp_path / "one.dcm")) == [str(tmp_path / "one")]
    assert_is_the_scan(tmp_path / "one", viewer.layers[0])


def test_selected_layers_become_series_of_one_study(viewer, tmp_path):
    viewer.add_image(
        viewer.layers[0].data + np.int16(7), name="denoised", scale=(2.5, 0.7, 0.8), translate=(10, -20, 30)
    )
    viewer.layers.selection = set(viewer.layers)
    viewer.layers.save(str(tmp_path / "both.dcm"), selected=True)
    series = sorted(p.name for p in (tmp_path / "both").iterdir())
    assert series == ["1-OT-scan", "2-OT-denoised"]
    datasets = read(tmp_path / "both")
    assert len({d.StudyInstanceUID for d in datasets}) == 1
    assert len({d.FrameOfReferenceUID for d in datasets}) == 1
    assert len({d.SeriesInstanceUID for d in datasets}) == 2
    assert len({d.SOPInstanceUID for d in datasets}) == 10


def test_npe2_write_without_a_viewer(tmp_path):
    npe2.PluginManager.instance().discover()
    array = np.arange(60, dtype=np.uint16).reshape(3, 4, 5)
    saved = npe2.write(str(tmp_path / "out.dcm"), [(array, {"name": "a"}, "image")], plugin_name=PLUGIN)
    assert saved == [str(tmp_path / "out")]
    np.testing.assert_array_equal(np.stack([d.pixel_array for d in read(saved[0])]), array)


def test_npe2_write_with_a_trailing_slash(tmp_path):
    npe2.PluginManager.instance().discover()
    array = np.arange(60, dtype=np.uint16).reshape(3, 4, 5)
    saved = npe2.write(f"{tmp_path}/out/", [(array, {}, "image")], plugin_name=PLUGIN)
    assert saved == [str(tmp_path / "out")]


def test_labels_beside_an_image_become_its_segmentation(viewer, tmp_path):
    image = viewer.layers[0]
    place = {"scale": image.scale, "translate": image.translate, "units": image.units, "rotate": image.rotate}
    labels = viewer.add_labels(np.ones(image.data.shape, int), name="tumor", **place)
    (path,) = viewer.layers.save(str(tmp_path / "out.dcm"), plugin=PLUGIN)
    modalities = {pydicom.dcmread(file).Modality for file in Path(path).rglob("*.dcm")}
    assert modalities == {"OT", "SEG"}
    (alone,) = labels.save(str(tmp_path / "alone.dcm"), plugin=PLUGIN)
    assert pydicom.dcmread(alone).SegmentSequence[0].SegmentLabel == "Label 1"


OUTLINE = np.array([[2, 3, 2], [2, 3, 7], [2, 9, 7], [2, 9, 2.0]])


def test_any_mix_that_lies_on_an_image_is_one_study(viewer, tmp_path):
    place = {"scale": (2.5, 0.7, 0.8), "translate": (10, -20, 30), "units": ("mm",) * 3}
    viewer.add_shapes([OUTLINE], shape_type="polygon", name="tumor", **place)
    viewer.add_points([[2, 4, 4.0], [3, 5, 5]], name="seeds", **place)
    viewer.add_labels(np.ones((5, 12, 10), int), name="organ", **place)
    viewer.layers.save(str(tmp_path / "out.dcm"))
    datasets = read(tmp_path / "out")
    assert sorted({d.Modality for d in datasets}) == ["OT", "RTSTRUCT", "SEG"]
    assert len({d.StudyInstanceUID for d in datasets}) == 1
    (made,) = [d for d in datasets if d.Modality == "RTSTRUCT"]
    pairs = zip(made.StructureSetROISequence, made.ROIContourSequence, strict=True)
    (one, two) = sorted((region.ROIName, contours.ContourSequence) for region, contours in pairs)
    assert (one[0], [int(c.NumberOfContourPoints) for c in one[1]]) == ("seeds", [1, 1])
    assert (two[0], [int(c.NumberOfContourPoints) for c in two[1]]) == ("tumor", [4])
    corners = np.reshape(two[1][0].ContourData, (4, 3)).astype(float)
    np.testing.assert_allclose(corners, (OUTLINE * place["scale"] + place["translate"])[:, ::-1])


def test_what_lies_on_no_image_is_refused_and_not_dropped(viewer, tmp_path):
    viewer.layers.clear()
    viewer.add_shapes([OUTLINE], name="tumor")
    with pytest.raises(ExportError, match=r"layer 'tumor': What is drawn lies on the planes of an image"):
        viewer.layers.save(str(tmp_path / "out.dcm"), plugin=PLUGIN)
    viewer.add_labels(np.ones((5, 12, 10), int), name="organ")
    viewer.add_points(OUTLINE, name="seeds")
    with pytest.raises(ExportError, match=r"layer 'seeds': What is drawn lies on the planes of an image"):
        viewer.layers.save(str(tmp_path / "out.dcm"), plugin=PLUGIN)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["surface", "tracks", "vectors"])
def test_what_has_no_object_is_named_beside_what_has(viewer, tmp_path, kind):
    data = {
        "surface": (np.eye(3), np.array([[0, 1, 2]])),
        "tracks": np.array([[0, 0, 1, 2, 3], [0, 1, 2, 3, 4]]),
        "vectors": np.zeros((2, 2, 3)),
    }
    getattr(viewer, f"add_{kind}")(data[kind], name="flow")
    with pytest.raises(ExportError, match=rf"layer 'flow': It is a {kind} layer"):
        viewer.layers.save(str(tmp_path / "out.dcm"))
    assert not list(tmp_path.iterdir())


def test_refusals_reach_a_script_as_runtime_errors(viewer, tmp_path):
    """napari swallows a ValueError, as if no plugin had been found."""
    viewer.layers[0].shear = [0.2, 0, 0]
    with pytest.raises(RuntimeError, match="right angle"):
        viewer.layers.save(str(tmp_path / "out.dcm"))
    assert not list(tmp_path.iterdir())


def test_assumptions_are_shown_as_notifications(make_napari_viewer, tmp_path):
    from napari.utils.notifications import notification_manager

    viewer = make_napari_viewer()
    notification_manager.records.clear()
    viewer.add_image(np.zeros((3, 8, 8), np.float32) + np.linspace(0, 1, 8, dtype=np.float32), name="map")
    viewer.layers.save(str(tmp_path / "map.dcm"))
    messages = [(n.severity.value, n.message) for n in notification_manager.records]
    assert any(kind == "info" and "1 series, 3 instances" in text for kind, text in messages)
    warning = next(text for kind, text in messages if kind == "warning" and text.startswith("DICOM"))
    assert "`pixel` taken as mm" in warning
    assert "largest error" in warning


def test_a_modality_that_was_chosen_once_is_named(viewer, settings, tmp_path):
    from napari.utils.notifications import notification_manager

    settings.export.modality = "CT"
    notification_manager.records.clear()
    viewer.layers[0].save(str(tmp_path / "one.dcm"))
    told = "\n".join(n.message for n in notification_manager.records)
    assert "Written as CT, by the preference “Modality”" in told
    settings.export.modality = "OT"
    notification_manager.records.clear()
    viewer.layers[0].save(str(tmp_path / "other.dcm"))
    assert "Written as" not in "\n".join(n.message for n in notification_manager.records)


def test_the_menu_s_messages_name_preferences(viewer, settings, tmp_path):
    viewer.layers[0].data = np.full((5, 12, 10), np.nan, np.float32)
    with pytest.raises(ExportError, match="the preference “Replace NaN, Fill value: 0”"):
        viewer.layers.save(str(tmp_path / "out.dcm"), plugin=PLUGIN)


def test_builtin_saves_still_go_to_builtins(viewer, tmp_path, request):
    """Checked with this plugin first in line, where a careless manifest takes over."""
    manager = npe2.PluginManager.instance()
    for manifest in list(manager.iter_manifests()):
        if manifest.name not in (PLUGIN, "napari", "napari-svg"):  # other plugins have manners of their own
            manager._contrib.remove_contributions(manifest.name)
            request.addfinalizer(partial(manager._contrib.index_contributions, manifest))
        elif manifest.name != PLUGIN:
            manager._contrib.reindex(manifest)  # to the end of the line
    assert manager._contrib._writers[0][3].command == "napari-dicom-writer.write"

    def writer(path, *types):
        found, new_path = manager.get_writer(path, list(types))
        return found.command, Path(new_path).name

    assert writer("x", "image") == ("napari.write_image", "x.tif")
    assert writer("x.tif", "image")[0] == "napari.write_image"
    assert writer("x.png", "image")[0] == "napari.write_image"
    assert writer("x", "image", "image")[0] == "napari.write_directory"
    assert writer("x", "image", "labels")[0] == "napari.write_directory"
    assert writer("x", "labels") == ("napari.write_labels", "x.tif")
    assert writer("x.tif", "labels")[0] == "napari.write_labels"
    assert writer("x", "labels", "labels")[0] == "napari.write_directory"
    assert writer("x", "labels", "points")[0] == "napari.write_directory"
    assert writer("x", "points") == ("napari.write_points", "x.csv")
    assert writer("x", "shapes") == ("napari.write_shapes", "x.csv")
    assert writer("x.csv", "shapes")[0] == "napari.write_shapes"
    assert writer("x.svg", "shapes")[0] == "napari-svg.svg_writer"
    assert writer("x.svg", "shapes", "points")[0] == "napari-svg.svg_writer"
    assert writer("x", "shapes", "points")[0] == "napari.write_directory"
    assert writer("x", "labels", "shapes", "points")[0] == "napari.write_directory"
    with_surface = [["image", "surface"], ["labels", "surface"], ["shapes", "surface"], ["points", "surface"]]
    for types in (["shapes"], ["points"], ["shapes", "points"], ["labels", "shapes", "points"], *with_surface):
        assert writer("x.dcm", *types)[0] == "napari-dicom-writer.write"
        filters = [one.command for one in manager.iter_compatible_writers(types)]
        assert filters.count("napari-dicom-writer.write") == 1  # one filter in the dialog, and napari's own
    for kind in ("surface", "tracks", "vectors"):  # alone they are not ours
        found = {one.command for one in manager.iter_compatible_writers([kind])}
        assert "napari-dicom-writer.write" not in found
    assert writer("x.dcm", "image", "labels")[0] == "napari-dicom-writer.write"
    assert writer("x.dcm", "labels")[0] == "napari-dicom-writer.write"
    assert viewer.layers[0].save(str(tmp_path / "plain")) == [str(tmp_path / "plain.tif")]


def drive_dialog(path: Path, name_filter: str) -> list[str]:
    """Fill in the save dialog that is about to open; returns the filters it offered."""
    offered: list[str] = []

    def act() -> None:
        dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QFileDialog) and w.isVisible())
        offered.extend(dialog.nameFilters())
        dialog.selectNameFilter(next(f for f in offered if name_filter in f))
        dialog.setDirectory(str(path.parent))
        dialog.findChild(QLineEdit, "fileNameEdit").setText(path.name)
        dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save).click()

    QTimer.singleShot(500, act)
    return offered


def test_the_real_save_dialog(viewer, tmp_path):
    viewer.layers.selection = {viewer.layers[0]}
    offered = drive_dialog(tmp_path / "study.v1.2", "DICOM")
    viewer.window._qt_viewer._save_layers_dialog(selected=True)
    assert "DICOM Writer image series (*.dcm)" in offered
    assert_is_the_scan(tmp_path / "study.v1.2", viewer.layers[0])
