"""``python -m napari_dicom_writer`` is the command ``napari-dicom-writer``."""

from __future__ import annotations

from napari_dicom_writer.cli.main import program

if __name__ == "__main__":
    program()
