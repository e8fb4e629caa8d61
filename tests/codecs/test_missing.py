"""Without the packages of the `compression` extra: a refusal with the line that installs them, or another decoder."""

from __future__ import annotations

import subprocess
import sys

import pytest

from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

ENCAPSULATED = [syntax for syntax in TransferSyntax if syntax.encapsulated]
_BLOCK = """
import sys
blocked = {blocked!r}
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Block())
import numpy as np
from napari_dicom_writer.codecs import open_codec
from napari_dicom_writer.errors import OptionsError
from napari_dicom_writer.plan.stored_values import Method, StoredValues
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax
"""


def run(code: str, *blocked: str) -> str:
    source = _BLOCK.format(blocked=blocked) + code
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, encoding="utf-8", check=False)
    assert not done.returncode, done.stderr
    return done.stdout


def test_a_missing_encoder_is_refused_with_its_remedy():
    code = """
for syntax in TransferSyntax:
    try:
        if syntax.encapsulated:
            open_codec(syntax)
    except OptionsError as error:
        print(error)
"""
    said = run(code, "imagecodecs", "pylibjpeg", "openjpeg")
    for syntax in ENCAPSULATED:
        needs = f"transfer_syntax='{syntax}' needs {syntax.row.package}, which is not installed or lacks this codec"
        assert needs in said
    assert said.count('pip install "napari-dicom-writer[compression]"') == len(ENCAPSULATED)


def test_native_syntaxes_need_nothing():
    code = "print(open_codec(TransferSyntax.EXPLICIT_LE), open_codec(TransferSyntax.DEFLATED))"
    assert run(code, "imagecodecs", "pylibjpeg", "openjpeg", "isal").split() == ["None", "None"]


@pytest.mark.parametrize("lossy", [False, True])
def test_without_another_decoder_the_encoders_own_package_decodes(lossy):
    pytest.importorskip("imagecodecs")
    syntaxes = [syntax for syntax in ENCAPSULATED if (syntax == "jpeg-2000-lossy") == lossy]
    code = f"""
for syntax in {[str(syntax) for syntax in syntaxes]}:
    codec = open_codec(TransferSyntax(syntax))
    most = codec.largest_error() if codec.largest_error() is not None else 9
    for dtype, samples in (("|u1", 1), ("<u2", 1), ("<i2", 1), ("|u1", 3)):
        frame = np.add.outer(np.arange(40), np.arange(50)).astype(dtype)
        frame = np.stack([frame] * 3, axis=-1) if samples == 3 else frame
        read = codec.decode(codec.encode(frame), 40, 50, StoredValues(Method.CAST, dtype, samples))
        assert (read.dtype, read.shape) == (frame.dtype, frame.shape)
        assert np.abs(read.astype(int) - frame).max() <= most
    print(codec.decoder())
"""
    decoders = run(code, "jpeg_ls", "pylibjpeg", "gdcm", "imagecodecs" if lossy else "openjpeg").split()
    assert decoders == ["pydicom" if syntax == "rle" else "None" for syntax in syntaxes]


def test_codecs_are_imported_when_they_are_used():
    """pydicom imports the others itself, where it finds them."""
    out = run("print(*sorted({name.split('.')[0] for name in sys.modules}))")
    assert not set(out.split()) & {"imagecodecs", "isal"}
