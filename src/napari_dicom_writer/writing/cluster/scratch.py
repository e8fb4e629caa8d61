"""The folder that driver and workers share: through it every instance comes to its place, while it is there."""

from __future__ import annotations

import secrets
import shutil
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import DestinationError, ExportError
from napari_dicom_writer.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distributed import Client

_PATIENCE = 30.0  # seconds for workers to let go of the scratch folder
_REMEDY = "Choose a folder that all workers see under the same path, and may write to"


@contextmanager
def scratch_folder(folder: str) -> Iterator[str]:
    """Make a scratch folder; when the block is left it is gone, and with it every late worker's way in.

    Parameters
    ----------
    folder
        Where: on the file system of the staged files.

    Raises
    ------
    DestinationError
        If it cannot be made, or cannot be removed.
    """
    name = secrets.token_hex(4)
    scratch, gone = Path(folder, f".scratch-{name}"), Path(folder, f".gone-{name}")
    try:
        scratch.mkdir()
    except OSError as error:
        raise DestinationError(f"Cannot write to {folder}: {error.strerror}", "Choose another folder") from error
    try:
        yield str(scratch)
    finally:
        deadline = time.monotonic() + _PATIENCE
        while (scratch.exists() or gone.exists()) and time.monotonic() < deadline:
            with suppress(OSError):  # a file may be open: some file systems then refuse
                scratch.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
            if gone.exists() or scratch.exists():
                time.sleep(0.05)
    if scratch.exists() or gone.exists():
        raise DestinationError("A lost worker does not let go of the staged files", "End it, and export again")


def check_workers(client: Client, scratch: str) -> None:
    """Let every worker read a file of the driver's, and write one.

    Raises
    ------
    DestinationError
        If one cannot.
    ExportError
        If one has another version of this package, or there are none.
    """
    token = secrets.token_hex(16)
    Path(scratch, "probe").write_text(token, encoding="ascii")
    answers = client.run(_probe, scratch, token, on_error="return")
    if not answers:
        raise ExportError("The cluster has no workers", "Start some, and wait for them: client.wait_for_workers(1)")
    for worker, answer in answers.items():
        if isinstance(answer, OSError):
            what = f"Worker {worker} cannot use the folder of the export: {answer.strerror or answer}"
            raise DestinationError(what, _REMEDY)
        if answer != __version__:
            what = f"Worker {worker} has another napari-dicom-writer: {answer!r} instead of {__version__!r}"
            raise ExportError(what, "Install the same version everywhere")


def _probe(scratch: str, token: str) -> str:
    """Return the version in a worker that shares the scratch folder."""
    if Path(scratch, "probe").read_text(encoding="ascii") != token:
        raise FileNotFoundError(None, "It is another folder there")
    reply = Path(scratch, secrets.token_hex(16))
    reply.touch(exist_ok=False)
    reply.unlink()
    return __version__
