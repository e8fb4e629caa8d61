"""The same plan gives the same bytes, whoever rebuilds the writer: files against digests that were recorded.

Where attributes change on purpose, record anew, look at which lines of ``same_bytes.txt`` changed, and commit them:

    python -m pytest tests/whole/test_same_bytes.py --record

Plans are pinned: UIDs, moment and version. What libraries compress may change with their versions, so of compressed
files the header is compared as pydicom writes it again, and what was compressed as it was before.
"""

from __future__ import annotations

import hashlib
import sys
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from itertools import count
from pathlib import Path

import numpy as np
import pydicom
import pytest

from judges.tables import OBJECTS, of
from judges.volumes import oblique
from napari_dicom_writer import ExportError, ExportOptions, TransferSyntax, VerifyLevel, Volume, plan_export
from napari_dicom_writer.plan.plan import StudyPlan
from napari_dicom_writer.writing.threads import write_volumes

RECORDED = Path(__file__).with_name("same_bytes.txt")
SHAPE = (3, 40, 33)  # large enough for every codec
TIME = ("time", "plane", "row", "column")


def counting(dtype: str, *shape: int) -> np.ndarray:
    """Values that no library draws: the same in all of its versions."""
    step = np.arange(np.prod(shape)) * 7919 % 4001
    return (step / 16 - 100 if dtype.startswith("float") else step % 200).reshape(shape).astype(dtype)


def volume(dtype: str, *leading: int, **given) -> Volume:
    return Volume(counting(dtype, *leading, *SHAPE), affine=oblique(), **{"name": "scan"} | given)


KINDS = {
    **{dtype: volume(dtype) for dtype in ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int64")},
    "float32": volume("float32", window=(-20, 80)),
    "float64": volume("float64"),
    "a wide range": Volume(counting("int64", *SHAPE) * 10**6, affine=oblique()),
    "left-handed": Volume(counting("int16", *SHAPE), affine=oblique() @ np.diag([-1, 1, 1, 1]), window=(0, 50)),
    "a plane": Volume(counting("uint16", 40, 33), spacing=(0.7, 0.6)),
    "odd": Volume(counting("uint8", 3, 41, 33), affine=oblique()),
    "RGB": Volume(counting("uint8", *SHAPE, 3), affine=oblique(), rgb=True),
    "odd RGB": Volume(counting("uint8", 3, 41, 33, 3), affine=oblique(), rgb=True),
    "RGB of 16 bits": Volume(counting("uint16", *SHAPE, 3), affine=oblique(), rgb=True),
    "time": volume("int16", 2, axes=TIME, time_step=0.7),
    "time unknown": volume("float32", 2, axes=TIME),
    "channels": volume("uint16", 2, axes=("channel", "plane", "row", "column")),
}
# What a codec gets: every kind is stored as one of these.
COMPRESSED = ("uint8", "int16", "odd RGB", "float32")
CASES = {
    f"{key}, {kind}, {syntax}": (kind, {**of(key), "transfer_syntax": syntax})
    for key in OBJECTS
    for kind in KINDS
    for syntax in TransferSyntax
    if syntax is TransferSyntax.EXPLICIT_LE or kind in COMPRESSED
} | {
    "a series each": ("time", {"modality": "PT", "time": "series-per-point"}),
    "a unit": ("float32", {"modality": "MR", "value_unit": "mm2/s"}),
}


def pinned(plan):
    """Give a plan the UIDs and the moment of the record."""
    uids = (f"2.25.{n}" for n in count(10**9))
    study = StudyPlan(
        "2.25.1",
        "2.25.2",
        "1",
        "Anonymous^",
        "ANON-1",
        "20250102",
        "030405",
        datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
        "+0000",
    )
    series = []
    for one in plan.series:
        instances = tuple(instance._replace(uid=next(uids)) for instance in one.instances)
        series.append(replace(one, study=study, uid=next(uids), instances=instances))
    return replace(plan, study=study, series=tuple(series))


def comparable(path: Path, syntax: TransferSyntax) -> bytes:
    """What of a file must stay the same: all of it where no library compresses."""
    content = path.read_bytes()
    if syntax is TransferSyntax.EXPLICIT_LE:
        return content
    if syntax is TransferSyntax.DEFLATED:
        start = 144 + int.from_bytes(content[140:144], "little")  # PS3.10 7.1: the group length says where meta ends
        return content[:start] + zlib.decompress(content[start:], -zlib.MAX_WBITS)
    dataset = pydicom.dcmread(path)
    pixels = dataset.pixel_array.tobytes() if syntax.lossless else b""
    del dataset.PixelData
    if not syntax.lossless:
        dataset.LossyImageCompressionRatio = 1
    buffer = BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue() + pixels


def digest(name: str, folder: Path) -> str:
    """Write a case, and make one digest of its files."""
    kind, given = CASES[name]
    try:
        options = ExportOptions(workers=1, **given)
        plan = pinned(plan_export(KINDS[kind], options))
    except ExportError as error:
        if "not installed" in str(error):
            pytest.skip(str(error))
        return "refused"
    folders = [str(folder / str(number)) for number in range(len(plan.series))]
    for one in folders:
        Path(one).mkdir()
    write_volumes(plan, [KINDS[kind]], folders, VerifyLevel.FULL, lambda _: None)
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*.dcm")):
        total.update(path.relative_to(folder).as_posix().encode())
        total.update(comparable(path, options.transfer_syntax))
    return total.hexdigest()


@pytest.fixture(autouse=True)
def same_version(monkeypatch):
    for name, module in sys.modules.items():
        if name.startswith("napari_dicom_writer.") and hasattr(module, "__version__"):
            monkeypatch.setattr(module, "__version__", "0")


@pytest.fixture(scope="module")
def recorded(request):
    """The record; written anew at the end, where that was asked for."""
    lines = (line.rpartition(": ") for line in RECORDED.read_text(encoding="ascii").splitlines())
    known = {name: value for name, _, value in lines}
    yield known
    if request.config.getoption("--record"):
        lines = [f"{name}: {known[name]}\n" for name in CASES if name in known]
        RECORDED.write_text("".join(lines), encoding="ascii")


@pytest.mark.parametrize("name", CASES)
def test_the_same_plan_gives_the_same_bytes(name, tmp_path, recorded, request):
    found = digest(name, tmp_path)
    if request.config.getoption("--record"):
        recorded[name] = found
    assert found == recorded.get(name), "other bytes than recorded; if on purpose, record anew: see this file's top"
