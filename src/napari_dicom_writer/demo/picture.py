"""A picture of a series on disk: the three central cuts through the patient, made by an independent reader.

SimpleITK reads the files and resamples them along the patient's own axes, so the picture shows what was written, not
what was meant to be. Needs the extra ``demo``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom

from napari_dicom_writer.errors import ExportError
from napari_dicom_writer.model.geometry import corners
from napari_dicom_writer.model.units import length_text, round_length

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_BACKGROUND, _INK, _ACCENT = "#101418", "#e8eaed", "#ffd54f"
# Left, right, top, bottom: where in the axes, and how the text is aligned there.
_LETTER_PLACES = (
    (-0.03, 0.5, "right", "center"),
    (1.03, 0.5, "left", "center"),
    (0.5, 1.02, "center", "bottom"),
    (0.5, -0.02, "center", "top"),
)


@dataclass(frozen=True, slots=True)
class _View:
    """One cut, as radiology shows it. Axes are 0, 1, 2 for LPS x, y, z."""

    name: str
    normal: int
    horizontal: int
    vertical: int
    upward: bool  # whether the vertical axis rises in the picture
    letters: tuple[str, str, str, str]  # left, right, top, bottom


_VIEWS = (
    _View("axial", 2, 0, 1, upward=False, letters=("R", "L", "A", "P")),
    _View("coronal", 1, 0, 2, upward=True, letters=("R", "L", "H", "F")),
    _View("sagittal", 0, 1, 2, upward=True, letters=("A", "P", "H", "F")),
)


def check_installed() -> None:
    """Refuse where the libraries that read and draw are missing.

    Raises
    ------
    ExportError
        Naming them, and how to install them.
    """
    missing = [name for name in ("SimpleITK", "matplotlib") if find_spec(name) is None]
    if missing:
        raise ExportError(
            f"This needs {' and '.join(missing)}", 'Get the extra: pip install "napari-dicom-writer[demo]"'
        )


def read_series(folder: Path) -> Any:
    """Read the one series in a folder.

    Returns
    -------
    SimpleITK.Image
        With position, spacing and direction in LPS mm, and the Modality LUT applied.

    Raises
    ------
    ExportError
        If SimpleITK finds no series there.
    """
    check_installed()
    import SimpleITK as sitk

    return sitk.ReadImage(_series_files(folder))


def _series_files(folder: Path) -> tuple[str, ...]:
    import SimpleITK as sitk

    files: tuple[str, ...] = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    if not files:
        raise ExportError(f"{folder} holds no series that SimpleITK can read", "Name the folder of one series")
    return files


def draw_views(folder: Path, png: Path, title: str) -> None:
    """Draw axial, coronal and sagittal cuts through the middle of a series.

    Parameters
    ----------
    folder
        Of one series.
    png
        The picture to write.
    title
        Stands above it.

    Raises
    ------
    ExportError
        If libraries are missing, or the folder holds no series.
    """
    image = read_series(folder)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    low, high = _extent(image)
    size = high - low
    widths, heights = [size[v.horizontal] for v in _VIEWS], [size[v.vertical] for v in _VIEWS]
    # In inches: margins for the title above, the letters around and the gaps between.
    width, above, below = 11.0, 1.05, 0.4
    tall = width * 0.92 / 1.15 * max(heights) / sum(widths)
    total = tall + above + below
    figure = Figure(figsize=(width, total), facecolor=_BACKGROUND)
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 3, width_ratios=widths)
    figure.subplots_adjust(left=0.04, right=0.96, wspace=0.225, bottom=below / total, top=1 - above / total)
    figure.text(0.5, 1 - 0.2 / total, title, color=_INK, fontsize=13, ha="center", va="top")
    window = _window(folder, image)
    for view, ax in zip(_VIEWS, axes, strict=True):
        _draw(ax, view, _cut(image, view, low, high), (low, high), window)
    _scale_bar(axes[0], low, high)
    figure.savefig(png, dpi=110)


def _extent(image: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the box in LPS mm that holds every voxel of the image, whole."""
    ends = corners(image.GetSize(), margin=0.5).T
    points = np.array([image.TransformContinuousIndexToPhysicalPoint(corner.tolist()) for corner in ends])
    return points.min(axis=0), points.max(axis=0)


def _cut(image: Any, view: _View, low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[Any]:
    """Resample one plane through the center: (rows, columns) with rows along the vertical axis; NaN outside.

    Pixels are as small as the finest voxel edge, but no more than 1,000 to a side.
    """
    import SimpleITK as sitk

    pixel = max(min(image.GetSpacing()) / 2, float((high - low).max()) / 1000)
    size = np.ceil((high - low) / pixel).astype(int)
    origin = low + pixel / 2
    size[view.normal], origin[view.normal] = 1, (low + high)[view.normal] / 2
    identity = sitk.Transform()
    grid = (size.tolist(), identity, sitk.sitkLinear, origin.tolist(), [pixel] * 3, np.eye(3).ravel().tolist())
    color = image.GetNumberOfComponentsPerPixel() > 1
    # Air, or whatever surrounds the object, must look different from where there are no voxels.
    cut = sitk.Resample(image, *grid, 0 if color else np.nan, sitk.sitkVectorUInt8 if color else sitk.sitkFloat64)
    return np.asarray(sitk.GetArrayFromImage(cut).squeeze(axis=2 - view.normal))


def _window(folder: Path, image: Any) -> tuple[float, float]:
    """Return the lowest and highest value to display: as the files say, else all but the extreme ones."""
    import SimpleITK as sitk

    dataset = pydicom.dcmread(_series_files(folder)[0], stop_before_pixels=True)
    if "WindowCenter" in dataset and "WindowWidth" in dataset:
        center, width = (float(np.atleast_1d(dataset[key].value)[0]) for key in ("WindowCenter", "WindowWidth"))
        return center - width / 2, center + width / 2
    low, high = np.percentile(sitk.GetArrayViewFromImage(image), (1, 99.5))
    return float(low), float(high)


def _draw(
    ax: Axes,
    view: _View,
    pixels: NDArray[Any],
    box: tuple[NDArray[np.float64], NDArray[np.float64]],
    window: tuple[float, float],
) -> None:
    low, high = box
    edges = (low[view.horizontal], high[view.horizontal], low[view.vertical], high[view.vertical])
    ax.imshow(
        pixels, cmap="gray", vmin=window[0], vmax=window[1], origin="lower", extent=edges, interpolation="bilinear"
    )
    if not view.upward:
        ax.invert_yaxis()
    ax.set_title(view.name, color=_INK, fontsize=11, pad=24)
    ax.set_facecolor("#26303a")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    for letter, (x, y, across, along) in zip(view.letters, _LETTER_PLACES, strict=True):
        ax.text(x, y, letter, transform=ax.transAxes, ha=across, va=along, color=_ACCENT, fontsize=13, weight="bold")


def _scale_bar(ax: Axes, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
    """Draw a bar of a round length, about a quarter of the axial cut."""
    width, height = (high - low)[:2]
    length = round_length(0.3 * width)
    x, y = low[0] + 0.04 * width, high[1] - 0.04 * height
    ax.plot([x, x + length], [y, y], color=_INK, linewidth=3, solid_capstyle="butt")
    ax.text(x, y - 0.02 * height, length_text(length), color=_INK, fontsize=9, va="bottom")
