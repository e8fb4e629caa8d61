"""What is exported in the tests of faults, what happens around it, and what is found afterwards."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom

from judges.file_sets import file_set
from judges.structure_sets import filled_on
from napari_dicom_writer import Volume

if TYPE_CHECKING:
    from collections.abc import Callable

PLANES, SHAPE = 4, (6, 5)
SYNTAXES: list[dict[str, Any]] = [
    *({"transfer_syntax": name} for name in ("explicit-le", "rle", "jpeg-ls", "jpeg-2000", "htj2k", "deflated")),
]


OBJECTS: dict[str, dict[str, Any]] = {
    "masks": {"segmentation_type": "binary"},
    "a label map": {"segmentation_type": "labelmap"},
    "a multi-frame object": {"object": "multi-frame"},
    "compressed frames": {"object": "multi-frame", "transfer_syntax": "jpeg-ls"},
    "deflated frames": {"object": "multi-frame", "transfer_syntax": "deflated"},
    "a map": {"object": "parametric-map"},
    "contours": {"object": "rt-structure-set"},
    "fractions": {"object": "segmentation", "segmentation_type": "fractional"},
}
"""Objects of many frames or contours, each in one file: options that make them."""
_LABELS = ("masks", "a label map", "contours")


class Failing:
    """Reads like an array, plane by plane, until a certain one."""

    dtype = np.dtype(np.int16)

    def __init__(self, planes: int, at: int) -> None:
        self.shape, self.chunks, self._at = (planes, 2048, 2048), (1, 2048, 2048), at

    def __getitem__(self, index: tuple[slice, ...]) -> np.ndarray:
        if index[0].start >= self._at:
            raise OSError(5, "Input/output error")
        return np.zeros((1, 2048, 2048), np.int16)


def values(planes: int = PLANES, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """Voxels that hold their own index, and 1000."""
    count = planes * shape[0] * shape[1]
    return (np.arange(count) % 20_000 + 1000).astype(np.int16).reshape(planes, *shape)


def new(planes: int = PLANES, shape: tuple[int, int] = SHAPE, failing: int | None = None, what: str = "") -> Any:
    """What the faulty export writes; `what` is one of the `OBJECTS`."""
    array: Any = values(planes, tuple(shape)) if failing is None else Failing(planes, failing)
    if what in _LABELS:
        return (_labels(array, what), {"scale": (2, 1, 1), "units": ("mm",) * 3, "name": "new"}, "labels")
    return Volume(_fractions(array) if what == "fractions" else array, spacing=(2, 1, 1), name="new")


def _fractions(array: np.ndarray) -> np.ndarray:
    """Fifths, with some of each on every plane."""
    return (array % 6 / 5).astype(np.float32)


def _labels(array: np.ndarray, what: str) -> np.ndarray:
    """Labels 1 to 3 with some background on every plane; of contours, in pieces of many voxels."""
    piece = max(37, array.size // 30)
    return (array // piece % 4 if what == "contours" else array % 5 % 4).astype(np.uint8)


def old(planes: int = 3) -> Volume:
    """What lies under the target's name before an overwrite: fewer planes, other values."""
    return Volume(-values(planes), spacing=(2, 1, 1), name="old")


def content(folder: Path) -> dict[str, bytes | str]:
    """All files below a folder or the file itself, with their bytes; links with where they lead."""
    if folder.is_symlink():
        return {"": os.fspath(folder.readlink())}
    if folder.is_file():
        return {"": folder.read_bytes()}
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def state(
    target: Path, before: dict[str, bytes | str] | None, planes: int = PLANES, shape: Any = SHAPE, what: str = ""
) -> str:
    """Say what is under the target's name: ``new``, ``old`` (as it was before), ``nothing``, or else ``half``."""
    if not os.path.lexists(target):
        return "nothing"
    found = content(target)
    if before is not None and found == before:
        return "old"
    if not found:
        return "nothing"
    try:
        datasets = [pydicom.dcmread(source) for source in _sources(target)]
        pixels = (
            _frames(datasets[0], (planes, *shape)) if what else np.stack([dataset.pixel_array for dataset in datasets])
        )
    except Exception:
        return "half"
    one_series = len({dataset.SeriesInstanceUID for dataset in datasets}) == 1
    expected = values(planes, tuple(shape))
    expected = _labels(expected, what) if what in _LABELS else expected
    expected = np.rint(255 * _fractions(expected)) if what == "fractions" else expected
    return "new" if one_series and np.array_equal(pixels, expected) else "half"


