"""Print what CHANGELOG.md says of a release, if its tag, the version, the recipe and the changelog agree.

python scripts/release_notes.py v1.2.3
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SAYS_VERSION = {
    "src/napari_dicom_writer/version.py": r'^__version__ = "(.+)"$',
    "packaging/conda/recipe.yaml": r"^  version: (.+)$",
}


def notes(tag: str, root: Path = ROOT) -> str:
    """What the changelog says of the release with a tag.

    Raises
    ------
    SystemExit
        With all that does not agree with the tag.
    """
    version, wrong = tag.removeprefix("v"), list[str]()
    for name, pattern in SAYS_VERSION.items():
        found = re.findall(pattern, (root / name).read_text(encoding="utf-8"), re.MULTILINE)
        if found != [version]:
            wrong.append(f"{name} says {found}, the tag {version}: change it")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## \[(.+?)\](.*?)(?=^## \[|\Z)", changelog, re.MULTILINE | re.DOTALL))
    date, _, text = sections.get(version, "").partition("\n")
    if not re.fullmatch(r" - \d{4}-\d\d-\d\d", date) or not text.strip():
        wrong.append(f"CHANGELOG.md has no section '## [{version}] - YYYY-MM-DD' with text: write it")
    if sections.get("Unreleased", "").strip():
        wrong.append(f"CHANGELOG.md has changes under [Unreleased]: move them to [{version}]")
    if "not on PyPI yet" in (root / "README.md").read_text(encoding="utf-8"):
        wrong.append("README.md says that it is not on PyPI yet: say how it is installed from there")
    if "\n[project.urls]\n" not in (root / "pyproject.toml").read_text(encoding="utf-8"):
        wrong.append("pyproject.toml has no [project.urls]: say where source, documentation and issues are")
    if wrong:
        raise SystemExit("\n".join(wrong))
    return text.strip()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python scripts/release_notes.py TAG")
    print(notes(sys.argv[1]))  # noqa: T201 - a command
