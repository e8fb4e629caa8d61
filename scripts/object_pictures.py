"""A picture of the phantom, and of each object of many frames, as a program that is not ours reads the file.

python scripts/object_pictures.py docs/images
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import highdicom
import matplotlib as mpl
import numpy as np
import pydicom
import SimpleITK as sitk
from highdicom.color import CIELabColor

from napari_dicom_writer import ExportOptions, export
from napari_dicom_writer.demo.phantom import orientation_phantom
from napari_dicom_writer.demo.picture import draw_views
from napari_dicom_writer.layers.from_volume import to_layer

mpl.use("agg")
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_COLORS = {1: (70, 131, 229), 2: (255, 128, 3)}
_NAMES = {1: "body", 2: "letters"}
_SIZE, _DPI = (3.2, 3.2), 110


class Pictures:
    """Exports the phantom as one object after the other, and draws what others read.

    Parameters
    ----------
    images, scratch
        Folders for the pictures, and for what is exported.
    """

    def __init__(self, images: Path, scratch: Path) -> None:
        self._images, self._scratch = images, scratch
        phantom = orientation_phantom()
        self._values = np.asarray(phantom.array)
        self._place = {key: to_layer(phantom)[1][key] for key in ("scale", "affine", "units")}

    def run(self) -> None:
        """Draw all of them."""
        series = export(orientation_phantom(), self._scratch / "phantom")
        draw_views(series.path, self._images / "phantom.png", "orientation phantom, as SimpleITK reads it")
        self._draw("multi-frame", self._image("multi-frame"), _simpleitk)
        self._draw("enhanced-ct", self._image("enhanced-ct"), _simpleitk)
        self._draw("parametric-map", self._image("parametric-map", self._fraction, value_unit="1"), _map)
        labels = np.where(self._values > 500, 2, np.where(self._values > -500, 1, 0)).astype(np.uint8)
        for kind in ("binary", "labelmap"):
            self._draw(f"segmentation-{kind}", self._labels(labels, kind), _segments)

    @property
    def _fraction(self) -> NDArray[np.float32]:
        return ((self._values + 1000) / 2000).astype(np.float32)

    def _image(self, key: str, values: NDArray[Any] | None = None, **options: Any) -> Path:
        layer = (self._values if values is None else values, {**self._place, "name": key}, "image")
        return export(layer, self._scratch / f"{key}.dcm", ExportOptions(object=key, **options)).path

    def _labels(self, labels: NDArray[np.uint8], kind: str) -> Path:
        layer = (labels, {**self._place, "name": kind}, "labels")
        segments = [{"label": n, "name": _NAMES[n], "color": color} for n, color in _COLORS.items()]
        options = ExportOptions(segmentation_type=kind, segments=segments)
        return export(layer, self._scratch / f"{kind}.dcm", options).path

    def _draw(self, name: str, path: Path, show: Callable[[Axes, Path], str]) -> None:
        figure, axes = plt.subplots(figsize=_SIZE, layout="constrained")
        axes.set_title(show(axes, path), fontsize=8)
        axes.axis("off")
        figure.savefig(self._images / f"object-{name}.png", dpi=_DPI)
        plt.close(figure)


def _middle(values: NDArray[Any], affine: NDArray[np.float64]) -> tuple[NDArray[Any], float]:
    """The middle plane, and the height of a pixel in widths."""
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    return values[len(values) // 2], steps[1] / steps[2]


def _simpleitk(axes: Axes, path: Path) -> str:
    image = sitk.ReadImage(str(path))
    width, height, _ = image.GetSpacing()
    values = sitk.GetArrayFromImage(image)
    axes.imshow(values[len(values) // 2], "gray", aspect=height / width)
    return f"SimpleITK {sitk.Version_VersionString()}"


def _map(axes: Axes, path: Path) -> str:
    volume = highdicom.imread(path).get_volume()
    plane, aspect = _middle(volume.array, volume.affine)
    axes.figure.colorbar(axes.imshow(plane, "viridis", aspect=aspect), ax=axes, shrink=0.7)
    return f"highdicom {highdicom.__version__}"


def _segments(axes: Axes, path: Path) -> str:
    read = highdicom.seg.segread(path)
    volume = read.get_volume(combine_segments=True)
    plane, aspect = _middle(volume.array, volume.affine)
    colors = np.zeros((*plane.shape, 3), np.uint8)
    for item in pydicom.dcmread(path).SegmentSequence:
        color = CIELabColor.from_dicom_value(item.RecommendedDisplayCIELabValue).to_rgb(clip=True)
        colors[plane == item.SegmentNumber] = color
        if item.SegmentNumber:
            axes.plot([], [], "s", color=np.array(color) / 255, label=item.SegmentLabel)
    axes.imshow(colors, aspect=aspect)
    axes.legend(fontsize=7, loc="lower right")
    return f"highdicom {highdicom.__version__}"


def main() -> None:
    """Draw into the folder that is named."""
    with tempfile.TemporaryDirectory() as scratch:
        Pictures(Path(sys.argv[1]), Path(scratch)).run()


if __name__ == "__main__":
    main()
