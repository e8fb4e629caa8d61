"""Workers write frames to their places in one file: the same bytes as without a cluster, and never too late."""

from __future__ import annotations

import os
import pickle
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from judges.volumes import indexed, oblique
from napari_dicom_writer import (
    DestinationError,
    ExportOptions,
    VerificationError,
    VerifyLevel,
    Volume,
    export,
    plan_export,
)
from napari_dicom_writer.destinations import open_destination
from napari_dicom_writer.writing.cluster import in_place
from napari_dicom_writer.writing.cluster.gathered import Gathered
from napari_dicom_writer.writing.read_back_frames import FramesVerifier
from napari_dicom_writer.writing.threads import write_volumes

da = pytest.importorskip("dask.array")
fcntl = pytest.importorskip("fcntl")
pytest.importorskip("distributed")

pytestmark = pytest.mark.xdist_group("cluster")
MOVIE = ("time", "plane", "row", "column")


def lazy(values, **given) -> Volume:
    return Volume(da.from_array(values, chunks=(*(1,) * (values.ndim - 3), 2, 8, 9)), affine=oblique(), **given)


LABELS = ((indexed((6, 8, 9)) // 50).astype(np.uint8), {"scale": (2, 1, 1), "units": ("mm",) * 3}, "labels")
EXPORTS = {
    "words": (lazy(indexed((6, 8, 9), "int16")), {"object": "multi-frame"}),
    "time points": (
        lazy(indexed((3, 4, 8, 9), "int16"), axes=MOVIE, time_step=1),
        {"object": "enhanced-ct", "modality": "CT"},
    ),
    "a map and its companion": (
        lazy(indexed((6, 8, 9), "float32") / 7),
        {"object": "parametric-map", "companion": True},
    ),
    "a label map": (LABELS, {"segmentation_type": "labelmap"}),
}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.dcm")}


@pytest.mark.parametrize("level", [VerifyLevel.MEDIUM, VerifyLevel.OFF])
@pytest.mark.parametrize("name", EXPORTS)
def test_the_files_are_the_same_and_no_values_travel_here(name, level, two, tmp_path, monkeypatch):
    from napari_dicom_writer.layers.inputs import as_volume
    from napari_dicom_writer.writing.cluster.cluster import write_distributed

    layer, given = EXPORTS[name]
    options = ExportOptions(verify=level, **given)
    plan, volume = plan_export(layer, options), as_volume(layer, options)
    monkeypatch.setattr(Gathered, "write", lambda *_: pytest.fail("values came here"))
    made = []
    for place, write in (("here", write_volumes), ("cluster", partial(write_distributed, client=two))):
        counts: list[int] = []
        (tmp_path / place).mkdir()
        with open_destination(tmp_path / place / "x", plan, overwrite=False).stage() as staging:
            folders = [str(staging.folder(series)) for series in plan.series]
            done = lambda n=1, counts=counts: counts.append(n)  # noqa: E731
            size = write(plan, [volume], folders, level, done, flush=lambda: True).bytes
            staging.publish()
        files = contents(tmp_path / place)
        assert (sum(counts), size) == (plan.frames, sum(map(len, files.values())))
        made.append(files)
    assert made[0] == made[1]


def test_where_nothing_can_be_locked_the_driver_writes(two, tmp_path, monkeypatch):
    monkeypatch.setattr(in_place, "_knows_locks", lambda _: False)
    volume, given = EXPORTS["words"]
    path = export(volume, tmp_path / "x", ExportOptions(**given), client=two).path
    assert path.stat().st_size > 6 * 8 * 9 * 2


def test_what_a_late_worker_writes_is_lost(two, tmp_path, monkeypatch):
    sent = []
    submit = two.submit
    monkeypatch.setattr(two, "submit", lambda *given, **keywords: (sent.append(given), submit(*given, **keywords))[1])
    volume, given = EXPORTS["words"]
    path = export(volume, tmp_path / "x", ExportOptions(**given), client=two).path
    before = path.read_bytes()
    (_, context), (write, _, job), *_ = sent
    with pytest.raises(DestinationError, match="Writing failed"):
        write(pickle.loads(pickle.dumps(context)), job)  # noqa: S301
    assert path.read_bytes() == before


def test_a_worker_that_still_writes_ends_the_export(two, tmp_path, monkeypatch):
    monkeypatch.setattr(in_place, "_PATIENCE", 0.1)
    held = []

    def hold(done: int, _: int) -> None:
        for file in tmp_path.rglob("00001.dcm") if done and not held else ():
            held.append(os.open(file, os.O_RDWR))
            fcntl.flock(held[0], fcntl.LOCK_SH)

    volume, given = EXPORTS["words"]
    try:
        with pytest.raises(DestinationError, match="A lost worker does not let go of the staged files"):
            export(volume, tmp_path / "x", ExportOptions(**given), client=two, progress=hold)
    finally:
        os.close(held[0])
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_opened_a_file_before_it_was_ended_does_not_write(tmp_path, monkeypatch):
    volume, given = EXPORTS["words"]
    (series,) = plan_export(volume, ExportOptions(**given)).series
    (tmp_path / "0").mkdir()
    file, published = tmp_path / "0" / "00001.dcm", tmp_path / "published"
    file.write_bytes(bytes(999))
    lock = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", lambda *given: (file.rename(published), lock(*given)))
    spot, verifier = in_place.Spot(0, "00001.dcm", 300, 2, None), FramesVerifier(series, VerifyLevel.OFF)
    with pytest.raises(DestinationError, match="Writing failed"):
        in_place.write_frames(str(tmp_path), [verifier], [spot], np.asarray(volume.array[2]))
    assert published.read_bytes() == bytes(999)


def test_other_bytes_are_noticed_by_the_worker(tmp_path, monkeypatch):
    volume, given = EXPORTS["words"]
    (series,) = plan_export(volume, ExportOptions(**given)).series
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "00001.dcm").write_bytes(bytes(999))
    spot = in_place.Spot(0, "00001.dcm", 300, 2, None)
    plane = np.asarray(volume.array[2])
    right = in_place.write_at
    monkeypatch.setattr(in_place, "write_at", lambda fd, content, at: right(fd, bytes(content)[:-1] + b"\1", at))
    with pytest.raises(VerificationError, match=r"frame 3 of 00001\.dcm is not what the layer holds"):
        in_place.write_frames(str(tmp_path), [FramesVerifier(series, VerifyLevel.FULL)], [spot], plane)
