"""What has arrived already: kept while an export waits on this machine, so that the rest can be sent later.

It holds SOP Instance UIDs and answers, no word about a patient.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from napari_dicom_writer.destinations.network.user_files import state_folder, state_place
from napari_dicom_writer.destinations.paths import refused_by_system
from napari_dicom_writer.plan.sent import Answer, State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_dicom_writer.destinations.network.peers import Peer

UNSENT = "unsent"
"""The folder of this user's in which exports wait."""


def waiting() -> list[Path]:
    """Return the exports of this user that were not sent whole, the oldest first."""
    found = [path for path in state_place(UNSENT).glob("*") if not path.name.startswith(".")]  # which are written now
    return sorted(found, key=lambda path: path.stat().st_mtime)


class Ledger:
    """Answers of one peer to the instances of one or several studies.

    Parameters
    ----------
    peer
        Who answers.
    studies
        Study Instance UIDs.
    """

    def __init__(self, peer: Peer, studies: Iterable[str]) -> None:
        key = "\n".join([peer.address, *sorted(set(studies))])
        self._path = state_folder("sent") / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.jsonl"

    def answers(self) -> dict[str, Answer]:
        """Return the last answer to each instance; a line that was cut off when the process died counts as none."""
        found: dict[str, Answer] = {}
        with suppress(FileNotFoundError):
            for line in self._path.read_text(encoding="utf-8").splitlines():
                with suppress(ValueError):
                    uid, state, words = json.loads(line)
                    found[uid] = Answer(uid, State(state), words)
        return found

    def add(self, answer: Answer) -> None:
        """Write an answer down."""
        what = f"The answers of the peer cannot be written to {self._path}"
        with refused_by_system(what), self._path.open("a", encoding="utf-8") as file:
            # The end of the line comes first: what was cut off before has none.
            file.write("\n" + json.dumps([answer.uid, answer.state, answer.words]))

    def close(self) -> None:
        """Forget: all has arrived."""
        self._path.unlink(missing_ok=True)
