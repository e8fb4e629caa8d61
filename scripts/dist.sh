#!/bin/sh
# Builds wheel and sdist, checks them, and tries the wheel alone in an environment of its own, without napari, Qt or any
# extra: what a notebook or a node of a cluster gets.
#
#   sh scripts/dist.sh VENV [PYTHON]
set -eu
bin=$1/bin python=${2:-python3}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

rm -rf dist
"$bin/python" -m build --outdir dist .
"$bin/python" -m twine check --strict dist/*
# Widgets and writers are imported for it, so a screen is needed.
xvfb-run -a "$bin/npe2" validate --imports src/napari_dicom_writer/napari.yaml

"$python" -m venv "$scratch/alone"
"$scratch/alone/bin/python" -m pip install --quiet dist/*.whl
"$scratch/alone/bin/python" - "$scratch/out" <<'END'
import sys
import numpy as np
from napari_dicom_writer import ExportOptions, Volume, export, read

scan = np.arange(4096, dtype=np.int16).reshape(16, 16, 16)
report = export(Volume(scan, spacing=(2, 1, 1)), sys.argv[1], ExportOptions(modality="CT"))
(data, attributes, kind), = read(report.path)
assert kind == "image" and np.array_equal(np.asarray(data), scan), "it is not what was written"
assert not {"napari", "qtpy", "dask", "scipy"} & set(sys.modules), "the core imports what it should not"
END
"$scratch/alone/bin/napari-dicom-writer" verify "$scratch/out"
echo "dist/ holds what can be published."
