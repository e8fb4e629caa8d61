"""The npe2 reader: File > Open, drag and drop, ``napari folder/``. A thin shell over `read`."""

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dicom_writer._napari.camera import show_unmirrored
from napari_dicom_writer._napari.contours import showable
from napari_dicom_writer.reading.catalogue import holds_dicom
from napari_dicom_writer.reading.zipped import is_zip, zip_holds_dicom

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.components import ViewerModel

    from napari_dicom_writer.model.progress import Progress
    from napari_dicom_writer.reading.read import LayerTuple

_TOLD = 6  # texts that a notification holds
_MANY = 1000  # files that take more than a moment


def get_reader(path: str | list[str]) -> Callable[[str | list[str]], list[LayerTuple]] | None:
    """Offer to read a folder or zip file that holds DICOM, or DICOM files; decline whatever others read.

    Parameters
    ----------
    path
        A folder, zip file or file, or the files that shall be one stack.

    Returns
    -------
    callable or None
        Takes the same, and returns layer tuples.
    """
    paths = [path] if isinstance(path, str) else path
    return open_layers if paths and all(map(_is_ours, map(Path, paths))) else None


def _is_ours(path: Path) -> bool:
    return zip_holds_dicom(path) if is_zip(path) else holds_dicom(path)


def open_layers(path: str | list[str]) -> list[LayerTuple]:
    """Read layers; what is worth knowing is a notification, where napari is running, else a warning each.

    An empty viewer is set to show them unmirrored in 3-D.

    Raises
    ------
    ReadError
        A `RuntimeError`, which napari shows to the user.
    """
    from napari_dicom_writer.reading.read import read

    told: list[str] = []
    viewer = _viewer()
    with _shown_progress() if viewer else nullcontext() as progress:
        layers = read(path, announce=told.append, progress=progress)
    if viewer:
        show_unmirrored(viewer)
    if told:
        _tell(told)
    return [showable(layer) for layer in layers] if "napari" in sys.modules else layers


def _viewer() -> ViewerModel | None:
    if "napari" not in sys.modules:
        return None
    from napari import current_viewer

    viewer: ViewerModel | None = current_viewer()
    return viewer


@contextmanager
def _shown_progress() -> Iterator[Progress]:
    """Show in napari how far the headers of many files are."""
    from napari.utils import progress

    bars: list[progress] = []

    def tell(done: int, total: int) -> None:
        if total < _MANY:
            return
        if not bars:
            bars.append(progress(total=total, desc="Reading DICOM"))
        bars[0].update(done - bars[0].n)

    try:
        yield tell
    finally:
        for bar in bars:
            bar.close()


def _tell(told: list[str]) -> None:
    more = [f"… and {len(told) - _TOLD:,} more"] if len(told) > _TOLD else []
    text = "DICOM: " + "\n".join(told[:_TOLD] + more)
    if "napari" in sys.modules:
        from napari.utils.notifications import show_warning

        show_warning(text)
    else:
        import warnings

        warnings.warn(text, stacklevel=3)
