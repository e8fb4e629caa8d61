"""Tries the lowest versions that pyproject.toml declares, each extra in an environment of its own.

    python scripts/minimums.py [EXTRA ...]    # default: the core, and every extra of users that needs no napari

What has no wheel for this Python any more cannot be tried with it, and is said.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CORE = """
import sys, tempfile
import numpy as np
from napari_dicom_writer import ExportOptions, Volume, export, read
from napari_dicom_writer.cli.main import main

folder = tempfile.mkdtemp()
scan = np.arange(3 * 40 * 50, dtype=np.float32).reshape(3, 40, 50) / 7
options = {"spacing": (2, 1, 1)}
cells = (scan.astype("u1"), {"units": ("um",) * 3, "scale": (2, 1, 1)}, "image")
report = export([Volume(scan, **options), cells], f"{folder}/core", ExportOptions(modality="CT"))
assert [data.shape for data, _, _ in read(report.path)] == [scan.shape] * 2
assert main(["show", str(report.path)]) == main(["verify", str(report.path), "--no-dciodvfy"]) == 0
"""
TRIES = {
    "": "",
    "lazy": """
(data, _, _), _ = read(report.path)
assert type(data).__module__.startswith("dask") and np.allclose(data.compute(), scan, atol=1)
""",
    "inputs": """
import nibabel, nrrd, tifffile, zarr
import SimpleITK as sitk
from PIL import Image
from napari_dicom_writer import load

nibabel.save(nibabel.Nifti1Image(scan, np.diag([1, 1, 2, 1])), f"{folder}/a.nii.gz")
nrrd.write(f"{folder}/a.nrrd", scan, {"space": "left-posterior-superior", "space directions": np.eye(3)})
sitk.WriteImage(sitk.GetImageFromArray(scan), f"{folder}/a.mha")
tifffile.imwrite(f"{folder}/a.ome.tif", scan, metadata={"axes": "ZYX"}, compression="zlib")
Image.fromarray(scan[0].astype("u1")).save(f"{folder}/a.png")
group = zarr.open_group(f"{folder}/a.zarr", mode="w", zarr_format=2)
group.create_array("0", shape=scan.shape, dtype="f4")[...] = scan
axes = [{"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"]
scale = [{"type": "scale", "scale": [2.0, 1.0, 1.0]}]
group.attrs["multiscales"] = [
    {"version": "0.4", "axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}
]
for name in ("a.nii.gz", "a.nrrd", "a.mha", "a.ome.tif", "a.png", "a.zarr"):
    (volume,) = load(f"{folder}/{name}")
    export(volume, f"{folder}/from {name}")
""",
    "resample": """
sheared = (scan, {"shear": (0, 0, 0.2), "units": ("mm",) * 3}, "image")
export([sheared], f"{folder}/sheared", ExportOptions(shear="resample"))
""",
    "demo": """
assert main(["demo", f"{folder}/demo"]) == 0
""",
    "compression": """
for syntax in ("rle", "jpeg-ls", "jpeg-2000", "htj2k", "deflated", "jpeg-ls-lossy", "jpeg-2000-lossy"):
    volume = Volume(scan.astype("u2"), **options)
    written = export(volume, f"{folder}/{syntax}", ExportOptions(transfer_syntax=syntax))
    ((data, _, _),) = read(written.path)
    assert syntax.endswith("lossy") or np.array_equal(np.asarray(data), volume.array), syntax
""",
    "contours": """
labels = (np.ones((3, 40, 50), "u1"), {"units": ("mm",) * 3, "scale": (2, 1, 1)}, "labels")
export([Volume(scan, **options), labels], f"{folder}/contours", ExportOptions(object="rt-structure-set"))
""",
    "network": """
import keyring, platformdirs, pynetdicom, requests
from napari_dicom_writer.destinations.network import c_store, stow_rs

try:
    export(Volume(scan, **options), "dicom://A@localhost:9", to="c-store")
except Exception as error:
    assert type(error).__module__.startswith("napari_dicom_writer"), error
""",
    "distributed": """
from distributed import Client

if __name__ == "__main__":
    with Client(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as client:
        export(Volume(scan, **options), f"{folder}/cluster", client=client)
""",
}


def lowest(requirements: list[str]) -> list[str]:
    """Replace ``name>=1.2,<3`` by ``name==1.2``; for which systems and Pythons it is stays."""
    return [re.sub(r">=([^,;]+)[^;]*", r"==\1", requirement, count=1) for requirement in requirements]


def trial(extra: str, scratch: Path) -> str:
    """Install and try one extra; return what went wrong, if anything did."""
    python = scratch / (extra or "core") / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", python.parents[1]], check=True)
    wanted = lowest([*PROJECT["dependencies"], *(PROJECT["optional-dependencies"][extra] if extra else ())])
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    done = subprocess.run([*pip, *wanted], capture_output=True, encoding="utf-8")
    if done.returncode:
        return "not installed:\n" + "\n".join(line for line in done.stderr.splitlines() if "WARNING" not in line)
    program = scratch / "try.py"
    program.write_text(f"import sys\nsys.path.insert(0, {str(ROOT / 'src')!r})\n" + CORE + TRIES[extra])
    done = subprocess.run([python, program], capture_output=True, encoding="utf-8", cwd=scratch)
    return done.stderr[-2000:] if done.returncode else ""


def main(extras: list[str]) -> int:
    """Try some extras."""
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        for extra in extras or TRIES:
            said = trial(extra, Path(scratch))
            failed += bool(said)
            print(f"{extra or 'core'}: {said or 'works'}", flush=True)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
