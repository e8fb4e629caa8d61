"""A cluster writes what one machine writes: the same bytes, whole or not at all, whoever dies on the way."""

from __future__ import annotations

import concurrent.futures
import os
import pickle
import signal
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from judges.sources import Held, SlowArray
from judges.volumes import indexed, oblique
from napari_dicom_writer import (
    DestinationError,
    ExportCancelled,
    ExportError,
    ExportOptions,
    PixelError,
    VerificationError,
    Volume,
    export,
    plan_export,
)
from napari_dicom_writer.destinations import open_destination
from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.writing.cluster.cluster import write_distributed
from napari_dicom_writer.writing.cluster.recipes import recipe
from napari_dicom_writer.writing.cluster.running import _result
from napari_dicom_writer.writing.cluster.scratch import _probe, scratch_folder
from napari_dicom_writer.writing.threads import write_volumes

dask, distributed = (pytest.importorskip(name) for name in ("dask", "distributed"))

pytestmark = pytest.mark.xdist_group("cluster")

RAMP = indexed((24, 40, 50), "int16")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def assert_same_bytes(volumes, options, tmp_path, client, level=VerifyLevel.FULL) -> dict[str, bytes]:
    """Plan once, write here and on the cluster."""
    plan = plan_export(volumes, options)
    sizes = []
    for name in ("here", "cluster"):
        counts = []
        with open_destination(tmp_path / name, plan, overwrite=False).stage() as staging:
            done = lambda n=1, counts=counts: counts.append(n)  # noqa: E731
            folders = [str(staging.folder(series)) for series in plan.series]
            if name == "here":
                sizes.append(write_volumes(plan, volumes, folders, level, done).bytes)
            else:
                sizes.append(write_distributed(plan, volumes, folders, level, done, client).bytes)
            staging.publish()
        assert sum(counts) == plan.instances
    here, cluster = tree(tmp_path / "here"), tree(tmp_path / "cluster")
    assert here == cluster
    assert sizes == [sum(map(len, here.values()))] * 2
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []
    return cluster


def dask_array(tmp_path):
    import dask.array as da

    return da.from_array(RAMP, chunks=(5, 40, 25)) + 1


def persisted(tmp_path):
    return dask_array(tmp_path).persist()


def zarr_array(tmp_path):
    import zarr

    array = zarr.create_array(tmp_path / "source.zarr", shape=RAMP.shape, chunks=(5, 16, 16), dtype="int16")
    array[:] = RAMP
    return array


def zarr_in_memory(tmp_path):
    import zarr

    array = zarr.create_array(zarr.storage.MemoryStore(), shape=RAMP.shape, chunks=(5, 16, 16), dtype="int16")
    array[:] = RAMP
    return array


def memory_map(tmp_path):
    whole = np.memmap(tmp_path / "source.raw", ">i2", "w+", offset=6, shape=(30, 40, 50))
    whole[:] = indexed((30, 40, 50))
    return whole[28:4:-1]


