"""Write what documents and manifest repeat of the package's tables, so that a new row appears there by itself.

``python scripts/tables.py`` writes them, ``--check`` names the files that would change and exits 1.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any

from pydicom.datadict import dictionary_description, tag_for_keyword
from pydicom.uid import UID

from napari_dicom_writer.cli.arguments import headings, on_command_line
from napari_dicom_writer.destinations import DESTINATIONS
from napari_dicom_writer.destinations.network.peers import ASSOCIATIONS
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.iods.statements import STATEMENTS
from napari_dicom_writer.options.export import ExportOptions
from napari_dicom_writer.options.fields import kinds
from napari_dicom_writer.standard.text import tag
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax
from napari_dicom_writer.standard.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from napari_dicom_writer.version import __version__
from napari_dicom_writer.viewers import VIEWERS

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from judges.walk import attributes_of_objects, classes_of_objects

ROOT = Path(__file__).parents[1]
_NEWER = {"1.2.840.10008.5.1.4.1.1.66.7": "Label Map Segmentation Storage"}  # than pydicom's dictionary
_FEW = 12  # choices that are listed
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
    lines = ["| `object` | is | for | modality | `auto` chooses it for |", "| --- | --- | --- | --- | --- |"]
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


def options(text: str) -> str:
    """List every option, with its spelling in Python and on the command line, between their two marks."""
    lines = []
    for heading, items in headings().items():
        nested = kinds(ExportOptions).get(heading)
        members = fields(nested) if is_dataclass(nested) else ()
        lines += [
            f"## {'PET' if heading == 'pet' else heading.capitalize()}",
            "",
            "| Python | command line | is | default |",
            "| --- | --- | --- | --- |",
        ]
        for prefix, item in [*(("", one) for one in items), *((f"{heading}.", one) for one in members)]:
            lines.append(_option(prefix + item.name, item))
        lines.append("")
    return _between("options", lines, text)


def _option(name: str, item: Field[Any]) -> str:
    choices = [f"`{choice}`" for choice in item.metadata.get("choices") or () if choice != ""]
    listed = f"; one of {', '.join(choices)}" if 0 < len(choices) <= _FEW else ""
    default = "" if item.default in (None, "", MISSING) else f"`{item.default}`"
    doc = item.metadata["doc"].replace("|", "\\|")
    flag = "--set, --attributes" if name == "attributes" else on_command_line(name, None)
    return f"| `{name}` | `{flag}` | {doc}{listed} | {default} |"


def conformance(text: str) -> str:
    """List SOP Classes, transfer syntaxes and destinations, each between its two marks."""
    pairs = [(key, uid) for key, uids in classes_of_objects().items() for uid in sorted(uids)]
    classes = [f"| {_NEWER.get(uid) or UID(uid).name} | {uid} | `{key}` |" for key, uid in pairs]
    syntaxes = [f"| {s.uid.name} | {s.uid} | {_kept(s)} |" for s in TransferSyntax]
    places = [f"| `{key}` | {kind.words} |" for key, kind in DESTINATIONS.items()]
    communication = {
        "associations at once": f"up to {ASSOCIATIONS} to one peer, or as its address says",
        "outstanding operations": "1 (no asynchronous window)",
        "Implementation Class UID": IMPLEMENTATION_CLASS_UID,
        "Implementation Version Name": IMPLEMENTATION_VERSION_NAME,
    }
    said = [f"| {name} | {value} |" for name, value in communication.items()]
    product = ["| product | version |", "| --- | --- |", f"| napari-dicom-writer | {__version__} |"]
    text = _between("product", product, text)
    text = _between("communication", ["| | |", "| --- | --- |", *said], text)
    text = _between("classes", ["| SOP Class | UID | `object` |", "| --- | --- | --- |", *classes], text)
    text = _between("syntaxes", ["| transfer syntax | UID | pixels |", "| --- | --- | --- |", *syntaxes], text)
    return _between("destinations", ["| destination | is |", "| --- | --- |", *places], text)


def _kept(syntax: TransferSyntax) -> str:
    return "kept exactly" if syntax.lossless else "changed, by what the plan says"


def _between(name: str, lines: list[str], text: str) -> str:
    first, last = f"<!-- {name}: make tables -->", f"<!-- end of {name} -->"
    block = "\n".join([first, *lines, last])
    return re.sub(f"{first}.*?{last}", lambda _: block, text, flags=re.DOTALL)


FILES = {
    "src/napari_dicom_writer/napari.yaml": manifest,
    "docs/viewers.md": viewers,
    "docs/objects.md": objects,
    "docs/statements.md": statements,
    "docs/conformance.md": conformance,
    "docs/options.md": options,
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
