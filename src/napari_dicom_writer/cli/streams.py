"""Output that cannot fail what is done: unknown characters, readers that have gone, disks that are full."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import TextIOWrapper


def take_any_character() -> None:
    r"""Let output streams write characters they cannot encode as ``\xe9``: names and paths hold any."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def give_up(error: OSError | SystemExit) -> None:
    """Say that output could not be written, and write no more of it; a reader that has seen enough is not an error.

    Rich exits where the reader has gone.
    """
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        with suppress(OSError):
            print(f"The output could not be written: {error.strerror}", file=sys.stderr)
    # Else Python would try again at its end, and complain.
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
