"""DICOM opened as napari layers, lazily, each where it lies in the patient."""

from __future__ import annotations

import math
import os
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import ReadError, Refusals
from napari_dicom_writer.layers.from_drawn import by_layer
from napari_dicom_writer.layers.from_volume import to_layer
from napari_dicom_writer.layers.opened_from import METADATA_KEY, remembered
from napari_dicom_writer.listed import listed
from napari_dicom_writer.reading.catalogue import Catalogue
from napari_dicom_writer.reading.copies import without_copies
from napari_dicom_writer.reading.ground import ground_of
from napari_dicom_writer.reading.lazy import lazy
from napari_dicom_writer.reading.lenient import text
from napari_dicom_writer.reading.locations import spread_by_location
from napari_dicom_writer.reading.overlays import OverlayArray, overlays_of
from napari_dicom_writer.reading.pictures import Series, series_in, understood
from napari_dicom_writer.reading.segmentation import segmentations_of
from napari_dicom_writer.reading.splitting import split
from napari_dicom_writer.reading.structures import STRUCTURES, structures_of
from napari_dicom_writer.reading.volume_of import Stacked, volume_of
from napari_dicom_writer.reading.zipped import catalogue_of, is_zip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_dicom_writer.model.progress import Progress
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.reading.ground import Ground
    from napari_dicom_writer.reading.structure_set import StructureSet

LayerTuple = tuple[Any, dict[str, Any], str]
VALUES = ("real", "stored")
_NAMED = 3  # files that a text names
_PAINTED = 2**28  # bytes of labels that are put into memory
_ON_TOP = 3


def read(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    series_uid: str | None = None,
    values: str = "real",
    structures: str = "together",
    announce: Callable[[str], None] | None = None,
    progress: Progress | None = None,
) -> list[LayerTuple]:
    """Open the images in a folder of DICOM, in a zip file, or in a file, as layers.

    Parameters
    ----------
    path
        Searched with all folders below; hidden files are left out. A DICOMDIR stands for its folder. A zip file is
        unpacked into a folder that is removed when Python ends. Or several files, and none besides.
    series_uid
        Series Instance UID of the only series to open; all, if None.
    values
        ``"real"``, or ``"stored"``: those of images as they are stored, without rescale, mapping, table and palette.
    structures
        What becomes of the contours of RT Structure Sets: ``"together"``, a layer of shapes for each set; ``"apart"``,
        one for each region; or ``"labels"``, filled on the grid of their image.
    announce
        Called with what is worth knowing, a text at a time: series that cannot be opened, what was assumed, files that
        are damaged. Default: a warning each.
    progress
        Called with (files whose headers are read, total) now and then; may raise, to stop.

    Returns
    -------
    list of (data, attributes, "image", "labels", "shapes" or "points")
        By series number: images, above them maps, above these segmentations. Data are dask arrays where dask is
        installed, else arrays that napari can slice, (planes, rows, columns) after time where there is such an axis; a
        plane is decoded when it is looked at. Values are the real ones. Attributes place the layer in napari's world:
        LPS millimeters as (z, y, x). What cannot be one stack (a localizer, another size or orientation, another echo)
        is a layer of its own, and so is each picture that says nothing of its place. Planes that are missing are blank;
        uneven ones are placed evenly, and both is announced. Labels have names and codes in ``features``, and their
        colors; up to 256 MiB they are in memory, to be painted. Contours lie on the planes of their image, which is
        looked for beside them, too; what they are of is in ``features``.

    Raises
    ------
    ReadError
        If nothing can be opened: every series has its reason.
    ValueError
        If `values` or `structures` is another word.

    Examples
    --------
    >>> read("nowhere")
    Traceback (most recent call last):
        ...
    napari_dicom_writer.errors.ReadError: There is no such folder or file. Check the path.
    """
    if values not in VALUES:
        raise ValueError(f"Values are {' or '.join(map(repr, VALUES))}, and not {values!r}")
    if structures not in STRUCTURES:
        raise ValueError(f"Structures are {', '.join(map(repr, STRUCTURES))}, and not {structures!r}")
    found = _listed(path)
    zipped = isinstance(path, str | os.PathLike) and is_zip(Path(path))
    where = Path(path) if zipped else found.root  # type: ignore[arg-type]
    beside = None if zipped else found.root if found.root.is_dir() else found.root.parent
    opened: list[tuple[int, LayerTuple]] = []
    told: list[str] = []
    refusals = Refusals()
    grounds: dict[str, list[Ground]] = {}
    every = series_in(found, series_uid, progress)
    uids = Counter(series.uid for series in every if series.uid)
    told += [
        f"{count} studies have a series with the same UID, and layers each" for count in uids.values() if count > 1
    ]
    for series in sorted(every, key=lambda each: bool(each.segmentations or each.structures)):
        told += _leave_out_copies(series)
        if series.studies > 1:
            told.append(f"{_name(series)}: Its files name {series.studies} studies: taken as one series")
        if values == "stored":
            series.pictures = [picture.as_stored() for picture in series.pictures]
        with refusals.collect(_name(series)), understood():
            known = [ground for each in grounds.values() for ground in each]
            for part, structure, volume in _contours(series, known, beside, structures):
                opened.append((_ON_TOP, _layer(part, Stacked(volume, []), series, where, structure)))
                told += [f"{part}: {note}" for note in volume.notes]
            space = text(series.first, "FrameOfReferenceUID")
            for part, stacked in _stacks(series, refusals, grounds.get(space, [])):
                if not series.segmentations and not stacked.volume.labels:
                    grounds.setdefault(stacked.space, []).append(ground_of(stacked, series))
                opened.append((_height(stacked, series), _layer(part, stacked, series, where)))
                told += [f"{part}: {note}" for note in stacked.volume.notes]
    layers = [layer for _, layer in sorted(opened, key=lambda each: each[0])]
    if not layers:
        refusals.raise_if_any()
        raise ReadError("The DICOM files there are damaged, or of no series", "Copy the folder again")
    tell = announce or (lambda text: warnings.warn(text, stacklevel=3))
    for what in (*(f"Not opened: {refusal}" for refusal in refusals), *_passed_over(found), *told):
        tell(what)
    return layers


