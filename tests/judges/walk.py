"""Every attribute that any object writes, found by planning exports of every kind: what the documents list is this."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

import numpy as np

from judges.tables import of
from napari_dicom_writer import (
    ExportError,
    ExportOptions,
    LayerOptions,
    Patient,
    Pet,
    Series,
    Study,
    Volume,
    plan_export,
)
from napari_dicom_writer.iods import IMAGE, IODS, LABELS
from napari_dicom_writer.iods.modules.image import LOSSY_RATIO
from napari_dicom_writer.planning import compression

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

    from napari_dicom_writer.plan.plan import SeriesPlan

_FRACTIONS = LayerOptions(object="segmentation", segmentation_type="fractional")
_TIME = ("time", "plane", "row", "column")
GIVEN: dict[type, dict[str, str]] = {
    Patient: {
        "name": "Doe^Jane", "id": "7", "birth_date": "1970-02-28", "sex": "F", "age": "42Y", "weight": "70",
        "size": "1.7",
    },
    Study: {
        "instance_uid": "2.25.1", "frame_of_reference_uid": "2.25.2", "date": "2026-01-31", "time": "10:00", "id": "3",
        "description": "d", "accession_number": "4", "referring_physician": "Who^Dr",
    },
    Series: {
        "description": "d", "number": "5", "protocol": "p", "body_part": "KNEE", "laterality": "L",
        "patient_position": "HFS", "date": "2026-01-31", "time": "10:05", "acquisition_date": "2026-01-31",
        "acquisition_time": "10:05", "repetition_time": "500", "echo_time": "12", "institution": "i",
        "department": "d", "station": "s", "operator": "o",
    },
    Pet: {
        "radiopharmaceutical": "FDG", "dose": "350000000", "half_life": "6586.2", "injection": "2026-01-31 09:05",
        "decay_correction": "START",
    },
}  # fmt: skip


def layers() -> dict[str, Any]:
    """One of each kind of image, and labels: alone, and with the image on which they lie."""
    ramp = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    image = Volume(ramp[0].astype("i2") - 7, spacing=(2, 1, 1), name="scan")
    labels = (ramp[0] // 20 * 5, {"scale": (2, 1, 1), "units": ("mm",) * 3, "name": "organs"}, "labels")
    return {
        "integers": image,
        "bytes": Volume(ramp[0].astype("u1"), spacing=(2, 1, 1), name="x" * 80),
        "floats": Volume(ramp[0] / 7, spacing=(2, 1, 1)),
        "NaN": Volume(np.where(ramp[0] == 7, np.nan, ramp[0]), spacing=(2, 1, 1)),
        "single NaN": Volume(np.where(ramp[0] == 7, np.nan, ramp[0]).astype("f4"), spacing=(2, 1, 1)),
        "a plane": Volume(ramp[0, 0].astype("i2"), spacing=(1, 1)),
        "time": Volume(ramp.astype("i2"), spacing=(2, 1, 1), axes=_TIME, time_step=2.5),
        "time unknown": Volume(ramp.astype("i2"), spacing=(2, 1, 1), axes=_TIME),
        "colors": Volume(np.zeros((3, 40, 44, 3), "u1"), spacing=(2, 1, 1), rgb=True),
        "movie": Volume(ramp[:, 0].astype("u1"), spacing=(1, 1), axes=("time", "row", "column"), time_step=0.1),
        "once lossy": Volume(ramp[0].astype("u1"), spacing=(2, 1, 1), lossy=[("ISO_10918_1", 8.0)]),
        "labels": labels,
        "labels on an image": [image, (labels[0], {**labels[1], "name": "x" * 80}, "labels")],
        "labels in parts": (Volume(ramp[0] / 60, spacing=(2, 1, 1)), _FRACTIONS),
    }


def options(key: str) -> dict[str, ExportOptions]:
    """Options at their defaults, and every one of them given."""
    groups = {kind.__name__.lower(): kind(**given) for kind, given in GIVEN.items()}
    units = sorted(IODS[key].units) or ["ms"]
    long = {"value_unit": "a unit of more than 16 characters"} if key == "mr" else {}
    chosen: dict[str, dict[str, Any]] = {
        "defaults": {},
        "everything": groups,
        "numbered": {"time": "one-series-numbered"},
        "at the detector": {"spacing_at": "detector"},
        "on a film": {"spacing_at": "film"},
        "lossy": {"transfer_syntax": "jpeg-ls-lossy"},
        "long unit": long,
        "quantity": {"quantity": "adc"},
        "with a companion": {"companion": IODS[key].rules.floats},
        "in parts": {"concatenation": IODS[key].multiframe},
        **{f"unit {unit}": {"value_unit": unit} for unit in units},
    }
    if key == "segmentation":
        meant = [
            {"label": 5, "name": "cyst of the left kidney", "description": "d"},
            {"label": 10, "name": "left kidney"},
        ]
        chosen = {
            "defaults": {},
            "everything": groups | {"segments": meant, "segment_algorithm": "automatic", "segment_algorithm_name": "p"},
            "masks": {"segmentation_type": "binary"},
            "label map": {"segmentation_type": "labelmap"},
            "on frames": {"object": "multi-frame"},
        }
    return {name: ExportOptions(**{**of(key), **given}) for name, given in chosen.items()}


class Planned(NamedTuple):
    """One series of the walk: key of its object, name of the layer and of the options, and what will be written."""

    key: str
    layer: str
    options: str
    plan: SeriesPlan
    dataset: Dataset


@cache
def series() -> tuple[Planned, ...]:
    """Plan every layer as every object that takes it with all options; what is refused is left out."""
    return tuple(_planned())


def _planned() -> Iterator[Planned]:
    for row in IODS.rows:
        for kind, layer in layers().items():
            if (LABELS if kind.startswith("labels") else IMAGE) not in row.layers:
                continue
            for name, chosen in options(row.key).items():
                try:
                    with _small_files(chosen):
                        plans = plan_export(layer, chosen if row.key != "segmentation" else _beside(chosen)).series
                except ExportError:
                    continue
                plan = plans[-1 if LABELS in row.layers else 0]
                yield Planned(row.key, kind, name, plan, attributes(plan))


@contextmanager
def _small_files(chosen: ExportOptions) -> Iterator[None]:
    """Let few pixels be too many for a file, where they may be cut into several."""
    size = 50 if chosen.concatenation else compression.NATIVE_BYTES
    with patch.object(compression, "NATIVE_BYTES", size):
        yield


def _beside(chosen: ExportOptions) -> ExportOptions:
    """Let the image beside labels be what it is by itself."""
    return replace(chosen, object="auto") if chosen.object == "segmentation" else chosen


def attributes(plan: SeriesPlan) -> Dataset:
    """Everything that will be written of its first instance, but pixels and file meta."""
    iod, first = IODS[plan.iod], plan.instances[0]
    dataset = iod.dataset(plan, first)
    if groups := iod.frame_groups(plan, first):
        dataset.PerFrameFunctionalGroupsSequence = [groups.item(at) for at in range(len(first.frames))]
    if not plan.options.transfer_syntax.lossless:
        setattr(dataset, LOSSY_RATIO, "1")
    return dataset


def keywords(dataset: Dataset) -> Iterator[str]:
    """Keywords of all elements, those in sequences included."""
    for element in dataset.iterall():
        yield element.keyword


def attributes_of_objects() -> dict[str, list[str]]:
    """Keyword → keys of the objects that write it."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for one in series():
        for keyword in keywords(one.dataset):
            found[keyword][one.key] = None
    return {keyword: list(keys) for keyword, keys in found.items()}


def classes_of_objects() -> dict[str, list[str]]:
    """Key of an object → UIDs of the SOP Classes it may be of, by what the layer holds."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for one in series():
        found[one.key][IODS[one.key].sop_class(one.plan)] = None
    return {key: sorted(uids) for key, uids in found.items()}