SOURCES = {
    "numpy": lambda _: RAMP,
    "numpy-scattered": lambda _: np.asfortranarray(RAMP),
    "dask": dask_array,
    "dask-persisted": persisted,
    "zarr": zarr_array,
    "zarr-memory": zarr_in_memory,
    "memmap": memory_map,
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_gives_the_same_bytes_as_on_one_machine(source, tmp_path, two):
    # As where the client is the default one, which only a persisted array needs.
    with dask.config.set(scheduler=two.get) if source == "dask-persisted" else nullcontext():
        volume = Volume(SOURCES[source](tmp_path), affine=oblique(), name="ramp")
        files = assert_same_bytes([volume], ExportOptions(modality="CT"), tmp_path, two)
    assert len(files) == 24


@pytest.mark.parametrize("level", list(VerifyLevel))
def test_several_series_of_floats_movies_and_colors(level, tmp_path, two):
    rng = np.random.default_rng(0)
    movie = Volume(rng.normal(size=(3, 2, 5, 8, 9)), axes=("time", "channel", "plane", "row", "column"), name="movie")
    color = Volume(rng.integers(0, 256, (4, 7, 9, 3), np.uint8), rgb=True, name="color")
    files = assert_same_bytes([movie, color], ExportOptions(), tmp_path, two, level)
    assert len(files) == 3 * 2 * 5 + 4
    assert len({Path(name).parent for name in files}) == 3


def test_export_takes_a_client(tmp_path, two):
    counts = []
    report = export(
        Volume(RAMP, spacing=(2, 1, 1)), tmp_path / "x", client=two, progress=lambda *count: counts.append(count)
    )
    assert counts == sorted(counts)
    assert set(counts) == {(n, 24) for n in range(25)}
    assert report.bytes == sum(map(len, tree(tmp_path).values()))
    single = export(Volume(RAMP[0], spacing=(1, 1)), tmp_path / "y", client=two)
    assert single.path == tmp_path / "y.dcm"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x", "y.dcm"]


def test_files_of_a_cluster_come_from_the_disk_to_the_driver(tmp_path, two):
    reports = [
        export(
            Volume(RAMP, spacing=(2, 1, 1)), tmp_path / str(bool(client)), ExportOptions(verify="medium"), client=client
        )
        for client in (two, None)
    ]
    assert reports[0].verified is reports[1].verified


@pytest.mark.parametrize("killed", [1, 2])
def test_killed_workers_cost_nothing_but_time(killed, tmp_path, two):
    volume = Volume(SlowArray(48, 0.3), spacing=(2, 1, 1))
    plan = plan_export(volume)
    before = two.run(os.getpid)
    victims = list(before.values())[:killed]

    def kill(n: int = 1) -> None:
        while victims:
            os.kill(victims.pop(), signal.SIGKILL)

    for name, write in (("cluster", write_distributed), ("here", write_volumes)):
        with open_destination(tmp_path / name, plan, overwrite=False).stage() as staging:
            folders = [str(staging.folder(plan.series[0]))]
            if write is write_distributed:
                # In the middle: the first slab is in, four more are being written.
                size = write(plan, [volume], folders, VerifyLevel.FULL, kill, two)
            else:
                fast = Volume(SlowArray(48, 0), spacing=(2, 1, 1))
                assert size == write(plan, [fast], folders, VerifyLevel.FULL, lambda _: None)
            staging.publish()
    assert not victims
    assert tree(tmp_path / "cluster") == tree(tmp_path / "here")
    assert len(tree(tmp_path)) == 2 * 48
    two.wait_for_workers(2, timeout=120)
    assert len(set(two.run(os.getpid).values()) & set(before.values())) == 2 - killed


def test_a_source_that_fails_in_one_slab_is_said_and_leaves_nothing(tmp_path, two):
    volume = Volume(SlowArray(24, 0.05, fails_at=17), spacing=(2, 1, 1), name="tape")
    with pytest.raises(PixelError, match=r"layer 'tape': .*OSError: the tape is torn") as caught:
        export(volume, tmp_path / "new" / "x", client=two)
    assert caught.value.refusals[0].remedy
    assert list(tmp_path.iterdir()) == []


def test_cancel_half_way_leaves_nothing_also_of_workers_that_go_on(tmp_path, two):
    def cancel(done: int, total: int) -> None:
        if done >= 8:
            raise ExportCancelled

    with pytest.raises(ExportCancelled):
        export(Volume(SlowArray(64, 0.2), spacing=(2, 1, 1)), tmp_path / "x", client=two, progress=cancel)
    assert list(tmp_path.iterdir()) == []
    time.sleep(0.5)  # for slabs that were being read
    assert list(tmp_path.iterdir()) == []


def test_cancel_is_heard_while_nothing_comes_in(tmp_path, two):
    until = tmp_path / "read"
    volume = Volume(Held(8, until), spacing=(2, 1, 1), window=(0, 9))  # of which planning reads nothing
    calls = []

    def cancel(done: int, total: int) -> None:
        calls.append(done)
        if len(calls) > 1:
            raise ExportCancelled

    with pytest.raises(ExportCancelled):
        export(volume, tmp_path / "x", client=two, progress=cancel)
    assert list(tmp_path.iterdir()) == []
    until.touch()


def test_what_a_late_worker_writes_is_lost(tmp_path, two, monkeypatch):
    """A slab is written again after the export was published: as by a worker that was given up."""
    sent = []
    submit = two.submit

    def spy(function, *args, **keywords):
        sent.append((function, args))
        return submit(function, *args, **keywords)

    monkeypatch.setattr(two, "submit", spy)
    export(Volume(RAMP, spacing=(2, 1, 1)), tmp_path / "x", client=two)
    before = tree(tmp_path)
    (_, (context,)), (write, (_, job)) = sent
    with pytest.raises(DestinationError, match="Writing failed"):
        write(pickle.loads(pickle.dumps(context)), job)  # noqa: S301
    assert tree(tmp_path) == before


def test_a_file_that_went_missing_is_noticed(tmp_path, two):
    plan = plan_export(volume := Volume(RAMP, spacing=(2, 1, 1)))

    def spoil(n: int = 1) -> None:
        Path(folders[0], "00007.dcm").write_bytes(b"short")

    with open_destination(tmp_path / "x", plan, overwrite=False).stage() as staging:
        folders = [str(staging.folder(plan.series[0]))]
        with pytest.raises(VerificationError, match=r"00007\.dcm has 5 bytes"):
            write_distributed(plan, [volume], folders, VerifyLevel.OFF, spoil, two)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_a_worker_does_not_see_is_refused(tmp_path, two, monkeypatch):
    """The workers' answers stand in for those of another machine."""
    run = two.run

    def elsewhere(function, scratch, token, **keywords):
        return run(function, scratch.replace(str(tmp_path), str(tmp_path / "elsewhere")), token, **keywords)

    monkeypatch.setattr(two, "run", elsewhere)
    with pytest.raises(DestinationError, match=r"Worker tcp://.* No such file .* Choose a folder that all workers see"):
        export(Volume(RAMP, spacing=(2, 1, 1)), tmp_path / "x", client=two)
    assert list(tmp_path.iterdir()) == []


def test_another_version_or_no_workers_are_refused(tmp_path, two, monkeypatch):
    for answers, message in (({"tcp://a:1": "0.0.1"}, "another napari-dicom-writer: '0.0.1'"), ({}, "no workers")):
        monkeypatch.setattr(two, "run", lambda *_, answers=answers, **__: answers)
        with pytest.raises(ExportError, match=message):
            export(Volume(RAMP, spacing=(2, 1, 1)), tmp_path / "x", client=two)
    assert list(tmp_path.iterdir()) == []


def test_another_folder_of_the_same_name_is_noticed(tmp_path):
    (tmp_path / "probe").write_text("other")
    with pytest.raises(FileNotFoundError, match="another folder"):
        _probe(str(tmp_path), "token")


def test_a_scratch_folder_goes_with_all_that_is_in_it(tmp_path):
    with scratch_folder(str(tmp_path)) as scratch:
        Path(scratch, "half").touch()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DestinationError, match="Cannot write to"), scratch_folder(str(tmp_path / "missing")):
        pass


