"""What we claim of software that does not run here, held against what was measured with it.

An oblique volume of 2 × 1.2 × 0.9 mm, written in many ways and opened in each program, every voxel and its place
compared. A letter is a case that opened as one volume with every voxel in its place (in programs that know no patient:
in its place among the others); a dot is one that did not; a blank is one that was not tried.
"""

from __future__ import annotations

import numpy as np
import pytest

from judges.volumes import affine_of, rotation
from napari_dicom_writer import ExportOptions, Series, Volume, plan_export
from napari_dicom_writer.viewers import VIEWERS

RNG = np.random.default_rng(3)
SHAPE = (6, 40, 44)
OBLIQUE = affine_of(rotation(RNG) @ np.diag((2, 1.2, 0.9)), (30, -40, 50))
SQUARE = affine_of(np.eye(3)[::-1])
I16 = RNG.integers(-900, 900, SHAPE, dtype=np.int16)
F32 = RNG.normal(3, 5, SHAPE).astype(np.float32)
RGB = RNG.integers(0, 255, (*SHAPE, 3), dtype=np.uint8)
T = np.stack([I16] * 3)
TIME = ("time", "plane", "row", "column")


def volume(array, affine=OBLIQUE, **keywords):
    return Volume(array, affine=affine, **keywords)


