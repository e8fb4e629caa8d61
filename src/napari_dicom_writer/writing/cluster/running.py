"""Keep the workers of a cluster busy, and say in our words what it may do."""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import ExportError
from napari_dicom_writer.writing.cluster.tasks import received, write_slab

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from distributed import Client, Future

    from napari_dicom_writer.writing.cluster.gathered import Read
    from napari_dicom_writer.writing.cluster.in_place import Framed
    from napari_dicom_writer.writing.cluster.tasks import Arrived, Context, Job
    from napari_dicom_writer.writing.written import Done

_SLABS_PER_THREAD = 2  # one being written, one waiting
_HEARTBEAT = 1.0  # seconds after which the callback may cancel, also when no slab comes in


def run(
    client: Client, context: Context, jobs: Iterator[Job], done: Done
) -> Generator[Arrived | Framed | Read, None, None]:
    """Keep the workers busy, and no more than that; return what they have written as it comes in."""
    import dask

    # The arguments of a task stay with the scheduler, so that it can give them to another worker; scattered ones are
    # lost with the worker that holds them. That is worth a graph of some size.
    quiet = dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"})
    finished: SimpleQueue[Future[list[Arrived | Framed | Read]]] = SimpleQueue()
    pending: dict[Any, Future[list[Arrived | Framed | Read]]] = {}
    limit, checked = 0, -np.inf
    try:
        with quiet:
            shared = client.submit(received, context, pure=False)
            while True:
                if time.monotonic() - checked > _HEARTBEAT:  # clusters grow and shrink
                    limit = max(1, _SLABS_PER_THREAD * _threads(client))
                    checked = time.monotonic()
                while len(pending) < limit and (job := next(jobs, None)):
                    future = client.submit(write_slab, shared, job, pure=False)
                    pending[future.key] = future
                    future.add_done_callback(finished.put)
                if not pending:
                    return
                try:
                    future = finished.get(timeout=_HEARTBEAT)
                except Empty:
                    done(0)
                    continue
                yield from _result(pending.pop(future.key))
    finally:
        with suppress(Exception):  # whatever is wrong with the cluster must not hide what went wrong before
            client.cancel(list(pending.values()))


def _threads(client: Client) -> int:
    try:
        return sum(client.nthreads().values())
    except OSError as error:  # all that distributed raises about connections, timeouts included
        raise ExportError(f"The cluster does not answer: {error}", "Check that it is running") from error


def _result(future: Future[list[Arrived | Framed | Read]]) -> list[Arrived | Framed | Read]:
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker as error:
        raise ExportError(
            f"The part {error.task} was given up: {error.allowed_failures + 1} workers were lost while writing it",
            "Look into the workers' logs; most often they lack memory. Nothing was written",
        ) from error
    except (concurrent.futures.CancelledError, asyncio.CancelledError) as error:
        raise ExportError(
            f"The cluster dropped the export: {error}", "Check that it is running; nothing was written"
        ) from error
