"""Files that napari's readers read: which reader, and what becomes of what it returns."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from npe2 import DynamicPlugin

from inputs.geometries import GEOMETRIES, by_itk, itk, nifti
from inputs.test_microscopy import ome_zarr
from napari_dicom_writer import ExportError, NoteKind, load
from napari_dicom_writer.cli.main import main

CELLS = np.arange(3 * 40 * 50, dtype=np.uint16).reshape(3, 40, 50)


@pytest.fixture
def file(tmp_path):
    (tmp_path / "scan.xyz").write_text("cells")
    return tmp_path / "scan.xyz"


@pytest.fixture
def reader(request):
    """Make a plugin that reads .xyz files."""

    def make(name: str, *layers, error: Exception | None = None, accepts: bool = True):
        plugin = DynamicPlugin(name)
        plugin.register()
        request.addfinalizer(plugin.cleanup)

        @plugin.contribute.reader(filename_patterns=["*.xyz"])
        def get_reader(path):
            assert isinstance(path, str)

            def read(_path):
                if error:
                    raise error
                return list(layers)

            return read if accepts else None

        return name

    return make


def texts(volume, kind: NoteKind | None = None) -> str:
    return "\n".join(str(note) for note in volume.notes if kind in (None, note.kind))


def test_the_only_reader_is_taken_and_named(file, reader):
    reader("cells", (CELLS, {"scale": (2, 1, 1), "units": ("mm",) * 3}))
    (volume,) = load(file)
    assert volume.name == "scan"
    assert volume.affine[2, 0] == 2
    assert "Read by the plugin cells" in texts(volume)


def test_readers_that_agree_are_one(file, reader):
    reader("b-cells", (CELLS, {"scale": (2, 1, 1), "units": ("mm",) * 3}))
    reader("a-cells", (CELLS, {"scale": (2000, 1000, 1000), "units": ("um",) * 3}))
    (volume,) = load(file)
    assert "Read by the plugin a-cells" in texts(volume)


DIFFERENT = {
    "another place": ([(CELLS, {"scale": (3, 1, 1)})], "another place"),
    "another type": ([(CELLS.astype(np.float32), {})], "as float32"),
    "another shape": ([(CELLS[1:], {})], "2×40×50"),
    "other values": ([(CELLS + 1, {})], "other values"),
    "two layers": ([(CELLS, {}), (CELLS, {})], "1 and as 2 layers"),
    "labels": ([(CELLS, {}, "labels")], "as image and as labels"),
    "time": ([(CELLS, {"axis_labels": ("t", "y", "x")})], "differently"),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_readers_that_differ_are_refused_with_the_choice(case, file, reader):
    layers, said = DIFFERENT[case]
    reader("a-cells", (CELLS, {}))
    reader("b-cells", *layers)
    with pytest.raises(ExportError) as error:
        load(file)
    assert said in str(error.value)
    assert "plugin, from a-cells, b-cells" in str(error.value)
    assert load(file, plugin="a-cells")


def test_the_choice_is_that_of_the_plugin_whose_name_it_is(file, reader):
    """npe2 itself takes any plugin whose name begins like that."""
    reader("cells", (CELLS, {}))
    reader("cells-more", (CELLS + 1, {}))
    (volume,) = load(file, plugin="cells")
    assert volume.read((), 0, 1)[0, 0, 0] == 0
    (volume,) = load(file, plugin="cells-more")
    assert volume.read((), 0, 1)[0, 0, 0] == 1


def test_a_reader_that_fails_is_passed_over_and_all_that_fail_are_told(file, reader):
    reader("a-broken", error=ValueError("out of\norder"))
    reader("b-unwilling", accepts=False)
    with pytest.raises(ExportError) as error:
        load(file)
    assert "a-broken: ValueError: out of order; b-unwilling: It did not accept the file" in str(error.value)
    reader("cells", (CELLS, {}))
    assert "cells" in texts(load(file)[0])


def test_no_reader_and_no_layer_are_told(file, reader):
    with pytest.raises(ExportError, match="No installed plugin reads it"):
        load(file)
    reader("cells", (None,))
    with pytest.raises(ExportError, match="There is no image in it"):
        load(file)


def test_channels_of_a_reader_become_series(file, reader, tmp_path, capsys):
    reader("cells", (np.stack([CELLS, CELLS + 1]), {"channel_axis": 0, "name": ["DAPI", "GFP"], "scale": (2, 1, 1)}))
    assert main(["export", str(file), str(tmp_path / "out"), "--pixel-unit", "um"]) == 0
    said = capsys.readouterr().out
    for fact in ("Series 1 · DAPI", "Series 2 · GFP", "0.002 × 0.001 × 0.001 mm", "Read by the plugin cells"):
        assert fact in said


def test_what_the_user_says_goes_before_what_a_reader_leaves_open(file, reader):
    reader("cells", (CELLS, {}))
    (volume,) = load(file, axes="TYX", spacing="2um 3um", time_step="1s")
    assert (volume.axes, volume.time_step) == (("time", "row", "column"), 1)
    np.testing.assert_allclose(np.diag(volume.affine[1::-1, 1:3]), [0.002, 0.003])
    assert "pixel" not in texts(volume)


def test_what_a_reader_knows_is_not_relabelled(file, reader):
    reader("cells", (CELLS, {"scale": (2, 1, 1), "units": ("um",) * 3}))
    with pytest.raises(ExportError, match=r"the file says 0\.002 mm between planes"):
        load(file, spacing="2 1 1")


# ------------------------------------------------------------------------------------------------------ real readers


@pytest.fixture(scope="module")
def tiff_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("tiff") / "cells.ome.tif"
    sizes = {f"PhysicalSize{axis}": size for axis, size in zip("XYZ", (0.5, 0.5, 2.0), strict=True)}
    units = {f"PhysicalSize{axis}Unit": "mm" for axis in "XYZ"}
    metadata = {"axes": "CZYX", "Channel": {"Name": ["DAPI", "GFP"]}, **sizes, **units}
    tifffile.imwrite(path, np.stack([CELLS, CELLS + 1]), metadata=metadata)
    return path


def same(here, there) -> None:
    assert len(here) == len(there)
    for one, other in zip(here, there, strict=True):
        assert (one.shape, one.axes) == (other.shape, other.axes)
        np.testing.assert_allclose(one.affine, other.affine, atol=1e-9)
        np.testing.assert_array_equal(one.read((), 0, 3), other.read((), 0, 3))


def test_napari_tiff_reads_the_same(tiff_file):
    pytest.importorskip("napari_tiff")
    same(load(tiff_file, plugin="napari-tiff"), load(tiff_file))


def test_napari_ome_zarr_reads_the_same(tmp_path):
    pytest.importorskip("napari_ome_zarr")
    axes = [{"name": "c", "type": "channel"}]
    axes += [{"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"]
    window = {"start": 0, "end": 9, "min": 0, "max": 9}
    channels = [{"label": n, "window": window, "color": "00FF00", "active": True} for n in ("DAPI", "GFP")]
    keywords = {"axes": axes, "version": "0.4", "scale": [1.0, 2.0, 0.5, 0.25], "channels": channels, "levels": 2}
    path = ome_zarr(tmp_path / "cells.zarr", np.stack([CELLS, CELLS + 1]), **keywords)
    theirs = load(path, plugin="napari-ome-zarr")
    same(theirs, load(path))
    assert [volume.name for volume in theirs] == ["image: DAPI", "image: GFP"]


def by_napari_itk_io(path, affine):
    """What napari-itk-io 0.4.1 returned for a volume: recorded, for itk does not load beside SimpleITK's warnings."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)[::-1]
    direction = (affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0))[::-1, ::-1]
    origin = affine[2::-1, 3]
    metadata = {"ITK_InputFilterName": "MetaImageIO", "origin": origin, "spacing": spacing, "direction": direction}
    attributes = {"channel_axis": None, "rgb": False, "metadata": metadata, "scale": spacing, "translate": origin}
    return (by_itk(path).values.reshape(5, 4, 3).transpose(), attributes, "image")