CT, MR, PT = ({"modality": modality} for modality in ("CT", "MR", "PT"))
CASES = {
    "ct int16": (volume(I16), CT),
    "mr int16": (volume(I16), MR),
    "sc int16": (volume(I16), {}),
    "pt int16": (volume(I16), PT),
    "sc uint8": (volume(I16.astype("u1")), {}),
    "ct float": (volume(F32), CT),
    "pt float": (volume(F32), PT),
    "sc rgb": (volume(RGB, rgb=True), {}),
    "a plane": (volume(I16[0], axes=("row", "column")), {}),
    "mr times": (volume(T, axes=TIME, time_step=2.0), MR),
    "sc times": (volume(T, axes=TIME, time_step=2.0), {}),
    "microns": (volume(I16.astype("u2"), affine_of(OBLIQUE[:3, :3] * 1e-3, (0, 0, 0))), {}),
    "axial": (volume(I16, SQUARE), CT),
    "unsigned": (volume(I16.astype("u2") // 2, SQUARE), CT),
    "rle": (volume(I16), {**CT, "transfer_syntax": "rle"}),
    "jpeg-ls": (volume(I16), {**CT, "transfer_syntax": "jpeg-ls"}),
    "jpeg-2000": (volume(I16), {**CT, "transfer_syntax": "jpeg-2000"}),
    "htj2k": (volume(I16), {**CT, "transfer_syntax": "htj2k"}),
    "deflated": (volume(I16), {**CT, "transfer_syntax": "deflated"}),
}
_ = None
# fmt: off
MEASURED = {
    #                             ct mr sc pt u8 cf pf rgb 2d mt st um ax un rle ls 2k ht de
    "SimpleITK before 2.4":      (1, 1, 0, 1, 0, _, _, 0,  _, 0, 0, 0, _, _, _,  _, _, _, _),
    "MONAI":                     (1, 1, 1, _, 1, _, _, 1,  1, 0, 0, 1, 1, 1, 1,  1, 1, 1, _),
    "TorchIO":                   (1, 1, 1, _, 1, _, _, 1,  1, 0, 0, 1, 1, 1, 1,  1, 1, 1, _),
    "OHIF's pictures":           (1, 1, 1, 1, 1, 1, 1, 1,  1, 1, 0, _, 1, 1, 1,  1, 1, 0, _),
    "NiiVue":                    (1, 1, 1, 1, 1, 1, 1, 1,  _, 1, 1, _, 1, 1, 1,  1, 1, 1, 0),
    "dwv":                       (1, 1, 1, 0, 1, 1, 0, 1,  _, 1, 1, _, 1, 1, _,  0, _, 0, 0),
    "Daikon (Papaya, Mango)":    (1, 1, 1, 1, 1, 1, 1, 1,  _, 0, 0, _, 1, 1, 1,  1, 1, 0, 1),
    "AMIDE":                     (1, 1, 1, 1, _, _, _, _,  _, 1, _, _, 1, 1, _,  _, _, _, _),
    "ImageJ":                    (0, 0, 0, _, 0, 0, 0, 0,  1, 0, 0, _, 1, 1, 0,  _, 0, 0, 0),
    "Bio-Formats (Fiji, QuPath)": (0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0),
    "InVesalius":                (0, 0, 0, 0, 0, 0, 0, 0,  _, 0, 0, 0, 1, 1, _,  _, _, _, _),
    "plastimatch":               (1, 1, 1, 1, 1, 1, 1, 0,  0, 0, 0, 1, 1, 1, 0,  0, 0, 0, 1),
    "vtk-dicom":                 (1, 1, 1, 1, 1, 1, 1, 1,  1, 1, 1, 1, 1, 1, 1,  1, 1, 0, 0),
    "MRtrix3":                   (0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 1, 0,  0, 0, 0, 0),
    "ParaView":                  (1, 1, 1, 1, 1, 1, 0, 1,  1, 0, 0, 1, 1, 1, 0,  0, 0, 0, 0),
}
# fmt: on


@pytest.fixture(scope="module")
def plans():
    return {name: plan_export(layer, ExportOptions(**options)).series[0] for name, (layer, options) in CASES.items()}


@pytest.mark.parametrize("software", MEASURED)
def test_verdicts_are_what_was_measured(plans, software):
    for (name, series), opened in zip(plans.items(), MEASURED[software], strict=True):
        (verdict,) = (verdict for verdict in series.opens_in if verdict.software == software)
        if opened is not None:
            assert verdict.opens == bool(opened), (name, str(verdict))
        assert verdict.opens or verdict.why, name


def test_every_program_is_run_or_measured():
    from viewers.test_here import HERE

    assert {viewer.name for viewer in VIEWERS} == {*MEASURED, *HERE}


def test_a_remedy_makes_the_program_open_the_series():
    """One click, or the two fields of a date and a time, and the verdict is another."""
    still = {}
    for name, (layer, options) in CASES.items():
        for verdict in plan_export(layer, ExportOptions(**options)).series[0].opens_in:
            if verdict.fix is None or verdict.fix.value is None:
                continue
            mended = {**options, verdict.fix.option: verdict.fix.value}
            (again,) = (
                v
                for v in plan_export(layer, ExportOptions(**mended)).series[0].opens_in
                if v.software == verdict.software
            )
            if not again.opens and again.why == verdict.why:
                still[name, verdict.software] = str(again)
    assert not still


def test_bio_formats_opens_what_has_a_date_and_a_time():
    def verdict(**given):
        (series,) = plan_export(volume(I16), ExportOptions(series=Series(**given))).series
        return next(v for v in series.opens_in if v.software.startswith("Bio-Formats"))

    assert (verdict().fix.option, verdict().fix.value) == ("series.acquisition_date", None)
    assert verdict(acquisition_date="2026-01-31").fix.option == "series.acquisition_time"
    assert verdict(acquisition_date="2026-01-31", acquisition_time="10:20").opens


def test_dicom2nifti_opens_mr_with_its_times():
    def verdict(**given):
        (series,) = plan_export(volume(I16), ExportOptions(modality="MR", series=Series(**given))).series
        return next(v for v in series.opens_in if v.software == "dicom2nifti")

    assert (verdict().fix.option, verdict().why) == ("series.repetition_time", "needs Repetition and Echo Time")
    assert verdict(repetition_time="500").fix.option == "series.echo_time"
    assert verdict(repetition_time="500", echo_time="12.5").opens
