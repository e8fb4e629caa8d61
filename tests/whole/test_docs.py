"""The documentation is true: its Python runs, its commands are understood, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

import napari_dicom_writer
from napari_dicom_writer.cli import commands
from napari_dicom_writer.inputs.formats import FORMATS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
IDS = [str(page.relative_to(DOCS)) for page in PAGES]


def text_of(page):
    return page.read_text(encoding="utf-8")


def anchors(page):
    """What GitHub and MkDocs make of its headings."""
    headings = re.findall(r"^#+ (.*)$", text_of(page), flags=re.MULTILINE)
    return {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", heading.lower()).strip()) for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_python_blocks_run(tmp_path, monkeypatch, page):
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", text_of(page), flags=re.DOTALL):
        if "viewer" not in block:  # napari's, which tests/_napari opens
            exec(block, namespace)  # noqa: S102
    assert page.name != "objects.md" or list(tmp_path.rglob("*SEG*"))


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_are_understood(page):
    for command in re.findall(r"^    (napari-dicom-writer .*)$", text_of(page), flags=re.MULTILINE):
        if "[" not in command:  # which names what can be given
            assert commands._parsed(shlex.split(command)[1:]).run, command


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_a_page_begins_with_what_it_is_good_for(page):
    _, first, *_ = text_of(page).split("\n\n")
    assert first.startswith("After this page ") or page == DOCS / "index.md"


def test_the_python_page_shows_each_public_name_and_no_other():
    shown = []
    for block in text_of(DOCS / "api.md").split("\n::: ")[1:]:
        name, _, more = block.partition("\n")
        members = yaml.safe_load(more.partition("\n\n")[0] or "{}")
        shown += members["options"]["members"] if members else [name.rpartition(".")[2]]
    assert sorted(shown) == sorted({*napari_dicom_writer.__all__} - {"__version__"})


def pictures():
    """What documents show, by name, with the file."""
    pages = [*PAGES, ROOT / "README.md"]
    shown = [(page, name) for page in pages for name in re.findall(r"!\[[^]]*\]\(([^)\s]+)\)", text_of(page))]
    return {
        name.rpartition("/")[2]: DOCS / "images" / name.rpartition("/")[2] for _, name in shown if "badge" not in name
    }


@pytest.mark.parametrize("name", pictures())
def test_pictures_are_there_and_made_by_a_script(name):
    """So that they can be made anew when what they show changes."""
    scripts = "".join(text_of(script) for script in (ROOT / "scripts").glob("*.py")) + text_of(ROOT / "Makefile")
    stem = name.rpartition(".")[0]
    assert name in scripts or f'"{stem}"' in scripts or ('f"object-{' in scripts and name.startswith("object-"))
    picture = pictures()[name]
    assert 0 < picture.stat().st_size < (2_000_000 if picture.suffix == ".gif" else 250_000)


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.name)
def test_every_format_that_is_read_is_listed(row):
    names = re.findall(r"^\| (.*?) \|", text_of(DOCS / "files.md"), flags=re.MULTILINE)
    assert any(row.name.lower() in name.lower() for name in names)


def test_every_page_is_in_the_contents():
    listed = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    assert listed == set(IDS)


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda path: path.name)
def test_workflows_and_forms_are_yaml(path):
    assert yaml.safe_load(text_of(path))


@pytest.mark.parametrize("page", sorted((DOCS / "how-to").glob("*.md")), ids=lambda page: page.name)
def test_a_how_to_begins_with_what_its_reader_can_do_afterwards(page):
    assert re.match(r"# .+\n\nAfter this page ", text_of(page))
