"""Write what documents and manifest repeat of the package's tables, so that a new row appears there by itself.

``python scripts/tables.py`` writes them, ``--check`` names the files that would change and exits 1.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import fields
from pathlib import Path

from pydicom.datadict import dictionary_description, tag_for_keyword

from napari_dicom_writer.iods import IODS
from napari_dicom_writer.iods.statements import STATEMENTS
from napari_dicom_writer.options.export import ExportOptions
from napari_dicom_writer.standard.text import tag
from napari_dicom_writer.viewers import VIEWERS

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from judges.walk import attributes_of_objects

ROOT = Path(__file__).parents[1]
_ENUM = re.compile(r"^ {8}(\w+):\n(?: {10}.*\n)*? {10}enum: \[(.*)\]$", re.MULTILINE)


def manifest(text: str) -> str:
    """Give the preferences the choices of the options."""
    choices = {item.name: item.metadata.get("choices") for item in fields(ExportOptions)}

    def filled(match: re.Match[str]) -> str:
        known = choices.get(match[1])
        if not known:
            return match[0]
        # YAML takes a bare `off` for False.
        listed = ", ".join(f'"{choice}"' if choice in ("off", "on", "no", "yes") else str(choice) for choice in known)
        return match[0].replace(f"[{match[2]}]", f"[{listed}]")

    return _ENUM.sub(filled, text)


def objects(text: str) -> str:
    """List the objects between their two marks."""
    lines = ["| `object` | is | for | modality | made by itself of |", "| --- | --- | --- | --- | --- |"]
    for row in IODS.rows:
        modality = ", ".join(row.modalities) or "any"
        made = ", ".join(row.auto) or "nothing"
        lines.append(f"| `{row.key}` | {row.title} | {row.doc} | {modality} | {made} |")
    return _between("objects", lines, text)


def viewers(text: str) -> str:
    """List the programs that are judged between their two marks."""
    lines = ["| program | tested |", "| --- | --- |", *(f"| {v.name} | {v.tested} |" for v in VIEWERS)]
    return _between("viewers", lines, text)


def statements(text: str) -> str:
    """List where each attribute's value comes from, and in which objects it is, between their two marks."""
    written = attributes_of_objects()
    lines = ["| attribute | in | comes from | how |", "| --- | --- | --- | --- |"]
    for keyword, statement in sorted(STATEMENTS.items(), key=lambda row: int(tag_for_keyword(row[0]) or 0)):
        objects = written[keyword]
        where = "all" if len(objects) == len(IODS) else ", ".join(IODS.row(key).title for key in objects)
        source = f"`{statement.option}`" if statement.option else str(statement.source)
        lines.append(f"| {dictionary_description(keyword)} {tag(keyword)} | {where} | {source} | {statement.how} |")
    return _between("statements", lines, text)


def _between(name: str, lines: list[str], text: str) -> str:
    first, last = f"<!-- {name}: make tables -->", f"<!-- end of {name} -->"
    block = "\n".join([first, *lines, last])
    return re.sub(f"{first}.*?{last}", lambda _: block, text, flags=re.DOTALL)


FILES = {
    "src/napari_dicom_writer/napari.yaml": manifest,
    "README.md": objects,
    "docs/viewers.md": viewers,
    "docs/statements.md": statements,
}


def main(arguments: list[str]) -> int:
    """Write, or check."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, and exit 1 where something would change")
    check = parser.parse_args(arguments).check
    stale = 0
    for name, render in FILES.items():
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        if (new := render(text)) != text:
            stale += 1
            print(f"{name} {'is out of date: make tables' if check else 'written'}")  # noqa: T201 - a command
            if not check:
                path.write_text(new, encoding="utf-8")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
