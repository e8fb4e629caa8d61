"""TIFF and OME-Zarr: sizes with their units, axes, channels, time, levels."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
import zarr

from judges.readers import simpleitk_volume
from napari_dicom_writer import ExportError, NoteKind, export, load
from napari_dicom_writer.cli.main import main

RNG = np.random.default_rng(1)


def texts(volume, kind: NoteKind | None = None) -> str:
    return "\n".join(str(note) for note in volume.notes if kind in (None, note.kind))


def spacing(volume) -> list[float]:
    return np.linalg.norm(volume.affine[:3, :3], axis=0).tolist()


def data(axes: str, dtype: str = "uint16") -> np.ndarray:
    sizes = {"T": 2, "C": 3, "Z": 4, "Y": 32, "X": 40, "S": 3}
    shape = [sizes[axis] for axis in axes]
    return RNG.integers(0, 250, shape).astype(dtype)


# -------------------------------------------------------------------------------------------------------- OME-TIFF


UNITS = {"µm": 1e-3, "nm": 1e-6, "mm": 1.0, "Å": 1e-7}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("axes", ["ZYX", "TZYX", "TZCYX", "TCZYX", "ZCYX"])
def test_ome_tiff_has_sizes_units_axes_and_time(axes, unit, tmp_path):
    array = data(axes)
    sizes = {"PhysicalSizeZ": 2.0, "PhysicalSizeY": 0.5, "PhysicalSizeX": 0.25}
    units = {f"{key}Unit": unit for key in sizes}
    time = {"TimeIncrement": 200.0, "TimeIncrementUnit": "ms"} if "T" in axes else {}
    names = {"Channel": {"Name": ["DAPI", "GFP", "Cy5"]}} if "C" in axes else {}
    path = tmp_path / "cells.ome.tif"
    tifffile.imwrite(path, array, metadata={"axes": axes, **sizes, **units, **time, **names})
    volumes = load(path)
    assert [v.name for v in volumes] == (["cells DAPI", "cells GFP", "cells Cy5"] if "C" in axes else ["cells"])
    for number, volume in enumerate(volumes):
        np.testing.assert_allclose(spacing(volume), np.array([2.0, 0.5, 0.25]) * UNITS[unit])
        assert volume.time_step == (0.2 if "T" in axes else None)
        own = np.take(array, number, axes.index("C")) if "C" in axes else array
        for point in range(2 if "T" in axes else 1):
            leading = (point,) if "T" in axes else ()
            np.testing.assert_array_equal(volume.read(leading, 0, 4), own[leading])
        assert not texts(volume, NoteKind.ASSUMED)


def test_ome_tiff_without_units_is_in_micrometers_by_its_schema(tmp_path):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, data("ZYX"), metadata={"axes": "ZYX", "PhysicalSizeX": 0.25, "PhysicalSizeY": 0.5})
    (volume,) = load(path)
    np.testing.assert_allclose(spacing(volume), [1.0, 5e-4, 2.5e-4])
    assert "how far apart its planes are" in texts(volume, NoteKind.ASSUMED)


def test_ome_tiff_sizes_in_pixels_have_no_length(tmp_path):
    path = tmp_path / "a.ome.tif"
    sizes = {f"PhysicalSize{axis}": 2.0 for axis in "XYZ"} | {f"PhysicalSize{axis}Unit": "pixel" for axis in "XYZ"}
    tifffile.imwrite(path, data("ZYX"), metadata={"axes": "ZYX", **sizes})
    (volume,) = load(path)
    assert spacing(volume) == [2.0, 2.0, 2.0]
    assert "no unit for the distance" in texts(volume, NoteKind.ASSUMED)
    assert main(["export", str(path), str(tmp_path / "out"), "--pixel-unit", "um"]) == 0
    np.testing.assert_allclose(np.linalg.norm(simpleitk_volume(tmp_path / "out").affine[:3, :3], axis=0), 2e-3)


@pytest.mark.parametrize("planar", ["CONTIG", "SEPARATE"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_ome_tiff_colors(planar, compression, tmp_path):
    array = data("ZYXS" if planar == "CONTIG" else "ZSYX", "uint8")
    path = tmp_path / "a.ome.tif"
    axes = "ZYXS" if planar == "CONTIG" else "ZSYX"
    keywords = {"photometric": "rgb", "planarconfig": planar, "compression": compression}
    tifffile.imwrite(path, array, metadata={"axes": axes}, **keywords)
    (volume,) = load(path)
    assert volume.rgb
    expected = array if planar == "CONTIG" else np.moveaxis(array, 1, -1)
    np.testing.assert_array_equal(volume.read((), 0, 4), expected)


def test_an_ome_tiff_pyramid_gives_its_full_resolution(tmp_path):
    array = data("YX", "uint8").repeat(4, 0).repeat(4, 1)
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as tif:
        tif.write(array, subifds=1, metadata={"axes": "YX", "PhysicalSizeX": 1.0, "PhysicalSizeY": 1.0}, tile=(64, 64))
        tif.write(array[::2, ::2], subfiletype=1, tile=(64, 64))
    (volume,) = load(tmp_path / "a.ome.tif")
    assert volume.shape[1:] == array.shape
    assert "the full one is written" in texts(volume, NoteKind.INFO)
    np.testing.assert_array_equal(volume.read((), 0, 1)[0], array)


def test_several_images_of_an_ome_tiff_have_their_own_sizes(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as tif:
        for number in (1, 2):
            sizes = {"PhysicalSizeX": number, "PhysicalSizeY": number, "PhysicalSizeZ": number}
            tif.write(data("ZYX")[:, : 32 * number], metadata={"axes": "ZYX", "Name": f"field {number}", **sizes})
    volumes = load(tmp_path / "a.ome.tif")
    assert [v.name for v in volumes] == ["a field 1", "a field 2"]
    np.testing.assert_allclose([spacing(v)[2] for v in volumes], [0.001, 0.002])


def test_the_place_of_the_stage_is_lost_and_said(tmp_path):
    metadata = {"axes": "ZYX", "Plane": {"PositionX": [1.0] * 4, "PositionXUnit": ["µm"] * 4}}
    tifffile.imwrite(tmp_path / "a.ome.tif", data("ZYX"), metadata=metadata)
    assert "stage" in texts(load(tmp_path / "a.ome.tif")[0], NoteKind.LOST)


# ---------------------------------------------------------------------------------------------------------- ImageJ


@pytest.mark.parametrize(
    ("axes", "metadata", "expected"),
    [
        ("ZYX", {"spacing": 2.0, "unit": "um"}, [0.002, 0.0005, 0.00025]),
        ("ZYX", {"spacing": 2.0, "unit": "\\u00B5m"}, [0.002, 0.0005, 0.00025]),
        ("ZYX", {"spacing": -2.0, "unit": "micron"}, [0.002, 0.0005, 0.00025]),
        ("ZYX", {"spacing": 2.0, "unit": "mm"}, [2, 0.5, 0.25]),
        ("TZYX", {"spacing": 2.0, "unit": "nm", "finterval": 3.0}, [2e-6, 5e-7, 2.5e-7]),
        ("TZCYX", {"spacing": 2.0, "unit": "cm", "finterval": 3.0}, [20, 5, 2.5]),
    ],
)
def test_imagej_has_sizes_units_and_time(axes, metadata, expected, tmp_path):
    array = data(axes)
    tifffile.imwrite(tmp_path / "a.tif", array, imagej=True, resolution=(4, 2), metadata={"axes": axes, **metadata})
    (volume,) = load(tmp_path / "a.tif")
    np.testing.assert_allclose(spacing(volume), expected, rtol=1e-6)
    assert volume.time_step == metadata.get("finterval")
    words = {"T": "time", "C": "channel", "Z": "plane", "Y": "row", "X": "column"}
    assert volume.axes == tuple(words[axis] for axis in axes)
    np.testing.assert_array_equal(np.asarray(volume.array[(slice(None),) * array.ndim]), array)
    assert not texts(volume, NoteKind.ASSUMED)


def test_imagej_without_calibration_says_so(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", data("ZYX"), imagej=True, metadata={"axes": "ZYX"})
    (volume,) = load(tmp_path / "a.tif")
    assert spacing(volume) == [1, 1, 1]
    assert "planes, rows and columns are" in texts(volume, NoteKind.ASSUMED)


def described(path, description: str, resolution=None) -> None:
    keywords = {"metadata": None, "photometric": "minisblack", "resolution": resolution}
    tifffile.imwrite(path, data("ZYX"), description=description, **keywords)


def test_imagej_pictures_that_are_neither_slices_nor_frames_are_an_assumption(tmp_path):
    described(tmp_path / "a.tif", "ImageJ=1.53\nimages=4\nunit=\\u00B5m\n", (4, 4))
    (volume,) = load(tmp_path / "a.tif")
    assert "taken as 4 planes × 32 rows × 40 columns" in texts(volume, NoteKind.ASSUMED)
    assert "else axes='TYX'" in texts(volume, NoteKind.ASSUMED)
    np.testing.assert_allclose(spacing(volume)[1:], [0.00025] * 2)


def test_imagej_slices_with_a_frame_interval_are_doubted(tmp_path):
    described(tmp_path / "a.tif", "ImageJ=1.53\nimages=4\nslices=4\nunit=um\nfinterval=2\n", (4, 4))
    assert "as a movie would" in texts(load(tmp_path / "a.tif")[0], NoteKind.ASSUMED)
    (movie,) = load(tmp_path / "a.tif", axes="TYX", time_step="2 s")
    assert (movie.axes, movie.time_step) == (("time", "row", "column"), 2.0)


def test_imagej_display_range_and_origin(tmp_path):
    said = "ImageJ=1.53\nimages=4\nslices=4\nunit=mm\nspacing=2\nmin=10\nmax=99\nxorigin=5\nyorigin=1\n"
    described(tmp_path / "a.tif", said, (4, 2))
    (volume,) = load(tmp_path / "a.tif")
    assert volume.window == (10.0, 99.0)
    np.testing.assert_allclose(volume.affine[:3, 3], [-1.25, -0.5, 0])


def test_imagej_pixels_that_are_not_square(tmp_path):
    described(tmp_path / "a.tif", "ImageJ=1.53\nimages=4\nslices=4\nunit=mm\nspacing=2\n", (4, 2))
    np.testing.assert_allclose(spacing(load(tmp_path / "a.tif")[0]), [2, 0.5, 0.25])


# ------------------------------------------------------------------------------------------------------ plain TIFF


@pytest.mark.parametrize(("unit", "factor"), [("INCH", 25.4), ("CENTIMETER", 10.0)])
def test_the_resolution_of_a_plain_tiff_is_an_assumption(unit, factor, tmp_path):
    keywords = {"resolution": (100, 50), "resolutionunit": unit, "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", data("YX"), **keywords)
    (volume,) = load(tmp_path / "a.tif")
    np.testing.assert_allclose(spacing(volume)[1:], [factor / 50, factor / 100])
    assert "resolution of the TIFF" in texts(volume, NoteKind.ASSUMED)
    (known,) = load(tmp_path / "a.tif", spacing="1um 2um")
    np.testing.assert_allclose(spacing(known)[1:], [0.001, 0.002])


def test_a_plain_tiff_knows_neither_axes_nor_sizes(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", data("ZYX"), metadata=None, photometric="minisblack")
    (volume,) = load(tmp_path / "a.tif")
    assert "taken as 4 planes × 32 rows × 40 columns" in texts(volume)
    assert "how far apart its planes, rows and columns are" in texts(volume)


@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "jpeg"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_plain_tiffs_keep_their_values(compression, order, tmp_path):
    array = data("ZYX", "uint8" if compression == "jpeg" else "uint16")
    keywords = {"compression": compression, "photometric": "minisblack", "metadata": {"axes": "ZYX"}}
    tifffile.imwrite(tmp_path / "a.tif", array, byteorder=order, **keywords)
    (volume,) = load(tmp_path / "a.tif")
    np.testing.assert_array_equal(volume.read((), 0, 4), tifffile.imread(tmp_path / "a.tif"))
    assert bool(volume.lossy) == (compression == "jpeg")
    export(volume, tmp_path / "out")
    np.testing.assert_array_equal(simpleitk_volume(tmp_path / "out").values, tifffile.imread(tmp_path / "a.tif"))


def test_gray_with_alpha_and_ink_are_no_colors(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", data("YX", "uint8")[..., None].repeat(4, -1), photometric="separated")
    (volume,) = load(tmp_path / "a.tif")
    assert (volume.rgb, volume.axes) == (False, ("row", "column", "component"))


def test_palette_and_inverted_pictures_are_said(tmp_path):
    colors = RNG.integers(0, 2**16, (3, 256)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "p.tif", data("YX", "uint8"), photometric="palette", colormap=colors)
    assert "palette" in texts(load(tmp_path / "p.tif")[0], NoteKind.LOST)
    tifffile.imwrite(tmp_path / "w.tif", data("YX", "uint8"), photometric="miniswhite")
    assert "shown bright" in texts(load(tmp_path / "w.tif")[0], NoteKind.LOST)


# -------------------------------------------------------------------------------------------------------- OME-Zarr


def ome_zarr(
    path, array, *, axes=None, version="0.5", scale=None, translation=None, levels=1, channels=None, more=None
):
    """Write an OME-Zarr image as its definition says, by zarr alone."""
    axes = axes or [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    group = zarr.open_group(path, mode="w", zarr_format=3 if version == "0.5" else 2)
    datasets = []
    for level in range(levels):
        step = 2**level
        part = array[..., ::step, ::step]
        group.create_array(str(level), data=part, chunks=(*(1,) * (array.ndim - 2), 16, 16))
        own = [*(scale or [1.0] * array.ndim)]
        own[-2:] = [own[-2] * step, own[-1] * step]
        transforms = [{"type": "scale", "scale": own}]
        transforms += [{"type": "translation", "translation": translation}] if translation else []
        datasets.append({"path": str(level), "coordinateTransformations": transforms})
    multiscales = [{"version": version, "axes": axes, "datasets": datasets, "name": "image", **(more or {})}]
    said = {"multiscales": multiscales}
    if channels:
        said["omero"] = {"channels": channels}
    group.attrs.update({"ome": {"version": "0.5", **said}} if version == "0.5" else said)
    return path


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(("unit", "factor"), [("micrometer", 1e-3), ("nanometer", 1e-6), ("millimeter", 1.0)])
def test_ome_zarr_lies_where_its_transforms_say(unit, factor, version, tmp_path):
    axes = [{"name": name, "type": "space", "unit": unit} for name in "zyx"]
    array = data("ZYX")
    keywords = {"axes": axes, "version": version, "scale": [2.0, 0.5, 0.25], "translation": [10.0, 20.0, 30.0]}
    path = ome_zarr(tmp_path / "a.ome.zarr", array, levels=2, **keywords)
    (volume,) = load(path)
    np.testing.assert_allclose(spacing(volume), np.array([2, 0.5, 0.25]) * factor)
    np.testing.assert_allclose(volume.affine[:3, 3], np.array([30, 20, 10]) * factor)
    assert volume.name == "a"
    assert "the full one is written" in texts(volume, NoteKind.INFO)
    assert isinstance(volume.array, zarr.Array)
    np.testing.assert_array_equal(volume.read((), 0, 4), array)
    assert not texts(volume, NoteKind.ASSUMED)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_ome_zarr_channels_and_time(version, tmp_path):
    axes = [
        {"name": "t", "type": "time", "unit": "millisecond"},
        {"name": "c", "type": "channel"},
        *({"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"),
    ]
    channels = [{"label": f"ch{n}", "window": {"start": n, "end": n + 100.0, "min": 0, "max": 9}} for n in range(3)]
    array = data("TCZYX")
    keywords = {"axes": axes, "version": version, "scale": [250.0, 1, 2, 0.5, 0.5], "channels": channels}
    volumes = load(ome_zarr(tmp_path / "a.zarr", array, **keywords))
    assert [v.name for v in volumes] == ["a ch0", "a ch1", "a ch2"]
    assert [v.window for v in volumes] == [(0.0, 100.0), (1.0, 101.0), (2.0, 102.0)]
    for number, volume in enumerate(volumes):
        assert (volume.axes, volume.time_step) == (("time", "plane", "row", "column"), 0.25)
        np.testing.assert_array_equal(volume.read((1,), 0, 4), array[1, number])


def test_ome_zarr_without_units_is_in_pixels(tmp_path):
    axes = [{"name": name, "type": "space"} for name in "zyx"]
    path = ome_zarr(tmp_path / "a.zarr", data("ZYX"), axes=axes, scale=[2.0, 1, 1], translation=[4.0, 0, 0])
    (volume,) = load(path)
    assert "no unit for the distance" in texts(volume, NoteKind.ASSUMED)
    assert spacing(volume) == [2, 1, 1]
    assert volume.affine[2, 3] == 4


def test_ome_zarr_transforms_of_the_whole_come_after_those_of_the_level(tmp_path):
    more = {"coordinateTransformations": [{"type": "scale", "scale": [10.0, 10, 10]}]}
    (volume,) = load(ome_zarr(tmp_path / "a.zarr", data("ZYX"), scale=[2.0, 1, 1], translation=[1.0, 0, 0], more=more))
    np.testing.assert_allclose(spacing(volume), [0.02, 0.01, 0.01])
    np.testing.assert_allclose(volume.affine[:3, 3], [0, 0, 0.01])


def test_ome_zarr_plates_and_unknown_transforms_are_refused(tmp_path):
    plate = zarr.open_group(tmp_path / "p.zarr", mode="w", zarr_format=2)
    plate.attrs.update({"plate": {"wells": [{"path": "A/1"}]}})
    with pytest.raises(ExportError, match=r"A/1/0"):
        load(tmp_path / "p.zarr")
    path = ome_zarr(tmp_path / "a.zarr", data("ZYX"))
    group = zarr.open_group(path, mode="a")
    said = dict(group.attrs["ome"])
    said["multiscales"][0]["coordinateTransformations"] = [{"type": "affine", "affine": []}]
    group.attrs["ome"] = said
    with pytest.raises(ExportError, match="'affine' is not understood"):
        load(path)


def test_the_images_below_a_group_are_read_in_their_order(tmp_path):
    zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    for name in ("10", "2"):
        ome_zarr(tmp_path / "a.zarr" / name, data("ZYX"), version="0.4")
    assert [v.name for v in load(tmp_path / "a.zarr")] == ["a 2", "a 10"]


def test_a_plain_zarr_array_is_read_without_geometry(tmp_path):
    array = data("ZYX")
    zarr.create_array(tmp_path / "a.zarr", data=array, chunks=(1, 16, 16), dimension_names=["t", "y", "x"])
    (volume,) = load(tmp_path / "a.zarr")
    assert volume.axes == ("time", "row", "column")
    zarr.create_array(tmp_path / "b.zarr", data=array, chunks=(1, 16, 16), zarr_format=2)
    (volume,) = load(tmp_path / "b.zarr")
    assert "taken as 4 planes" in texts(volume, NoteKind.ASSUMED)


def test_a_relative_path_is_no_other_place_after_a_change_of_folder(tmp_path, monkeypatch):
    array = data("ZYX")
    ome_zarr(tmp_path / "a.zarr", array)
    monkeypatch.chdir(tmp_path)
    (volume,) = load("a.zarr")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    np.testing.assert_array_equal(volume.read((), 0, 4), array)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_level_that_is_named_itself_lies_where_its_image_says(version, tmp_path):
    path = ome_zarr(tmp_path / "a.zarr", data("ZYX"), version=version, scale=[2.0, 0.5, 0.5], levels=2)
    (volume,) = load(path / "1")
    assert (volume.name, volume.shape) == ("a 1", (4, 16, 20))
    np.testing.assert_allclose(spacing(volume), [2e-3, 1e-3, 1e-3])


def test_axes_of_a_plain_tiff_are_called_as_in_other_files(tmp_path):
    planes = np.zeros((2, 4, 40, 50), "u2")
    tifffile.imwrite(tmp_path / "a.tif", planes, photometric="minisblack", metadata={"axes": "AZYX"})
    (volume,) = load(tmp_path / "a.tif")
    assert volume.axes == ("angle", "plane", "row", "column")