def test_a_client_that_is_of_no_use_is_refused(tmp_path, two):
    closed = distributed.Client(two.scheduler.address)
    closed.close()
    for client in (closed, SimpleNamespace(asynchronous=True)):
        with pytest.raises(ExportError, match="client is (closed|asynchronous)"):
            export(Volume(RAMP, spacing=(2, 1, 1)), tmp_path / "x", client=client)
    assert list(tmp_path.iterdir()) == []


def test_no_more_slabs_are_on_their_way_than_keep_the_workers_busy(tmp_path, two, monkeypatch):
    sent, ahead = 0, []
    submit = two.submit

    def spy(*args, **keywords):
        nonlocal sent
        sent += 1
        return submit(*args, **keywords)

    monkeypatch.setattr(two, "submit", spy)
    # One task is the context; four threads write a slab of four planes each, and have one waiting.
    export(
        Volume(SlowArray(96, 0.02), spacing=(2, 1, 1)),
        tmp_path / "x",
        client=two,
        progress=lambda done, _: ahead.append(sent - 1 - done // 4),
    )
    assert sent == 1 + 96 / 4
    assert max(ahead) <= 2 * 4


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (distributed.KilledWorker("slab-1", None, 3), "slab-1 was given up: 4 workers were lost"),
        (concurrent.futures.CancelledError("scheduler lost"), "The cluster dropped the export: scheduler lost"),
    ],
)
def test_what_a_cluster_may_do_is_said_in_plain_words(error, message):
    def result():
        raise error

    with pytest.raises(ExportError, match=message) as caught:
        _result(SimpleNamespace(result=result))
    assert "othing was written" in caught.value.refusals[0].remedy


def test_a_recipe_is_small_and_arrays_in_memory_have_none(tmp_path):
    import dask.array as da

    large = np.zeros((70, 1024, 1024), np.uint8)
    assert recipe(Volume(large)) is None
    assert recipe(Volume(da.from_array(large, chunks=(10, 1024, 1024)))) is None
    source = SlowArray(4, 0)
    assert recipe(Volume(source)) is not None
    with (tmp_path / "open").open("w") as source.handle:  # cannot be pickled
        assert recipe(Volume(source)) is None
    for lazy in (memory_map(tmp_path), da.zeros((10_000, 1024, 1024), chunks=(10, 1024, 1024))):
        found = recipe(Volume(lazy))
        assert len(found.payload) + sum(map(len, found.buffers)) < 10**5
        volume = found.volume()
        np.testing.assert_array_equal(volume.read((), 3, 5), np.asarray(lazy[3:5]))
    private = np.memmap(tmp_path / "source.raw", np.int16, "c", shape=(4, 5, 6))
    assert recipe(Volume(private)) is None
    assert recipe(Volume(private + 1)) is None


def test_a_source_that_a_worker_cannot_open_is_said(tmp_path):
    found = recipe(Volume(memory_map(tmp_path), name="map"))
    (tmp_path / "source.raw").unlink()
    with pytest.raises(PixelError, match=r"layer 'map': A worker could not open its source: FileNotFoundError"):
        found.volume()
