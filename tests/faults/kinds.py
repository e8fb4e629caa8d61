"""All kinds of faults, by what the table calls them: the fault, and what is at the target's name before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

from faults.campaign import Campaign
from faults.lab import Outcome  # noqa: TC001 - the alias below is made when this runs
from faults.world import OBJECTS

_AT_EVERY_CALL = {
    "killed before every system call": "kill",
    "killed after every system call": "kill-after",
    "every system call fails once": "eio",
    "disk full from every system call on": "full",
    "disk dead from every system call on": "dead",
    "interrupted at every system call": "interrupt",
}
_PLACES = {
    "new": {"overwrite": False, "exchanging": True},
    "overwritten": {"overwrite": True, "exchanging": True},
    "overwritten in two renames": {"overwrite": True, "exchanging": False},
    "a file": {"overwrite": False, "exchanging": True, "planes": 1},
    "a file, without special renames": {"overwrite": False, "exchanging": False, "planes": 1},
    "a file, overwritten": {"overwrite": True, "exchanging": True, "planes": 1},
    "a file, overwritten by replace": {"overwrite": True, "exchanging": False, "planes": 1},
    "a zip file": {"overwrite": False, "exchanging": True, "to": "zip"},
    "a zip file, overwritten": {"overwrite": True, "exchanging": True, "to": "zip"},
    "a File-set": {"overwrite": False, "exchanging": True, "to": "dicomdir"},
    "a File-set, overwritten in two renames": {"overwrite": True, "exchanging": False, "to": "dicomdir"},
}
_OTHERS: dict[str, Callable[..., Iterator[Outcome]]] = {
    "killed at a random moment": Campaign.killed,
    "power cut at a random moment, on ext4": Campaign.power_cuts,
    "Ctrl-C on the command line": Campaign.command_line,
    "cancelled at every call of the progress": Campaign.cancels,
    "disk full after so many blocks, on tmpfs": Campaign.small_disks,
    "somebody changes files and folders": Campaign.events,
    "the source raises": Campaign.sources,
    "four exports at once": Campaign.races,
}


def _kinds() -> Iterator[tuple[tuple[str, str], Callable[[Campaign], Iterator[Outcome]]]]:
    for (words, kind), (place, where) in product(_AT_EVERY_CALL.items(), _PLACES.items()):
        yield (words, place), lambda campaign, kind=kind, where=where: campaign.calls(kind, **where)
    for what in OBJECTS:  # each by itself: their frames go into one file in any order
        for words, kind in _AT_EVERY_CALL.items():
            where = {"overwrite": False, "exchanging": True, "what": what}
            yield (words, what), lambda campaign, kind=kind, where=where: campaign.calls(kind, **where)
        yield (
            ("killed at a random moment", what),
            lambda campaign, what=what: campaign.killed(overwrite=True, what=what),
        )
        words = "cancelled at every call of the progress"
        yield (words, what), lambda campaign, what=what: campaign.cancels(overwrite=True, what=what)
    for words, function in _OTHERS.items():
        for place in ("new", "overwritten"):
            where = {"overwrite": place != "new"}
            yield (words, place), lambda campaign, function=function, where=where: function(campaign, **where)
    yield ("files may not grow", "new"), Campaign.file_size
    yield ("every write is short", "new"), Campaign.short_writes
    yield ("a codec returns a wrong plane", "new"), Campaign.codecs


KINDS = dict(_kinds())
