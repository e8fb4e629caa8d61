"""Faults put into staged files: verification must catch each, name the place, and publish nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from napari_dicom_writer import ExportOptions, VerificationError, VerifyLevel, Volume, export, plan_export
from napari_dicom_writer.writing.encode import SeriesEncoder
from napari_dicom_writer.writing.read_back import SeriesVerifier

RNG = np.random.default_rng(5)
VALUES = {
    "cast": RNG.integers(-1000, 2000, (4, 7, 5), dtype=np.int16),
    "offset": RNG.integers(10**6, 10**6 + 900, (4, 7, 5)),
    "quantize": RNG.normal(size=(4, 7, 5)),
    "rgb": RNG.integers(0, 255, (4, 7, 5, 3), dtype=np.uint8),
    "rgb16": RNG.integers(0, 65535, (4, 7, 5, 3), dtype=np.uint16),
}


def staged(tmp_path: Path, kind: str = "cast"):
    """One series, written without verification; returns (series plan, volume, paths)."""
    volume = Volume(VALUES[kind], spacing=(2, 1, 1), rgb=kind.startswith("rgb"), window=(0, 100))
    series = plan_export(volume).series[0]
    encoder = SeriesEncoder(series)
    paths = []
    for instance in series.instances:
        paths.append(tmp_path / instance.filename)
        encoder.write(paths[-1], instance, series.stored.encode(volume.array[instance.frame.plane]))
    return series, volume, paths


def verify(series, volume, paths, level="full") -> None:
    verifier = SeriesVerifier(series, VerifyLevel(level))
    for instance, path in zip(series.instances, paths, strict=True):
        verifier.instance(path, instance, volume.array[instance.frame.plane])
    verifier.finish()


def tamper(path: Path, change) -> None:
    dataset = pydicom.dcmread(path)
    change(dataset)
    dataset.save_as(path)


@pytest.mark.parametrize("kind", VALUES)
def test_a_good_series_passes(tmp_path, kind):
    for level in ("full", "headers"):
        (tmp_path / level).mkdir()
        verify(*staged(tmp_path / level, kind), level)


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("where", [0, -1])
def test_one_wrong_voxel_is_caught_and_named(tmp_path, kind, where):
    series, volume, paths = staged(tmp_path, kind)

    def change(dataset):
        pixels = dataset.pixel_array
        # Two steps: what is quantized may be off by half a one.
        pixels.flat[where] = pixels.flat[where] - 2 if pixels.flat[where] > 5 else pixels.flat[where] + 2
        dataset.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)

    tamper(paths[2], change)
    place = "row 0, column 0" if where == 0 else "row 6, column 4"
    with pytest.raises(VerificationError, match=f"series 1, instance 3.* 1 values differ; the first, at {place}"):
        verify(series, volume, paths)
    verify(series, volume, paths, "headers")


HEADER_FAULTS = {
    "position": lambda d: setattr(d, "ImagePositionPatient", [1, 2, 3]),
    "orientation to 5 digits": lambda d: setattr(d, "ImageOrientationPatient", [0.99999, 0, 0, 0, 1, 0]),
    "rows and columns swapped": lambda d: (setattr(d, "Rows", d.Columns), setattr(d, "Columns", 7)),
    "spacing": lambda d: setattr(d, "PixelSpacing", [1, 1.001]),
    "negative thickness": lambda d: setattr(d, "SliceThickness", -2),
    "timezone": lambda d: setattr(d, "TimezoneOffsetFromUTC", "+00:00"),
    "uid": lambda d: setattr(d, "SOPInstanceUID", "1.2.3"),
    "meta uid": lambda d: setattr(d.file_meta, "MediaStorageSOPInstanceUID", "1.2.3"),
    "original": lambda d: setattr(d, "ImageType", ["ORIGINAL", "PRIMARY"]),
    "sign": lambda d: setattr(d, "PixelRepresentation", 1 - d.PixelRepresentation),
    "an element more": lambda d: setattr(d, "PatientComments", "a word"),
    "an element less": lambda d: delattr(d, "WindowCenter"),
    "lossy": lambda d: setattr(d, "LossyImageCompression", "01"),
    "name": lambda d: setattr(d, "PatientName", "Doe^Jane"),
    "too many pixels": lambda d: setattr(d, "PixelData", d.PixelData + bytes(100)),
    "too few pixels": lambda d: setattr(d, "PixelData", d.PixelData[:-20]),
    "vr of the pixels": lambda d: setattr(d["PixelData"], "VR", "OB"),
    "implementation": lambda d: setattr(d.file_meta, "ImplementationVersionName", "OTHER"),
}


@pytest.mark.parametrize("fault", HEADER_FAULTS)
def test_one_wrong_element_is_caught(tmp_path, fault):
    series, volume, paths = staged(tmp_path)
    tamper(paths[1], HEADER_FAULTS[fault])
    with pytest.raises(VerificationError, match="series 1, instance 2: Read back"):
        verify(series, volume, paths, "headers")


@pytest.mark.parametrize("damage", ["empty", "cut", "tail", "syntax"])
def test_a_damaged_file_is_refused_as_such(tmp_path, damage):
    series, volume, paths = staged(tmp_path)
    content = paths[1].read_bytes()
    if damage == "syntax":  # the meta information says what the pixels are not
        content = content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")
    paths[1].write_bytes({"empty": b"", "cut": content[:-30], "tail": content + b"and more of it"}.get(damage, content))
    with pytest.raises(VerificationError, match="series 1, instance 2: Read back"):
        verify(series, volume, paths, "headers")


@pytest.mark.parametrize("fault", ["order", "uneven", "repeated uid", "repeated position", "missing", "sheared"])
def test_a_wrong_plan_is_caught_across_the_series(tmp_path, fault):
    """Files that follow a plan which is wrong itself."""
    series, volume, _ = staged(tmp_path)
    first, second, *rest = series.instances
    x, y, z = second.frame.position

    def moved(instance, *position):
        return instance._replace(frames=(instance.frame._replace(position=position),))

    instances = {
        "order": (first._replace(number=2), second._replace(number=1), *rest),
        "uneven": (first, moved(second, x, y, "2.01"), *rest),
        "repeated uid": (first, second._replace(uid=first.uid), *rest),
        "repeated position": (first, moved(second, *first.frame.position), *rest),
        "missing": (first, *rest),
        "sheared": (first, moved(second, "0.01", y, z), *rest),
    }[fault]
    wrong = replace(series, instances=instances, planes=len(instances))
    encoder = SeriesEncoder(wrong)
    paths = []
    for n, instance in enumerate(instances):
        paths.append(tmp_path / f"wrong{n}.dcm")
        encoder.write(paths[-1], instance, wrong.stored.encode(volume.array[instance.frame.plane]))
    with pytest.raises(VerificationError):
        verify(wrong, volume, paths)


def test_a_fault_on_disk_stops_the_export_and_publishes_nothing(tmp_path, monkeypatch):
    """A bit flips between writing and reading back."""
    write = SeriesEncoder.write

    def faulty(self, path, instance, stored):
        size = write(self, path, instance, stored)
        if instance.number == 3:
            content = bytearray(Path(path).read_bytes())
            content[-1] ^= 0x40
            Path(path).write_bytes(content)
        return size

    monkeypatch.setattr(SeriesEncoder, "write", faulty)
    volume = Volume(VALUES["cast"], spacing=(2, 1, 1))
    with pytest.raises(VerificationError, match="instance 3.*row 6, column 4"):
        export(volume, tmp_path / "x")
    assert not list(tmp_path.iterdir())
    # The seeded fault is real: without verification it is published.
    report = export(volume, tmp_path / "x", ExportOptions(verify="off"))
    assert not np.array_equal(pydicom.dcmread(report.path / "00003.dcm").pixel_array, VALUES["cast"][2])
