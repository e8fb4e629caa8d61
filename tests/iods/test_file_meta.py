"""Read-back trusts the table of file meta information and Pixel Data, so dciodvfy judges what it says."""

from __future__ import annotations

import numpy as np
import pytest

from judges.readers import dciodvfy, dicom_files
from judges.tables import OBJECTS, of
from judges.volumes import oblique
from napari_dicom_writer import ExportError, ExportOptions, TransferSyntax, Volume, export
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.iods.modules import file_meta
from napari_dicom_writer.writing import encode, parsed, read_back

VOLUMES = {
    "gray": Volume(np.arange(3960, dtype=np.int16).reshape(3, 40, 33), affine=oblique()),
    "8 bits": Volume(np.arange(3960).astype(np.uint8).reshape(3, 40, 33), affine=oblique()),
    "RGB": Volume(np.arange(3 * 3960).astype(np.uint8).reshape(3, 40, 33, 3), affine=oblique(), rgb=True),
}


def judged(volume, path, **options) -> tuple[list[str], list[str]]:
    """Export, and return errors and warnings; the first instance will do."""
    return dciodvfy(dicom_files(export(volume, path / "x", ExportOptions(**options)).path)[:1])


# dciodvfy does not inflate.
@pytest.mark.parametrize("syntax", [s for s in TransferSyntax if s is not TransferSyntax.DEFLATED])
@pytest.mark.parametrize("kind", VOLUMES)
@pytest.mark.parametrize("key", OBJECTS)
def test_dciodvfy_finds_no_fault(tmp_path, key, kind, syntax):
    try:
        assert judged(VOLUMES[kind], tmp_path, **of(key), transfer_syntax=syntax) == ([], [])
    except ExportError:
        rules = IODS[key].rules
        assert (kind == "RGB" and not rules.color) or (rules.floats and syntax.encapsulated)


FAULTS = {
    "FileMetaInformationVersion": (b"\0\2", "Bad FileMetaInformationVersion"),
    "MediaStorageSOPClassUID": ("1.2.840.10008.5.1.4.1.1.4", "MediaStorageSOPClassUID different"),
    "MediaStorageSOPInstanceUID": ("1.2.3", "MediaStorageSOPInstanceUID different"),
    "ImplementationClassUID": ("1.2.", "Implementation Class UID"),
    "ImplementationVersionName": ("Longer than it may be", "Implementation Version Name"),
    "PixelData": ("OB", "Invalid Value Representation - Pixel Data"),
}


@pytest.mark.filterwarnings("ignore:Invalid value for VR", "ignore:The value length")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_table_passes_read_back_and_not_dciodvfy(tmp_path, monkeypatch, fault):
    value, words = FAULTS[fault]
    meta, meta_of = file_meta.file_meta, file_meta.file_meta_of

    def changed(attributes):
        return attributes | ({fault: value} if fault in attributes else {})

    faulty = {
        "file_meta": lambda *given: changed(meta(*given)),
        "file_meta_of": lambda instance: changed(meta_of(instance)),
        "pixel_data_vr": (lambda _: value) if fault == "PixelData" else file_meta.pixel_data_vr,
    }
    for module in (encode, parsed, read_back):
        for name in faulty.keys() & vars(module).keys():
            monkeypatch.setattr(module, name, faulty[name])
    errors, warnings = judged(VOLUMES["gray"], tmp_path, modality="CT")
    assert any(words in line for line in (*errors, *warnings))
