"""A NIfTI file to DICOM: 4-D and oblique, one series per time point.

Run it with the folder to write to, and a file if you have one: ``python nifti_to_dicom.py out [scan.nii.gz]``.
"""

import sys
from pathlib import Path

import nibabel as nib
import numpy as np

from napari_dicom_writer import ExportOptions, Volume, export
from napari_dicom_writer.demo.picture import draw_views

out = Path(sys.argv[1])
source = Path(sys.argv[2] if len(sys.argv) > 2 else Path(nib.__file__).parent / "tests" / "data" / "example4d.nii.gz")
image = nib.load(source)

# NIfTI's world is RAS, DICOM's is LPS: x and y change sign. The array's axes are (i, j, k, time); `Volume` wants the
# affine's columns in the order (plane, row, column), which is (k, j, i).
lps_from_ijk = np.diag([-1, -1, 1, 1]) @ image.affine
seconds = {"sec": 1, "msec": 1e-3, "usec": 1e-6}.get(image.header.get_xyzt_units()[1])
is_4d = image.ndim == 4
volume = Volume(
    np.asarray(image.dataobj),
    affine=lps_from_ijk[:, [2, 1, 0, 3]],
    axes=("column", "row", "plane", "time")[: image.ndim],
    time_step=float(image.header.get_zooms()[3]) * seconds if is_4d and seconds else None,
    name=source.name.removesuffix(".gz").removesuffix(".nii"),
)

# A series for each time point, because most software opens only those as volumes.
report = export(volume, out / volume.name, ExportOptions(modality="MR", time="series-per-point"))
print(report)

first = sorted(path.parent for path in report.path.rglob("*.dcm"))[0]
draw_views(first, out / f"{volume.name}.png", f"{volume.name}, first time point")
