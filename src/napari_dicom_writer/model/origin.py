"""Where an image was read from, and what lies there: series of planes, each with its place. Knows no pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Origin:
    """Which series an image was read from; it names no patient.

    Attributes
    ----------
    path : str
        The folder, or the file, that was read.
    study, series, frame_of_reference : str
        UIDs.
    instances : tuple of str
        SOP Instance UIDs of its planes, time point by time point, empty where one was missing.
    frames : tuple of int
        Numbers of its planes in them, from 1, or 0 where there are none; empty where no instance has several.
    modality : str
        Of the series.
    """

    path: str
    study: str
    series: str
    frame_of_reference: str = ""
    instances: tuple[str, ...] = ()
    frames: tuple[int, ...] = ()
    modality: str = ""


@dataclass(frozen=True, slots=True)
class SourceImage:
    """One plane of a series on disk.

    Attributes
    ----------
    uid : str
        SOP Instance UID.
    position : tuple of float
        Center of its first pixel, LPS mm.
    orientation : tuple of float
        Row and column cosines.
    spacing : tuple of float
        Between (rows, columns), mm.
    size : tuple of int
        (rows, columns).
    frame : int
        Frame number from 1 in an instance of several, else 0.
    """

    uid: str
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing: tuple[float, float]
    size: tuple[int, int]
    frame: int = 0


@dataclass(frozen=True, slots=True)
class SourceSeries:
    """A series of images on disk.

    Attributes
    ----------
    uid, sop_class_uid : str
    name : str
        Its description, or its number in words.
    path : Path
        The file of one of its instances.
    files : tuple of Path
        Those of all of them.
    instances : tuple of str
        All SOP Instance UIDs.
    images : tuple of SourceImage
        Its planes, as far as they have a place.
    """

    uid: str
    sop_class_uid: str
    name: str
    path: Path
    files: tuple[Path, ...]
    instances: tuple[str, ...]
    images: tuple[SourceImage, ...]
