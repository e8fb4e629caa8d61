"""Where this user's peers, unsent exports and answers lie, and how a file of them is replaced."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from napari_dicom_writer.destinations.paths import refused_by_system
from napari_dicom_writer.errors import DestinationError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def config_folder() -> Path:
    """Return where what the user has chosen lies; it may not exist."""
    return _user_folder("config")


def state_place(name: str) -> Path:
    """Return the place of `state_folder`, which may not exist."""
    return _user_folder("state") / name


def state_folder(name: str) -> Path:
    """Return a folder of this user's, closed to others, for what outlives a process; it exists."""
    folder = state_place(name)
    with refused_by_system(f"{folder}, where exports wait to be sent, cannot be made"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(OSError):  # a file system without permissions keeps none
        if folder.stat().st_mode & _OTHERS:  # made by other rules
            folder.chmod(0o700)
    return folder


def replace_text(path: Path, text: str) -> None:
    """Replace a file in one step, whatever happens meanwhile; who may read it does not change.

    Raises
    ------
    DestinationError
        If the system refuses; the file is as it was.
    """
    with refused_by_system(f"{path} cannot be written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path = path.resolve()  # behind a link
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileNotFoundError):
                Path(name).chmod(stat.S_IMODE(path.stat().st_mode))
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink()
            raise


def _user_folder(kind: str) -> Path:
    """Return where programs keep their ``config`` or ``state``, unless the environment says otherwise."""
    if chosen := os.environ.get(f"NAPARI_DICOM_WRITER_{kind.upper()}"):
        return Path(chosen)
    try:
        import platformdirs
    except ImportError:
        raise DestinationError(
            "Sending needs more packages", 'Install them: pip install "napari-dicom-writer[network]"'
        ) from None
    return Path(getattr(platformdirs, f"user_{kind}_path")("napari-dicom-writer"))
