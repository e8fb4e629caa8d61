"""Show each object in OHIF, on a real Orthanc and in a real browser, judge what is drawn, and write it into the docs.

    python scripts/viewers.py                   # all, and the table in docs/viewers.md
    python scripts/viewers.py ct "segmentation, binary"   # only these, and no table

The pictures stay in viewers-out/: look at them. `make viewers` sets up what this needs.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from judges.browser.judging import faults
from judges.browser.measure import MODES, measure
from judges.browser.scenes import Scene, Studio
from judges.browser.viewer import viewer
from judges.peers import orthanc

if TYPE_CHECKING:
    from judges.browser.viewer import Viewer
    from judges.peers import Orthanc

ROOT = Path(__file__).parents[1]
OUT, BUNDLE, PAGE = ROOT / "viewers-out", ROOT / ".viewers" / "package", ROOT / "docs" / "viewers.md"
_FIRST, _LAST = "<!-- ohif: make viewers -->", "<!-- end of ohif -->"


class Run:
    """Looks at one scene after the other, and remembers what is wrong.

    Parameters
    ----------
    show
        The viewer.
    """

    def __init__(self, show: Viewer) -> None:
        self._show = show
        self.cells: list[tuple[str, list[str]]] = []
        self.failed = False

    def look(self, scene: Scene) -> None:
        """Everything must be right, but for what the viewer is known not to show."""
        cells = list[str]()
        for mode in MODES:
            found, known = self._faults(scene, mode), scene.not_shown(mode)
            self._tell(scene, mode, f"not shown, as known: {known}" if found and known else found)
            if bool(found) != bool(known):
                self.failed = True
            cells.append(known or ("right" if not found else f"wrong: {found[0]}"))
        self.cells.append((scene.title, cells))

    def control(self, scene: Scene) -> None:
        """Something must be found wrong, or the judge is blind."""
        found = self._faults(scene, "stack")
        self.failed |= not found
        self._tell(scene, "stack", f"found, as it must be: {found[0]}" if found else "NOT FOUND")

    def _faults(self, scene: Scene, mode: str) -> list[str]:
        seen = measure(self._show, scene, mode, OUT)
        (OUT / f"{scene.file}.{mode}.json").write_text(json.dumps(seen, indent=1), encoding="utf-8")
        return faults(scene, seen, OUT)

    def _tell(self, scene: Scene, mode: str, found: str | list[str]) -> None:
        text = found if isinstance(found, str) else "; ".join(found[:3]) or "right"
        print(f"{scene.name} ({mode}): {text}", flush=True)  # noqa: T201 - a command


def table(cells: list[tuple[str, list[str]]], versions: str) -> str:
    """What each object is in each mode."""
    lines = [f"| {versions} | pictures | three cuts |", "| --- | --- | --- |"]
    lines += [f"| {title} | {' | '.join(said)} |" for title, said in cells]
    return "\n".join([_FIRST, *lines, _LAST])


def look_at_all(only: list[str]) -> int:
    """Look at all scenes, and at the controls; 1 if anything is wrong."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        files, home = Path(folder) / "files", Path(folder) / "archive"
        files.mkdir()
        home.mkdir()
        studio = Studio(files)
        scenes, controls = list(studio.scenes()), list(studio.controls())
        with orthanc(home) as archive, viewer(BUNDLE / "dist", f"http://127.0.0.1:{archive.http}") as show:
            for file in sorted(files.rglob("*.dcm")):
                archive.store(file)
            run = Run(show)
            for scene in scenes:
                if not only or scene.name in only:
                    run.look(scene)
            for scene in controls:
                if not only or scene.name in only:
                    run.control(scene)
            versions = _versions(archive, show)
    if not only:
        text, block = PAGE.read_text(encoding="utf-8"), table(run.cells, versions)
        PAGE.write_text(re.sub(f"{_FIRST}.*?{_LAST}", lambda _: block, text, flags=re.DOTALL), encoding="utf-8")
    print(f"The pictures are in {OUT.name}/: look at them")  # noqa: T201
    return int(run.failed)


def _versions(archive: Orthanc, show: Viewer) -> str:
    bundle = json.loads((BUNDLE / "package.json").read_text(encoding="utf-8"))["version"]
    return f"OHIF {bundle}, Chromium {show.browser}, Orthanc {json.loads(archive.get('system'))['Version']}"


def main(arguments: list[str]) -> int:
    """Look at all scenes, or at those that are named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scene", nargs="*")
    return look_at_all(parser.parse_args(arguments).scene)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
