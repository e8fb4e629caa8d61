"""One cluster for all that needs one."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def client():
    """Two workers of two threads, each worker a process."""
    distributed = pytest.importorskip("distributed")
    import dask

    with (
        # A worker that an earlier test has killed, and that is there again, is else given up when a later one kills it.
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1 hour"}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=":0") as cluster,
        # Other tests of this process compute their dask arrays in threads.
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def two(client):
    """The cluster, whole: an earlier test may have killed a worker."""
    client.wait_for_workers(2, timeout=120)
    return client
