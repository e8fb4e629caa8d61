"""The command line, as a shell calls it."""

from __future__ import annotations

from napari_dicom_writer.cli.main import main


def run(*arguments: object) -> int:
    """Run one command in this process; return its exit code."""
    return main([str(argument) for argument in arguments])