def _leave_out_copies(series: Series) -> Iterator[str]:
    pictures = without_copies(series.pictures)
    if copies := len(series.pictures) - len(pictures):
        are = "1 picture is" if copies == 1 else f"{copies:,} pictures are"
        yield f"{_name(series)}: {are} there twice, and shown once"
    series.pictures = pictures


def _contours(
    series: Series, images: list[Ground], folder: Path | None, structures: str
) -> Iterator[tuple[str, StructureSet, Volume]]:
    """Part the structure sets of a series into what is a layer each, with its name."""
    for label, structure, whole in structures_of(series, images, folder, structures):
        for points, volume in by_layer(whole):
            words = dict.fromkeys((_name(series, structure.name), label, points))  # a set may be called by its own name
            yield ", ".join(filter(None, words)), structure, volume


def _stacks(series: Series, refusals: Refusals, images: list[Ground]) -> Iterator[tuple[str, Stacked]]:
    """Part a series into what is a layer each, with its name; what cannot be opened is refused, and the rest is not."""
    name = _name(series)
    if not series.pictures and not series.structures:
        series.refusals.raise_if_any()
    if series.refusals:
        with refusals.collect(f"{name}, {_counted(series.refused)}"):
            series.refusals.raise_if_any()
    if series.segmentations:
        for label, stacked in segmentations_of(series, images):
            yield f"{name}, {label}" if label else name, stacked
        return
    for label, pictures in split(spread_by_location(series.pictures)) if series.pictures else ():
        unit = pictures[0].unit if pictures[0].stored.floating else ""
        suffix = f" ({unit})" if unit and unit not in label and not name.endswith(f"({unit})") else ""
        part = (f"{name}, {label}" if label else name) + suffix
        stacks: list[Stacked] = []
        with refusals.collect(part), understood():
            stacks.append(volume_of(pictures, series.first, lenient=True))
        for stacked in stacks:
            drawn, lost = overlays_of(stacked)
            stacked.volume.notes += tuple(lost)
            yield part, stacked
            yield from ((f"{part}, {overlay}", labels) for overlay, labels in drawn)


