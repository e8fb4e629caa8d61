"""Every kind of fault: which runs it takes, few of them or all."""

from __future__ import annotations

import os
import random
import shutil
import signal
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from faults import world
from faults.disks import mounted, resize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faults.lab import Lab, Outcome

NOBODY = 65534
# Large enough to be hit by a signal at every stage.
LONG = {"planes": 60, "shape": [64, 64]}


class Campaign:
    """Runs kinds of faults in one lab.

    Parameters
    ----------
    lab
        Where.
    small, ext4
        Disks of `small_disk` and `ext4_disk`; without them, their faults take no runs.
    thorough
        All runs, instead of a few of each kind.
    """

    def __init__(self, lab: Lab, small: Path | None, ext4: tuple[Path, Path] | None, *, thorough: bool) -> None:
        self._lab, self._thorough = lab, thorough
        self._small, self._ext4 = small, ext4
        self._random = random.Random(0)  # noqa: S311 - moments, no secrets

    def calls(
        self,
        kind: str,
        *,
        overwrite: bool,
        exchanging: bool,
        planes: int = world.PLANES,
        to: str | None = None,
        what: str = "",
    ) -> Iterator[Outcome]:
        """One fault at each system call that an export makes, then none."""
        where: dict[str, Any] = {
            "overwrite": overwrite,
            "exchanging": exchanging,
            "source": {"planes": planes, "what": what},
            "options": world.OBJECTS.get(what, {}),
            "to": to,
        }
        count = self._lab.run(**where).answer["calls"]
        step = 1 if self._thorough else 41
        for at in range(1 if self._thorough else self._random.randrange(1, step + 1), count + 1, step):
            yield self._lab.run(kind=kind, at=at, **where)
        untouched = self._lab.run(kind=kind, at=count + 1, **where)
        assert untouched.answer.get("error") == "", "there are calls that no fault has reached"
        yield untouched

    def killed(self, *, overwrite: bool, what: str = "") -> Iterator[Outcome]:
        """SIGKILL at any moment of a longer export, which takes two threads."""
        runs = 100 if self._thorough else 4
        source, options = {**LONG, "what": what}, world.OBJECTS.get(what, {})
        request = {"overwrite": overwrite, "source": source, "options": options, "workers": 2}
        seconds = self._lab.run(**request).answer["seconds"]
        for _ in range(runs):
            yield self._lab.run(signal=int(signal.SIGKILL), after=self._random.uniform(0, 1.1 * seconds), **request)

    def file_size(self) -> Iterator[Outcome]:
        """The system lets files grow to so many bytes only: writes fail half-way through a file."""
        for size in self._some(range(0, 2000, 50), 4):
            yield self._lab.run(overwrite=False, file_size=size)

    def small_disks(self, *, overwrite: bool) -> Iterator[Outcome]:
        """A disk that is full after so many blocks; it grows before the next export."""
        mount = self._small
        if mount is None:
            return
        for blocks in self._some(range(1, 9), 3):
            target = self._lab.place(overwrite=overwrite, into=mount)
            # The check beforehand would refuse: the disk fills up during the export.
            used = shutil.disk_usage(mount).used
            resize(mount, used + blocks * 4096)
            before = world.content(target) if overwrite else None
            request: dict[str, Any] = {"source": {"shape": [30, 40]}, "options": {"transfer_syntax": "jpeg-ls"}}
            answer = self._lab.ask(do="run", target=str(target), overwrite=overwrite, **request)
            resize(mount, 2**20)
            yield self._lab.look(target, before, answer, request["source"])

    def power_cuts(self, *, overwrite: bool) -> Iterator[Outcome]:
        """At any moment, all that is not on the disk is lost; at last, when the export has said that it is done."""
        if self._ext4 is None:
            return
        mount = self._ext4[0]
        seconds = self._lab.run(overwrite=overwrite, into=mount, source=LONG, workers=2).answer["seconds"]
        for _ in range(60 if self._thorough else 2):
            after = self._random.uniform(0, 1.2 * seconds)
            yield self.power_cut(*self._ext4, overwrite=overwrite, source=LONG, workers=2, after=after)
        for source in (LONG, {}):
            yield self.power_cut(*self._ext4, overwrite=overwrite, source=source)

    def power_cut(self, mount: Path, image: Path, *, overwrite: bool, **request: Any) -> Outcome:
        """Stop the process, let the disk end what it is doing, copy what is on it, and play its journal there."""
        copy, disk = image.with_name("copy"), image.with_name("after")
        disk.mkdir(exist_ok=True)
        target = self._lab.place(overwrite=overwrite, into=mount)
        before = world.content(target) if overwrite else None
        os.sync()
        request |= {"signal": int(signal.SIGSTOP), "copy": [str(image), str(copy)], "options": {}}
        answer = self._lab.ask(do="run", target=str(target), overwrite=overwrite, **request)
        shutil.rmtree(target.parent)
        with mounted(disk, "-o", "loop", str(copy)) as found:
            assert found, "the disk cannot be mounted after the power cut"
            return self._lab.look(found / target.relative_to(mount), before, answer, request["source"])

    def short_writes(self) -> Iterator[Outcome]:
        """Every write writes less than it was given."""
        for syntax in self._some(world.SYNTAXES, 2):
            yield self._lab.run(overwrite=False, kind="short", source={"shape": [64, 64]}, options=syntax)

    def cancels(self, *, overwrite: bool, what: str = "") -> Iterator[Outcome]:
        """The progress callback cancels, at each of its calls."""
        request: dict[str, Any] = {"source": {"what": what}, "options": world.OBJECTS.get(what, {})}
        yield from (
            self._lab.run(overwrite=overwrite, call=call, event="cancel", workers=workers, **request)
            for call, workers in product(range(1, world.PLANES + 2), (1, 2))
        )

    def events(self, *, overwrite: bool) -> Iterator[Outcome]:
        """Somebody changes the world around the export, at the first, a middle and the last instance."""
        for event, call in product(world.EVENTS, (2, 3, world.PLANES + 1) if self._thorough else (3,)):
            yield self._event(event, call, overwrite=overwrite)

    def _event(self, event: str, call: int, *, overwrite: bool) -> Outcome:
        """As another user, where root would not be hindered; what somebody did is undone before the next export."""
        target = self._lab.place(overwrite=overwrite)
        before = world.content(target) if overwrite else None
        theirs = self._theirs(event, overwrite=overwrite)
        request: dict[str, Any] = {"source": {}, "options": {}, "event": event, "call": call}
        if os.geteuid() == 0:
            request["user"] = NOBODY
            for path in (target.parent, target, *target.glob("*")):
                if path.exists():
                    os.chown(path, NOBODY, NOBODY)
        answer = self._lab.ask(do="run", target=str(target), overwrite=overwrite, **request)
        moved = target.parent.with_name("moved away")
        if moved.exists():
            moved.rename(target.parent)
        target.parent.chmod(0o755)
        untouched = theirs is None or world.content(target) == theirs
        if theirs is not None:
            before = None
            shutil.rmtree(target) if target.is_dir() and not target.is_symlink() else target.unlink(missing_ok=True)
        outcome = self._lab.look(target, None if event in world.EMPTYING else before, answer, {})
        if not untouched:
            outcome.problems.append(f"what somebody else did is gone: {event}")
        return outcome

    def _theirs(self, event: str, *, overwrite: bool) -> dict[str, bytes | str] | None:
        """What somebody puts under the target's name, which must stay as it is; None where it is nothing."""
        if event not in world.TAKING:
            return None
        target = self._lab.place(overwrite=overwrite)
        world.EVENTS[event](target)
        try:
            return world.content(target)
        finally:
            shutil.rmtree(target.parent)

    def sources(self, *, overwrite: bool) -> Iterator[Outcome]:
        """The source raises at one of its planes."""
        for at in self._some(range(1, 4), 2):
            yield self._lab.run(overwrite=overwrite, source={"failing": at})

    def codecs(self) -> Iterator[Outcome]:
        """A codec returns another plane than it was given."""
        for options in world.SYNTAXES:
            if options["transfer_syntax"] not in ("explicit-le", "deflated"):
                yield self._lab.run(overwrite=False, wrong_codec=True, source={"shape": [64, 64]}, options=options)

    def races(self, *, overwrite: bool) -> Iterator[Outcome]:
        """Several processes export to one target, all at once: those that say that they wrote it did."""
        for _ in range(30 if self._thorough else 2):
            target = self._lab.place(overwrite=overwrite)
            request = {"source": {"planes": 10}, "options": {}, "target": str(target), "overwrite": overwrite}
            answers = self._lab.ask(do="race", processes=4, request=request)["answers"]
            outcome = self._lab.look(target, None, {}, request["source"])
            for answer in answers:
                outcome.answer[str(len(outcome.answer))] = answer
                if answer["error"] not in ("", "DestinationError"):
                    outcome.problems.append(f"raised {answer['error']}: {answer['message']}")
                if answer["files"]:
                    outcome.problems.append(f"left {answer['files']} files open")
            winners = sum(not answer["error"] for answer in answers)
            if winners > 1 and not overwrite:
                outcome.problems.append(f"{winners} said they had written one series")
            if (outcome.state == "new") != bool(winners):
                outcome.problems.append(f"{winners} said they had written, and {outcome.state} is there")
            yield outcome

    def command_line(self, *, overwrite: bool) -> Iterator[Outcome]:
        """Ctrl-C at any moment of the command line; what it says is true."""
        source = {"planes": 60, "shape": [64, 64]}
        array = Path(self._lab.scratch, "input.npy")
        np.save(array, world.values(60, (64, 64)))
        seconds = None
        for _ in range(1 + (60 if self._thorough else 2)):
            target = self._lab.place(overwrite=overwrite)
            before = world.content(target) if overwrite else None
            log = target.with_name("log")
            arguments = ["export", str(array), str(target), "--spacing", "2", "1", "1"]
            arguments += ["--overwrite"] if overwrite else []
            request: dict[str, Any] = {"do": "command", "arguments": arguments, "log": str(log)}
            if seconds is not None:
                request |= {"signal": int(signal.SIGINT), "after": self._random.uniform(0, 1.1 * seconds)}
            answer = self._lab.ask(**request)
            seconds = seconds or answer["seconds"]
            said = log.read_text() if log.exists() else ""
            log.unlink(missing_ok=True)
            outcome = self._lab.look(target, before, answer, source)
            if ("nothing was written" in said) and outcome.state == "new":
                outcome.problems.append(f"said {said!r}, and wrote")
            if ("Wrote" in said or "after writing" in said or answer.get("code") == 0) and outcome.state != "new":
                outcome.problems.append(f"said {said!r}, and did not write")
            if "Traceback" in said:
                outcome.problems.append(f"said {said!r}")
            yield outcome

    def _some(self, items: Any, few: int) -> list[Any]:
        every = list(items)
        return every if self._thorough else self._random.sample(every, few)
