"""The menu paths that the documents name are those that napari shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from napari._qt.dialogs.preferences_dialog import PreferencesDialog

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Bold, as a document leads somewhere: **File > Save Selected Layers…**
_PATH = re.compile(r"\*\*(\w[^*>]*(?:\s+>\s+[^*>]+)+)\*\*")


def _plain(text: str) -> str:
    return " ".join(text.replace("&", "").replace("...", "…").split())


def _named() -> dict[str, list[str]]:
    """Path → the documents that name it."""
    found: dict[str, list[str]] = {}
    for document in DOCUMENTS:
        for path in _PATH.findall(document.read_text(encoding="utf-8")):
            found.setdefault(_plain(path), []).append(document.name)
    return found


def _menu_paths(menu, above: tuple[str, ...]) -> Iterator[str]:
    menu.aboutToShow.emit()  # napari fills some then
    for action in menu.actions():
        path = (*above, _plain(action.text()))
        yield " > ".join(path)
        if action.menu():
            yield from _menu_paths(action.menu(), path)


def test_they_are_those_that_napari_shows(viewer):
    window = viewer.window
    shown = {p for top in window.main_menu.actions() for p in _menu_paths(top.menu(), (_plain(top.text()),))}
    dialog = PreferencesDialog(parent=window._qt_window)
    pages = [dialog._list.item(row).text() for row in range(dialog._list.count())]
    dialog.close()
    shown |= {f"File > Preferences > {page}" for page in pages}
    named = _named()
    assert {path: where for path, where in named.items() if path not in shown} == {}
    assert {path.partition(" > ")[0] for path in named} >= {"File", "Layers", "Plugins"}, "hardly any was found"