def _counted(files: int) -> str:
    return "1 file" if files == 1 else f"{files:,} files"


def _height(stacked: Stacked, series: Series) -> int:
    """Images lie below maps, and maps below labels, so that a study is one scene."""
    if stacked.volume.labels:
        return 2
    return int(bool(series.segmentations) or series.pictures[0].stored.floating)


def _listed(path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> Catalogue:
    if isinstance(path, str | os.PathLike):
        if path == "":  # which would be the current folder
            raise ReadError("The path is empty", "Name a folder or a file")
        root = Path(path)
        return catalogue_of(root)
    files = [Path(each) for each in path]
    return Catalogue(Path(os.path.commonpath([file.absolute() for file in files])), [file.absolute() for file in files])


def _name(series: Series, otherwise: str = "") -> str:
    try:
        description = str(series.first.get("SeriesDescription") or "").strip()
    except Exception:  # noqa: BLE001 - whatever a wrong value makes the parser raise
        description = ""
    return description or otherwise or series.where


def _layer(
    name: str, stacked: Stacked, series: Series, root: Path, structure: StructureSet | None = None
) -> LayerTuple:
    """Make a layer that remembers the instances of its planes, or the one of its contours."""
    volume = stacked.volume
    # napari paints in memory only; overlays are looked at.
    is_small = math.prod(volume.array.shape) * volume.dtype.itemsize <= _PAINTED
    is_painted = volume.labels and is_small and not isinstance(volume.array, OverlayArray)
    array = np.asarray(volume.array) if is_painted or volume.drawn else lazy(volume.array)
    data, attributes, kind = to_layer(volume.over(array))
    if kind == "image" and not volume.rgb:
        is_inverted = next(filter(None, stacked.pictures)).stored.photometric == "MONOCHROME1"
        attributes["colormap"] = "gray_r" if is_inverted else "gray"
    attributes["name"] = name
    source: dict[str, Any] = {
        "path": str(root),
        "modality": text(series.first, "Modality"),
        "study": text(series.first, "StudyInstanceUID"),
        "series": series.uid,
        "frame_of_reference": structure.space if structure else stacked.space,
        "instances": [structure.uid] if structure else [one.uid if one else "" for one in stacked.pictures],
        "notes": remembered(volume.notes),
    }
    if volume.lossy:
        source["lossy"] = [list(each) for each in volume.lossy]
    frames = [picture.frame if picture else -1 for picture in stacked.pictures]
    if any(frame is not None and frame >= 0 for frame in frames) and not _is_of_masks(stacked):
        source["frames"] = [0 if frame is None else frame + 1 for frame in frames]
    source |= attributes.get("metadata", {}).get(METADATA_KEY, {})
    attributes["metadata"] = {METADATA_KEY: source}
    return data, attributes, kind


def _is_of_masks(stacked: Stacked) -> bool:
    """Whether several frames are one plane."""
    return stacked.volume.labels is not None and any(picture and picture.segment for picture in stacked.pictures)


def _passed_over(found: Catalogue) -> Iterator[str]:
    """Say what in the folder may hold planes, and was not read."""
    if found.damaged:
        yield f"Damaged DICOM, or of no series, passed over: {listed(found.damaged, _NAMED, found.name)}"
    for kind, count in sorted(found.pictureless.items()):
        yield f"Not opened, as there is no picture in it: {count:,} of {kind}"
    for passed in found.passed:
        if passed.matters:
            yield f"Not looked at: {passed.name}, {passed.what}"
