"""``python -m napari_dicom_writer`` is the command ``napari-dicom-writer``."""

from __future__ import annotations

import sys

from napari_dicom_writer.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
