"""The same work on a dask.distributed cluster."""
