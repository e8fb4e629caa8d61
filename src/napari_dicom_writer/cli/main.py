"""The program ``napari-dicom-writer``: Ctrl-C is one line and 130, while it is still being imported, too."""

from __future__ import annotations

import os
import sys

from napari_dicom_writer.cli.interrupt import CANCELLED, check, heed


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv
        Arguments; default: those of the process.

    Returns
    -------
    int
        0, 1 for an export or folder that was refused or has errors, 130 after Ctrl-C. Wrong usage exits with 2.
    """
    from napari_dicom_writer.cli.commands import run

    check()
    return run(argv)


def program() -> None:
    """Run one command as a program of its own: after Ctrl-C, it waits for no thread that is still reading."""
    heed()
    try:
        status = main()
    except KeyboardInterrupt:
        print("cancelled, nothing was written", file=sys.stderr)
        status = CANCELLED
    if status == CANCELLED:
        for stream in (sys.stdout, sys.stderr):
            if stream:  # none where it is closed
                stream.flush()
        # Python itself would end by the signal if some exec() was interrupted, and wait for threads that are reading.
        os._exit(status)
    sys.exit(status)
