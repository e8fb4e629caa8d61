"""What a row of the table of formats is."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import ExportError
from napari_dicom_writer.mention import mention

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dicom_writer.inputs.image import Image
    from napari_dicom_writer.model.volume import Volume

EXTRA = 'pip install "napari-dicom-writer[inputs]"'


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    Attributes
    ----------
    name : str
        What people call it.
    module : str
        In this room, with a function ``read(path) -> list of Image or Volume``. It raises whatever its library does,
        and an `ExportError` for what it refuses.
    suffixes : tuple of str
        How its files' names end, in small letters.
    library : str
        The package it is read by; empty where the core has what it takes.
    accepts : callable or None
        Tells its files, and folders, by their content; asked where no suffix fits.
    """

    name: str
    module: str
    suffixes: tuple[str, ...] = ()
    library: str = ""
    accepts: Callable[[Path], bool] | None = None

    def read(self, path: Path) -> list[Image | Volume]:
        """Read all images of a file.

        Raises
        ------
        ExportError
            If the library is missing, or the file cannot be read.
        """
        try:
            module = importlib.import_module(f"napari_dicom_writer.inputs.{self.module}")
            found: list[Image | Volume] = module.read(path)
        except ExportError:
            raise
        except ImportError as error:
            raise ExportError(f"{self.name} needs {error.name or self.library}", f"Get the extra: {EXTRA}") from error
        except Exception as error:  # libraries raise whatever they like
            reason = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")
            remedy = f"Check that the file is whole, or choose a reader of napari with {mention('plugin')}"
            raise ExportError(f"It could not be read as {self.name}: {reason}", remedy) from error
        return found

    def identity(self, path: Path) -> object:
        """Return what several files that hold one image together have in common; else the path.

        A module that has such files has a function ``identity(path)``.
        """
        module = importlib.import_module(f"napari_dicom_writer.inputs.{self.module}")
        return getattr(module, "identity", Path)(path)


def stem(path: Path) -> str:
    """Name of a file without what tells its format: ``scan`` of ``scan.nii.gz`` and ``scan.ome.tif``."""
    name = path.name
    for _ in range(2):
        head, dot, tail = name.rpartition(".")
        if not (dot and head and (name == path.name or tail.lower() in ("nii", "ome", "hdr", "img"))):
            break
        name = head
    return name
