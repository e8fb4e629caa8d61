"""A process that forks one export after the other, each with a fault; run as a script, told by lines of JSON.

Forking is what makes hundreds of runs affordable: everything is imported once.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from faults import world
from faults.injection import Injector, injected, open_files
from napari_dicom_writer import ExportCancelled, ExportError, ExportOptions, export
from napari_dicom_writer.cli import main as cli
from napari_dicom_writer.codecs import codec_of
from napari_dicom_writer.destinations import DESTINATIONS, open_destination
from napari_dicom_writer.destinations.folder import durable

if TYPE_CHECKING:
    from collections.abc import Callable


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Export with a fault, and say what came of it."""
    options = ExportOptions(overwrite=request["overwrite"], workers=request.get("workers", 1), **request["options"])
    injector = Injector(request.get("kind", "count"), request.get("at", 0))
    if "file_size" in request:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_size"],) * 2)
    if "user" in request:
        os.setuid(request["user"])
    if request.get("wrong_codec"):
        _spoil(options)
    if request.get("unflushed"):
        durable.Flusher.flush = lambda *_: None  # type: ignore[method-assign]
    files = open_files()
    error: BaseException | None = None
    try:
        source = world.new(**request["source"])
        progress = _progress(request, Path(request["target"]))
        with injected(injector, exchanging=request.get("exchanging", True)):
            export(source, request["target"], options, progress=progress, to=request.get("to"))
    except BaseException as raised:
        error = raised
    answer = {
        "error": type(error).__name__ if error else "",
        "refused": isinstance(error, ExportError),
        "message": str(error or ""),
        "calls": injector.count,
        "hit": injector.hit,
    }
    error = None
    return answer | {"files": open_files() - files}


def _progress(request: dict[str, Any], target: Path) -> Any:
    """Cancel, or change the world, at a certain call."""
    calls = 0

    def progress(done: int, total: int) -> None:
        nonlocal calls
        calls += 1
        time.sleep(request.get("pause", 0))
        if calls == request.get("call"):
            if request["event"] == "cancel":
                raise ExportCancelled
            world.EVENTS[request["event"]](target)

    return progress


def _spoil(options: ExportOptions) -> None:
    codec = codec_of(options)
    assert codec is not None
    encode = type(codec).encode

    def wrong(self: Any, frame: Any) -> bytes:
        frame = np.array(frame)
        frame.reshape(-1)[-1] ^= 1
        return encode(self, frame)

    type(codec).encode = wrong  # type: ignore[method-assign]


def command(request: dict[str, Any]) -> dict[str, Any]:
    """Run the command line; a signal comes from outside."""
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return {"code": cli.main(request["arguments"])}


def race(request: dict[str, Any]) -> dict[str, Any]:
    """Several exports, started at the same moment."""
    waiting, go = os.pipe()
    children = []
    for _ in range(request["processes"]):
        reading, writing = os.pipe()
        if not os.fork():
            os.close(go)
            os.read(waiting, 1)  # until the other end is closed
            _answer(writing, run, request["request"])
        os.close(writing)
        children.append(reading)
    os.close(go)
    answers = []
    for reading in children:
        with os.fdopen(reading, "rb") as pipe:
            answers.append(json.loads(pipe.read()))
        os.wait()
    return {"answers": answers}


def _answer(writing: int, do: Callable[[dict[str, Any]], dict[str, Any]], request: dict[str, Any]) -> NoReturn:
    """Write the answer and end, without what a process does at its end."""
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        os.write(writing, json.dumps(do(request)).encode())
    except KeyboardInterrupt:
        os.write(writing, b'{"code": 130}')
    finally:
        os._exit(0)


def _forked(request: dict[str, Any]) -> dict[str, Any]:
    reading, writing = os.pipe()
    start = time.perf_counter()
    # No Ctrl-C before the child is where it can answer it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    child = os.fork()
    if not child:
        os.close(reading)
        _answer(writing, {"run": run, "command": command, "race": race}[request["do"]], request)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read() if "after" not in request else b""
        if "signal" in request:
            time.sleep(request.get("after", 0))
            os.kill(child, request["signal"])
        if "copy" in request:
            time.sleep(0.05)  # for what the system has begun to bring to the disk
            shutil.copyfile(*request["copy"])
            os.kill(child, signal.SIGKILL)
        text += pipe.read()
    _, status = os.waitpid(child, 0)
    answer = json.loads(text) if text else {}
    return answer | {"status": status, "seconds": time.perf_counter() - start}


def _warm_up(folder: Path) -> None:
    """Import and cache whatever an export needs, so that what is counted is the export's own."""
    for options in world.SYNTAXES:
        export(world.new(planes=2, shape=(64, 64)), folder / "warm", ExportOptions(overwrite=True, **options))
    for what, options in world.OBJECTS.items():
        made = world.new(planes=2, what=what)
        export(made, folder / "object.dcm", ExportOptions(overwrite=(folder / "object.dcm").exists(), **options))
    for to, kind in DESTINATIONS.items():
        if not kind.remote:
            export(world.new(planes=2), folder / f"warm-{to}", to=to)
    open_destination(folder / "warm", None, overwrite=True)
    np.save(folder / "warm.npy", world.values())
    with contextlib.redirect_stdout(io.StringIO()):
        assert cli.main(["export", str(folder / "warm.npy"), str(folder / "cli"), "--spacing", "2", "1", "1"]) == 0
    shutil.rmtree(folder)


def main() -> None:
    """Answer requests until there are none."""
    _warm_up(Path(sys.argv[1]))
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        print(json.dumps(_forked(json.loads(line))), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
