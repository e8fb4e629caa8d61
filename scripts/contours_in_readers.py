"""What other programs make of our structure sets: Dice of nine hard masks, axial and oblique.

    python scripts/contours_in_readers.py

Asked are our own reader, and whoever is installed: plastimatch (Debian), dcmrtstruct2nii and DicomRTTool (PyPI).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import SimpleITK as sitk

from napari_dicom_writer import ExportOptions, Volume, export, read
from napari_dicom_writer.layers.from_volume import to_layer

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from judges.volumes import oblique

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPE = (12, 48, 52)
NAME = "region"


def masks() -> dict[str, np.ndarray]:
    """What readers have lost, filled or shifted, in a volume of its own each."""
    z, y, x = np.indices(SHAPE) - np.array([5.5, 22, 25]).reshape(3, 1, 1, 1)
    disk = y**2 + x**2
    found = {name: np.zeros(SHAPE, bool) for name in ("bar", "line", "voxel", "corners", "planes")}
    found["bar"][1:4, 3:40, 5:7] = found["line"][2, 4, 3:40] = found["voxel"][3, 8, 9] = True
    found["corners"][2, 3:6, 3:6] = found["corners"][2, 6:9, 6:9] = found["planes"][1:3] = True
    return found | {
        "ellipsoid": (z / 5.2) ** 2 + (y / 18) ** 2 + (x / 22) ** 2 < 1,
        "ball": z**2 + disk < 5,
        "ring": (disk < 300) & (disk > 80),
        "island": ((disk < 300) & (disk > 120)) | (disk < 20),
    }


def with_plastimatch(contours: Path, images: Path, out: Path) -> np.ndarray:
    """Fill them with plastimatch."""
    told = ["--input", contours, "--referenced-ct", images, "--output-prefix", out / "m", "--prefix-format", "nrrd"]
    subprocess.run(["plastimatch", "convert", *map(str, told)], check=True, capture_output=True)  # noqa: S603, S607
    return sitk.GetArrayFromImage(sitk.ReadImage(str(next((out / "m").iterdir()))))


def with_dcmrtstruct2nii(contours: Path, images: Path, out: Path) -> np.ndarray:
    """Fill them with dcmrtstruct2nii, which calls pydicom by a name that is gone."""
    pydicom.read_file = pydicom.dcmread
    from dcmrtstruct2nii import dcmrtstruct2nii

    dcmrtstruct2nii(str(contours), str(images), str(out), convert_original_dicom=False)
    return sitk.GetArrayFromImage(sitk.ReadImage(str(next(out.glob("*mask*")))))


def with_dicom_rt_tool(contours: Path, images: Path, out: Path) -> np.ndarray:
    """Fill them with DicomRTTool."""
    from DicomRTTool.ReaderWriter import DicomReaderWriter

    reader = DicomReaderWriter(description="", arg_max=False, verbose=False)
    reader.walk_through_folders(str(images.parent))
    reader.set_contour_names_and_associations(contour_names=[NAME])
    reader.get_images_and_mask()
    return reader.mask[..., -1] if reader.mask.ndim == 4 else reader.mask


def with_our_own(contours: Path, images: Path, out: Path) -> np.ndarray:
    """Fill them with this package, which shares no code between reading and writing but the rule of filling."""
    del contours, out
    (labels,) = [layer for layer in read(images.parent, structures="labels") if layer[2] == "labels"]
    return np.asarray(labels[0])


READERS: dict[str, tuple[bool, Callable[[Path, Path, Path], np.ndarray]]] = {
    "our own": (True, with_our_own),
    "plastimatch": (shutil.which("plastimatch") is not None, with_plastimatch),
    "dcmrtstruct2nii": (find_spec("dcmrtstruct2nii") is not None, with_dcmrtstruct2nii),
    "DicomRTTool": (find_spec("DicomRTTool") is not None, with_dicom_rt_tool),
}


def dice(found: np.ndarray, mask: np.ndarray) -> float:
    """Of the order of planes that fits better: a left-handed layer is read in the other one."""
    both = (found > 0, found[::-1] > 0)
    return max(2 * (one & mask).sum() / (one.sum() + mask.sum()) for one in both)


def main() -> None:
    """Print a line for each mask and reader."""
    options = ExportOptions(object="rt-structure-set", modality="CT", value_unit="HU")
    places = {"axial": np.diag([2.5, 0.8, 0.7, 1])[[2, 1, 0, 3]], "oblique": oblique()}
    for kind, affine in places.items():
        image, told, _ = to_layer(Volume(np.zeros(SHAPE, np.int16), affine=affine, name="image"))
        for name, mask in masks().items():
            with tempfile.TemporaryDirectory() as folder:
                labels = {**told, "name": name, "features": {"index": [1], "name": [NAME]}}
                layers = [(image, told, "image"), (mask.astype(np.uint8), labels, "labels")]
                series = sorted(export(layers, f"{folder}/x", options).path.iterdir())
                contours = next(series[1].rglob("*.dcm"))
                for reader, (is_there, read) in READERS.items():
                    out = Path(tempfile.mkdtemp(dir=folder))
                    said = f"{dice(read(contours, series[0], out), mask):.4f}" if is_there else "not installed"
                    print(f"{kind:8} {name:10} {reader:16} {said}")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