@pytest.fixture
def itk_reader(request):
    """Make a plugin that returns for a file what napari-itk-io returned."""

    def make(written, affine):
        plugin = DynamicPlugin("itk-reader")
        plugin.register()
        request.addfinalizer(plugin.cleanup)

        @plugin.contribute.reader(filename_patterns=["*.mha"])
        def get_reader(path):
            return lambda _paths: [by_napari_itk_io(written, affine)] if path else None

    return make


def test_a_reader_that_reads_the_same(itk_reader, tmp_path):
    path = itk(tmp_path / "a.mha", GEOMETRIES["LPS"]).path
    itk_reader(path, GEOMETRIES["LPS"])
    same(load(path, plugin="itk-reader"), load(path))


@pytest.mark.parametrize("geometry", ["RAS", "oblique"])
def test_a_reader_that_turns_a_patient_is_refused(geometry, itk_reader, tmp_path):
    path = itk(tmp_path / "a.mha", GEOMETRIES[geometry]).path
    itk_reader(path, GEOMETRIES[geometry])
    with pytest.raises(ExportError, match=r"are not what its file a\.mha says"):
        load(path, plugin="itk-reader")


@pytest.mark.parametrize("geometry", ["LPS", "RAS", "oblique"])
def test_napari_nifti_puts_a_patient_elsewhere_and_is_refused(geometry, tmp_path):
    pytest.importorskip("napari_nifti")
    path = nifti(tmp_path / "a.nii", GEOMETRIES[geometry]).path
    with pytest.raises(ExportError, match=r"are not what its file a\.nii says"):
        load(path, plugin="napari-nifti")
    (volume,) = load(path, plugin="napari-nifti", origin="0 0 0", direction="L P H", spacing="1mm 1mm 1mm")
    np.testing.assert_array_equal(volume.affine[:3, 3], 0)
