"""NumPy arrays to DICOM: one picture, a stack, a 16-bit MR volume.

Run it with the folder to write to: ``python numpy_to_dicom.py out``.
"""

import sys
from pathlib import Path

import numpy as np

from napari_dicom_writer import ExportOptions, Patient, Series, Volume, export

out = Path(sys.argv[1])
rows, columns = np.mgrid[-1:1:200j, -1:1:150j]
picture = (255 * np.exp(-3 * (rows**2 + columns**2))).astype(np.uint8)

# A 2-D array is one plane: one file. Spacing is mm between rows and between columns.
print(export(Volume(picture, spacing=(0.5, 0.5), name="picture"), out / "picture.dcm"))

# A 3-D array is a stack: a folder with one file a plane. Floats are fitted to 16 bits, and the report says how exactly.
planes = np.linspace(0, 1, 24)[:, np.newaxis, np.newaxis]
stack = np.cos(8 * rows) * np.sin(6 * columns + 5 * planes)
print(export(Volume(stack, spacing=(2.5, 0.5, 0.5), name="waves"), out / "waves"))

# 16-bit integers are stored as they are. Here with a place in the patient, what to display, and who it is.
volume = Volume(
    (1000 * (stack + 1)).astype(np.int16),
    spacing=(2.5, 0.5, 0.5),
    position=(-40, -50, 120),  # center of the first voxel, LPS mm: x to the Left, y to Posterior, z to the Head
    name="waves as MR",
    window=(200, 1800),
)
options = ExportOptions(
    modality="MR",
    patient=Patient(name="Doe^Jane", id="4711", birth_date="1970-12-31"),
    series=Series(body_part="BRAIN"),
)
print(export(volume, out / "mr", options))
