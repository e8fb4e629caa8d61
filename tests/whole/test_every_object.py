"""Every object × type of values × geometry × transfer syntax, in pairs, from the tables: a row added is tested.

What cannot be is refused with a remedy; of all else every voxel is found in its place by raw arithmetic.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from fuzz.raw import assembled, read
from judges.readers import dicom_files
from judges.structure_sets import filled
from judges.tables import SYNTAXES, of
from judges.volumes import affine_of, oblique
from napari_dicom_writer import ExportError, ExportOptions, LayerOptions, TransferSyntax, Volume, export
from napari_dicom_writer.iods import IMAGE, IODS, LABELS
from napari_dicom_writer.options.choices import SegmentationType

SHAPE = (3, 32, 34)  # the smallest that lossy JPEG 2000 takes
TYPES = ("?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8")
GEOMETRIES = {
    "axial": affine_of(np.diag([0.7, 0.8, 2.5])[:, ::-1], (1, -2, 3)),
    "planes downwards": affine_of(np.diag([0.7, 0.8, -2.5])[:, ::-1]),
    "sagittal": affine_of(np.diag([0.7, 0.8, 2.5])[[2, 1, 0]][:, ::-1], (0, 9, 0)),
    "oblique": oblique(1),
    "left-handed": oblique(2) @ np.diag([1, -1, 1, 1]),
}
OF_LABELS = {f"segmentation, {kind}": {"segmentation_type": kind} for kind in SegmentationType if kind != "fractional"}
CASES: dict[str, dict[str, Any]] = {
    **{row.key: of(row.key) for row in IODS.rows if IMAGE in row.layers},
    **{row.key: {"object": row.key} for row in IODS.rows if LABELS in row.layers and row.key != "segmentation"},
    **OF_LABELS,
    "segmentation, fractional": {"object": "segmentation", "segmentation_type": "fractional"},
}


@cache
def values(kind: str, dtype: str) -> np.ndarray:
    """Labels, fractions, or a part of the range of a type."""
    rng = np.random.default_rng(TYPES.index(dtype))
    if kind == "labels":
        labels = np.zeros(SHAPE, dtype)
        labels[:, 3:8, 4:11] = rng.choice([0, 0, 1, 1 if dtype == "?" else 3], (3, 5, 7))
        return labels
    if kind == "fractions":
        drawn = rng.random(SHAPE)
        return (drawn if dtype.startswith("f") else np.rint(drawn)).astype(dtype)
    if dtype.startswith("f"):
        return rng.normal(0, 100, SHAPE).astype(dtype)
    low = 0 if dtype in "?u1u2u4u8" else -100
    return rng.integers(low, 2 if dtype == "?" else 101, SHAPE).astype(dtype)


def kind_of(case: str) -> str:
    if case == "segmentation, fractional":
        return "fractions"
    return "labels" if case in OF_LABELS or IMAGE not in IODS.row(case).layers else "image"


def layers_of(case: str, array: np.ndarray, affine: np.ndarray) -> list[Any]:
    """A layer, and of contours the image they are drawn on, too."""
    if kind_of(case) != "labels":
        return [Volume(array, affine=affine)]
    world = np.eye(4)[[2, 1, 0, 3]] @ affine
    labels = (array, {"affine": world, "units": ("mm",) * 3, "name": "labels"}, "labels")
    beside = (Volume(np.zeros(SHAPE, "u1"), affine=affine), LayerOptions(transfer_syntax="explicit-le"))
    return [labels] if case in OF_LABELS else [labels, beside]


def judge(case: str, plan: Any, headers: list[Any], array: np.ndarray, affine: np.ndarray) -> None:
    numbers = sorted({*np.unique(array).tolist()} - {0})
    first, stored = headers[0], plan.series[0].stored
    if first.Modality == "RTSTRUCT":
        inverse = np.linalg.inv(affine)
        images = sorted(headers[1:], key=lambda image: (inverse @ [*map(float, image.ImagePositionPatient), 1])[0])
        for roi, number in zip(first.ROIContourSequence, numbers, strict=True):
            np.testing.assert_array_equal(filled(roi, images), array == number)
    elif first.get("SegmentationType") == "BINARY":
        for at, number in enumerate(numbers, 1):
            mask = np.nan_to_num(assembled(headers, affine, SHAPE, segment=at)[0])
            np.testing.assert_array_equal(mask, array == number)
    else:
        share = float(first.get("MaximumFractionalValue", 1))
        found = np.nan_to_num(
            assembled(headers, affine, SHAPE)[0] / share, nan=np.inf if kind_of(case) == "image" else 0
        )
        assert np.abs(found - array.astype(np.longdouble)).max() <= stored.largest_error


def refused(case: str, syntax: TransferSyntax, dtype: str) -> bool:
    """What no file of DICOM can be, or would lose what it is."""
    iod = IODS[case.partition(",")[0]]
    if syntax.encapsulated and (iod.rules.floats or case == "segmentation, binary"):
        return True
    return not syntax.lossless and dtype == "?" and kind_of(case) == "image"


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("case", CASES)
def test_every_voxel_is_in_its_place_or_refused(tmp_path, case, syntax):
    """Each object meets each syntax and type, and each type each geometry."""
    start = 2 * list(SYNTAXES).index(syntax) + list(CASES).index(case)
    options = ExportOptions(transfer_syntax=syntax, **CASES[case])
    for at in (start, start + 1):
        dtype, affine = TYPES[at % len(TYPES)], [*GEOMETRIES.values()][at % len(GEOMETRIES)]
        array = values(kind_of(case), dtype)
        if refused(case, syntax, dtype):
            with pytest.raises(ExportError) as error:
                export(layers_of(case, array, affine), tmp_path / dtype, options)
            assert all(refusal.remedy for refusal in error.value.refusals)
            continue
        report = export(layers_of(case, array, affine), tmp_path / dtype, options)
        headers = sorted(map(read, dicom_files(report.path)), key=lambda header: header.Modality != "RTSTRUCT")
        judge(case, report.plan, headers, array, affine)


@pytest.mark.parametrize(
    ("syntax", "kind", "becomes"),
    [
        ("rle", "auto", "rle"),
        ("jpeg-ls-lossy", "auto", "jpeg-ls"),
        ("jpeg-2000-lossy", "labelmap", "jpeg-2000"),
        ("deflated", "auto", "deflated"),
    ],
)
def test_labels_are_compressed_without_loss(tmp_path, syntax, kind, becomes):
    """In one export with an image that may lose something; and the plan says so. Masks are deflated, or none."""
    labels = layers_of("segmentation, auto", values("labels", "u1"), GEOMETRIES["axial"])[0]
    layers = [Volume(values("image", "u1"), affine=GEOMETRIES["axial"]), labels]
    report = export(layers, tmp_path / "x", ExportOptions(transfer_syntax=syntax, segmentation_type=kind))
    found = {h.Modality: h for h in map(read, dicom_files(report.path))}
    said = [note.text for note in report.plan.notes if note.text.startswith("Compressed as")]
    assert found["OT"].file_meta.TransferSyntaxUID == TransferSyntax(syntax).uid
    assert found["SEG"].file_meta.TransferSyntaxUID == TransferSyntax(becomes).uid
    assert found["SEG"].LossyImageCompression == "00"
    assert len(said) == (syntax != becomes)
    judge("segmentation, auto", report.plan, [found["SEG"]], values("labels", "u1"), GEOMETRIES["axial"])
