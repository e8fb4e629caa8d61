"""Exports as on Windows and macOS: every way round what Linux alone has is gone, whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PROGRAM = """
import sys
from faults.elsewhere import become
become(sys.argv[1])

from pathlib import Path
import numpy as np
from napari_dicom_writer import DestinationError, ExportOptions, Volume, export, read

here = Path()
stack = Volume(np.arange(3 * 16 * 16, dtype="i2").reshape(3, 16, 16), spacing=(2, 1, 1), name="s")
plane = Volume(stack.array[0], spacing=(1, 1), name="p")


def values(path):
    return [np.asarray(data).tolist() for data, _, _ in read(path)]


for target, layers, options in (
    ("x", stack, {"verify": "medium"}),
    ("two", [stack, stack], {}),
    ("rle", stack, {"transfer_syntax": "rle"}),
    ("cd/DICOMDIR", stack, {"modality": "CT"}),
    ("multi.dcm", stack, {"object": "enhanced-ct", "modality": "CT"}),
    ("fragments.dcm", stack, {"object": "multi-frame", "transfer_syntax": "rle"}),
    ("deflated.dcm", stack, {"object": "multi-frame", "transfer_syntax": "deflated"}),
    ("plane.dcm", plane, {}),
    ("x.zip", stack, {}),
):
    written = export(layers, target, ExportOptions(**options)).path
    before = values(written)
    print(target, len(before), before[0] == (stack.array if layers is not plane else plane.array[None]).tolist())
    opened = read(written)  # what somebody else is looking at
    try:
        export(layers, target, ExportOptions(overwrite=True, **options))
    except DestinationError as error:
        print(target, "kept:", "nothing shows" in str(error))
    else:
        print(target, "replaced")
    assert values(written) == before
try:
    export(stack, "x")
except DestinationError as error:
    print("exists already" in str(error))
print([path.name for path in here.glob(".*")])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the others are what they are")
@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_exports_are_whole_and_replaced_without_what_linux_alone_has(system, tmp_path):
    paths = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, system],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    for folder in ("x", "two", "rle", "cd/DICOMDIR"):
        assert f"{folder} replaced" in said
    # A file without attributes has no seal.
    for file in ("multi.dcm", "fragments.dcm", "deflated.dcm", "plane.dcm", "x.zip"):
        assert f"{file} kept: True" in said
    assert sum(line.endswith(" True") and "kept" not in line for line in said) == 9
    assert said[-2:] == ["True", "[]"]
