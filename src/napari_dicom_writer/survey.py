"""What a folder of DICOM holds, whoever wrote it: series by series, read from the files alone."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.pixels.processing import apply_rescale
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from napari_dicom_writer.errors import ExportError
from napari_dicom_writer.geometry import patient_letters
from napari_dicom_writer.readers import Verdict, opens_as_volume, single_precision_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset


# What other software allows: positions of many vendors are rounded to 0.01 mm or worse.
_UNEVEN = 0.01  # of the spacing between planes
_SAME = 1e-3  # of the pixel spacing: planes closer than that are one
_TURNED = 1e-3  # largest difference of two direction cosines
_REASON = 160  # characters of what a decoder says


class SurveyError(ExportError):
    """A folder that holds nothing to show."""


@dataclass(frozen=True, slots=True)
class SeriesSurvey:
    """What the files of one series say.

    Attributes
    ----------
    number, description, modality : str
        As written; empty where they are not.
    kind, encoding : str
        Names of the SOP Class and of the transfer syntax.
    folder : Path
        Where its first file is.
    instances : int
        Files.
    frames : int
        Pictures in them; 0 for objects without pixels.
    size : tuple of int
        (planes, rows, columns); planes are different positions, or pictures where positions are not known.
    time_points : int
        How many pictures share each position.
    spacing : tuple of float or None
        Between (planes, rows, columns), mm; None where unknown.
    directions : str
        Where columns, rows and planes run, in patient letters such as ``L, P, H``; empty where unknown.
    position : tuple of float or None
        Center of the first voxel of the first plane, LPS mm.
    window : tuple of float or None
        Center and width of the first window, as written.
    values : tuple of float or None
        Least and greatest real-world value.
    opens_in : tuple of Verdict
        Which software opens it as a volume; empty where it is none.
    remarks : tuple of str
        What is peculiar, and why something is unknown.
    """

    number: str
    description: str
    modality: str
    kind: str
    encoding: str
    folder: Path
    instances: int
    frames: int = 0
    size: tuple[int, int, int] = (0, 0, 0)
    time_points: int = 1
    spacing: tuple[float | None, float | None, float | None] = (None, None, None)
    directions: str = ""
    position: tuple[float, float, float] | None = None
    window: tuple[float, float] | None = None
    values: tuple[float, float] | None = None
    opens_in: tuple[Verdict, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """All series of a folder.

    Attributes
    ----------
    series : tuple of SeriesSurvey
        Study by study, by series number.
    foreign : int
        Files that are not DICOM, or too broken to belong to a series.
    """

    series: tuple[SeriesSurvey, ...]
    foreign: int


@dataclass(slots=True)
class _Group:
    """The instances of one series, without their pixels."""

    folder: Path
    study: int  # in the order they were found
    headers: list[Dataset] = field(default_factory=list)
    low: float = np.inf
    high: float = -np.inf
    remarks: dict[str, None] = field(default_factory=dict)  # an ordered set


def survey(folder: Path) -> Survey:
    """Read every file in a folder and below, or one file.

    Parameters
    ----------
    folder
        Hidden files, and what is in hidden folders, is left out.

    Returns
    -------
    Survey

    Raises
    ------
    SurveyError
        If there is no such folder, or no DICOM in it.
    """
    groups: dict[str, _Group] = {}
    studies: dict[str, int] = {}
    foreign = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other people's files are what they are
        for path in _files(folder):
            header = _read(path)
            if header is None or "SeriesInstanceUID" not in header:
                foreign += header is None or "DirectoryRecordSequence" not in header  # a DICOMDIR is no one's loss
                continue
            study = studies.setdefault(header.get("StudyInstanceUID", ""), len(studies))
            _add(groups.setdefault(header.SeriesInstanceUID, _Group(path.parent, study)), path, header)
        found = [(group.study, _summarize(group)) for group in groups.values()]
    if not found:
        others = "1 other file" if foreign == 1 else f"{foreign} other files"
        raise SurveyError(f"{folder} holds no DICOM series, but {others}", "Name a folder with DICOM files")
    found.sort(key=lambda item: (item[0], item[1].number.zfill(12)))
    return Survey(tuple(series for _, series in found), foreign)


def _files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise SurveyError(f"There is no folder {folder}", "Check the path")
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(f for f in files if not any(part.startswith(".") for part in f.relative_to(folder).parts))


def _read(path: Path) -> Dataset | None:
    """Read a header; None for what is no DICOM file."""
    try:
        return pydicom.dcmread(path, stop_before_pixels=True)
    except InvalidDicomError:
        return None
    except Exception:  # noqa: BLE001 - a truncated file fails wherever it was cut
        return None


def _add(group: _Group, path: Path, header: Dataset) -> None:
    group.headers.append(header)
    # An enhanced multi-frame object may map the values of every frame otherwise.
    if "Rows" not in header or "PerFrameFunctionalGroupsSequence" in header:
        return
    if "RealWorldValueMappingSequence" in header:
        group.remarks["Values are those of the Real World Value Mapping; the window is of stored values"] = None
    try:
        for frame in iter_pixels(path):
            values = _real_world(frame, header)
            group.low, group.high = min(group.low, float(values.min())), max(group.high, float(values.max()))
    except Exception as error:  # noqa: BLE001 - decoders raise whatever they like
        group.remarks[shorten(f"Pixels could not be decoded: {error}", _REASON)] = None


def _real_world(frame: NDArray[Any], header: Dataset) -> NDArray[Any]:
    """Apply the Real World Value Mapping where there is a linear one, else the Modality LUT."""
    for item in header.get("RealWorldValueMappingSequence") or ():
        if "RealWorldValueSlope" in item:
            return frame * float(item.RealWorldValueSlope) + float(item.RealWorldValueIntercept)
    return apply_rescale(frame, header)


def _summarize(group: _Group) -> SeriesSurvey:
    first = group.headers[0]
    plain = SeriesSurvey(
        number=str(first.get("SeriesNumber") or ""),
        description=str(first.get("SeriesDescription") or ""),
        modality=str(first.get("Modality") or ""),
        kind=UID(first.get("SOPClassUID") or "").name,
        encoding=UID(getattr(first, "file_meta", {}).get("TransferSyntaxUID") or "").name,
        folder=group.folder,
        instances=len(group.headers),
        values=(group.low, group.high) if group.low <= group.high else None,
        remarks=tuple(group.remarks),
    )
    try:
        return _with_geometry(plain, group.headers)
    except (ArithmeticError, AttributeError, IndexError, TypeError, ValueError) as error:
        remark = shorten(f"Its attributes could not be understood: {error}", _REASON)
        return replace(plain, remarks=(*plain.remarks, remark))


def _with_geometry(plain: SeriesSurvey, headers: Sequence[Dataset]) -> SeriesSurvey:
    """Add what the headers say of size and place."""
    first = headers[0]
    frames = sum(int(h.get("NumberOfFrames") or 1) for h in headers if "Rows" in h)
    series = replace(
        plain,
        frames=frames,
        size=(frames, int(first.get("Rows") or 0), int(first.get("Columns") or 0)),
        spacing=(None, *_pixel_spacing(first)),
        window=_window(first),
    )
    why_not = _why_no_stack(headers, frames)
    return replace(series, remarks=(why_not, *series.remarks)) if why_not else _stacked(series, headers)


def _why_no_stack(headers: Sequence[Dataset], frames: int) -> str | None:
    if not frames:
        return "It holds no pictures"
    if frames > len(headers) or any("SharedFunctionalGroupsSequence" in h for h in headers):
        return f"Multi-frame: {frames} frames, whose places are not shown here"
    if any("ImagePositionPatient" not in h or "ImageOrientationPatient" not in h for h in headers):
        return "No position and orientation: pictures, and not a volume"
    if len({(h.Rows, h.Columns) for h in headers}) > 1:
        return "Its pictures differ in size: not a volume"
    orientations = np.array([h.ImageOrientationPatient for h in headers], float)
    if np.abs(orientations - orientations[0]).max() > _TURNED:
        return "Its planes differ in orientation, as a localizer's do: not a volume"
    return None


def _stacked(series: SeriesSurvey, headers: Sequence[Dataset]) -> SeriesSurvey:
    """Stack single frames along their normal."""
    orientation = np.array(headers[0].ImageOrientationPatient, float)
    row, column = orientation[:3], orientation[3:]
    normal = np.cross(row, column)
    every = np.array([h.ImagePositionPatient for h in headers], float)
    every = every[np.argsort(every @ normal, kind="stable")]
    # Time points of one plane may differ in the last digit.
    same = _SAME * min((s for s in series.spacing if s), default=1.0)
    starts = np.flatnonzero(np.diff(every @ normal, prepend=-np.inf) > same)
    positions, counts = every[starts], np.diff(starts, append=len(every))
    gaps = np.diff(positions, axis=0)
    between = float(np.median(gaps @ normal)) if len(gaps) else None
    even = between is None or bool(np.abs(gaps - between * normal).max() <= max(_UNEVEN * between, same))
    whole = bool(counts.min() == counts.max())
    remarks = []
    if not even:
        remarks.append("Its planes are not evenly spaced along their normal")
    if not whole:
        remarks.append(f"From {counts.min()} to {counts.max()} pictures share a position")
    planes, time_points = len(positions), int(counts.max())
    lengths = [s for s in (between, *series.spacing[1:]) if s]
    opens_in = opens_as_volume(
        planes=planes,
        rows=series.size[1],
        columns=series.size[2],
        time_points=time_points,
        evenly_spaced=even,
        deflated=series.encoding == DeflatedExplicitVRLittleEndian.name,
        single_precision_error=single_precision_error(float(np.abs(positions).max()), min(lengths)) if lengths else 0.0,
    )
    x, y, z = map(float, positions[0])
    return replace(
        series,
        size=(planes, *series.size[1:]),
        time_points=time_points,
        spacing=(between, *series.spacing[1:]),
        directions=", ".join(map(patient_letters, (row, column, normal))),
        position=(x, y, z),
        opens_in=opens_in if whole else (),
        remarks=(*remarks, *series.remarks),
    )


def _pixel_spacing(header: Dataset) -> tuple[float | None, float | None]:
    spacing = header.get("PixelSpacing") or header.get("ImagerPixelSpacing")
    return (float(spacing[0]), float(spacing[1])) if spacing and len(spacing) == 2 else (None, None)


def _window(header: Dataset) -> tuple[float, float] | None:
    center, width = (_first(header.get(keyword)) for keyword in ("WindowCenter", "WindowWidth"))
    return None if center is None or width is None else (center, width)


def _first(value: Any) -> float | None:
    """First of one or several numbers."""
    numbers: Iterable[Any] = value if isinstance(value, pydicom.multival.MultiValue) else [value]
    return next((float(number) for number in numbers if number not in (None, "")), None)