def _frames(dataset: pydicom.Dataset, grid: tuple[int, ...]) -> np.ndarray:
    """The planes of an object of many frames: masks put together, each frame where its position is."""
    if dataset.Modality == "RTSTRUCT":
        return _contours(dataset, grid)
    frames = dataset.pixel_array
    if dataset.get("SegmentationType") != "BINARY":
        return frames + int(dataset.get("RescaleIntercept", 0))
    groups = dataset.PerFrameFunctionalGroupsSequence
    at = [round(float(group.PlanePositionSequence[0].ImagePositionPatient[2]) / 2) for group in groups]
    planes = np.zeros((max(at) + 1, *frames.shape[1:]), np.uint8)
    for frame, plane, group in zip(frames, at, groups, strict=True):
        planes[plane] += frame * np.uint8(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
    return planes


def _contours(dataset: pydicom.Dataset, grid: tuple[int, ...]) -> np.ndarray:
    """The labels that contours enclose."""
    affine = np.array([[0, 0, 1, 0], [0, 1, 0, 0], [2, 0, 0, 0], [0, 0, 0, 1]])
    return sum(filled_on(grid, affine, roi) * np.uint8(roi.ReferencedROINumber) for roi in dataset.ROIContourSequence)


def _sources(target: Path) -> list[Any]:
    """The instances of what was published, in their order."""
    if target.suffix == ".zip":
        with zipfile.ZipFile(target) as archive:
            return [io.BytesIO(archive.read(name)) for name in sorted(archive.namelist())]
    if target.is_file():
        return [target]
    if (target / "DICOMDIR").exists():
        with file_set(target) as found:
            return sorted(instance.path for instance in found)
    return sorted(target.iterdir())


def _remove_parent(target: Path) -> None:
    target.parent.rename(target.parent.with_name("moved away"))


def _put_file(target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    target.write_text("somebody else's")


def _put_link(target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    target.symlink_to("nowhere")


def _put_folder(target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    target.mkdir()
    (target / "notes.txt").write_text("somebody else's")


def _put_empty(target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    target.mkdir()


def _add_to_old(target: Path) -> None:
    target.mkdir(exist_ok=True)
    (target / "notes.txt").write_text("somebody else's")


def _remove_target(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)


def _remove_staged(target: Path) -> None:
    next(target.parent.glob(".napari-dicom-*/content/*.dcm")).unlink()


def _remove_staging(target: Path) -> None:
    shutil.rmtree(next(target.parent.glob(".napari-dicom-*")))


def _close_parent(target: Path) -> None:
    target.parent.chmod(0o500)


EVENTS: dict[str, Callable[[Path], None]] = {
    "the parent is moved away": _remove_parent,
    "a file takes the name": _put_file,
    "a link takes the name": _put_link,
    "a folder takes the name": _put_folder,
    "an empty folder takes the name": _put_empty,
    "somebody adds a file": _add_to_old,
    "the target vanishes": _remove_target,
    "a staged file vanishes": _remove_staged,
    "the staging area vanishes": _remove_staging,
    "the permission to write is lost": _close_parent,
}
# After these, what was there before is not expected back; and these must stay as somebody made them.
EMPTYING = {"an empty folder takes the name", "the target vanishes"}
TAKING = {"a file takes the name", "a link takes the name", "a folder takes the name", "somebody adds a file"}
