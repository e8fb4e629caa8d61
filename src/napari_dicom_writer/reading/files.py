"""DICOM files of anyone's making: found in a folder, their headers read one by one."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pydicom
from pydicom.errors import InvalidDicomError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydicom.dataset import Dataset


def files_in(folder: Path) -> list[Path] | None:
    """List the files in a folder and below, in the order of their names; a file is a folder of one.

    Returns
    -------
    list of Path or None
        Without hidden files, and what is in hidden folders; None where there is neither folder nor file.
    """
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        return None
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(f for f in files if not any(part.startswith(".") for part in f.relative_to(folder).parts))


def read_header(path: Path, tags: list[str] | None = None) -> Dataset | None:
    """Read a header, or some of its attributes.

    Parameters
    ----------
    path
        Any file.
    tags
        Keywords of the attributes that are kept; None keeps all.

    Returns
    -------
    Dataset or None
        None for what is no DICOM file. Whatever a damaged one makes the parser raise is raised.
    """
    try:
        return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=tags)
    except InvalidDicomError:
        return None


@contextmanager
def as_they_are() -> Iterator[None]:
    """Silence warnings about other people's files, which are what they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def panics_as_errors() -> Iterator[None]:
    """Turn the panic of a decoder written in Rust into a `RuntimeError`: it is no `Exception`, and would pass by."""
    try:
        yield
    except BaseException as panic:
        if type(panic).__name__ != "PanicException":
            raise
        raise RuntimeError(str(panic)) from panic
