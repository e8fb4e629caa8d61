"""Whatever the package imports is declared: what it always needs as a dependency, the rest in an extra."""

from __future__ import annotations

import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import yaml

from judges.imports import imports
from judges.scripts import script
from napari_dicom_writer.version import __version__

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "napari_dicom_writer"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
FOR_USERS = sorted(set(EXTRAS) - {"test", "bench", "docs", "dist", "dev", "viewers"})


def names(requirements):
    """Distributions that requirements name, with those of the project's own extras."""
    found = set()
    for requirement in requirements:
        name = re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")
        if name == PROJECT["name"]:
            for extra in re.search(r"\[(.*)\]", requirement)[1].split(","):
                found |= names(EXTRAS[extra])
        else:
            found.add(name)
    return found


@cache
def others():
    """(file, package, whether at the top) of every import of somebody else's package."""
    ours = {*sys.stdlib_module_names, SOURCE.name}
    found = {(path, one.package, one.at_top) for path in SOURCE.rglob("*.py") for one in imports(path)}
    return {row for row in found if row[1] not in ours}


@cache
def packages():
    return packages_distributions()


def distributions(module):
    return {name.lower().replace("_", "-") for name in packages()[module]}


def test_there_are_imports_to_look_at():
    assert {"numpy", "pydicom", "qtpy", "magicgui", "zarr"} <= {module for _, module, _ in others()}


def test_what_is_imported_is_declared():
    declared = names(PROJECT["dependencies"]).union(*(names(EXTRAS[extra]) for extra in FOR_USERS))
    assert not {module for _, module, _ in others() if not distributions(module) & declared}


def test_what_the_core_imports_at_its_top_is_a_dependency():
    at_top = {m for path, m, at_once in others() if at_once and path.relative_to(SOURCE).parts[0] != "_napari"}
    assert at_top
    assert not {m for m in at_top if not distributions(m) & names(PROJECT["dependencies"])}


def test_all_is_everything_that_users_need():
    beyond = {"distributed", "all"}
    wanted = set().union(*(names(EXTRAS[extra]) for extra in FOR_USERS if extra not in beyond))
    assert wanted <= names(EXTRAS["all"])


def test_the_lowest_versions_of_all_that_users_install_can_be_tried():
    minimums = script("minimums")
    assert {extra or "core" for extra in minimums.TRIES} == {"core", *FOR_USERS} - {"all", "widget"}  # of napari
    assert minimums.lowest(["a>=1.2,<3", "b[c]>=4; x == 'y'"]) == ["a==1.2", "b[c]==4; x == 'y'"]
    for extra in minimums.TRIES:
        wanted = EXTRAS[extra] if extra else PROJECT["dependencies"]
        assert all("==" in version for version in minimums.lowest(wanted)), "a version has no lower bound"


def test_every_python_that_is_declared_may_run_it():
    lowest = tuple(map(int, PROJECT["requires-python"].removeprefix(">=").split(".")))
    versions = [c.rpartition(":: ")[2] for c in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", c)]
    assert min(tuple(map(int, v.split("."))) for v in versions) == lowest


def test_what_pypi_shows_has_no_picture_or_link_that_leads_nowhere():
    hook = PYPROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    shown = (ROOT / hook["fragments"][0]["path"]).read_text(encoding="utf-8")
    assert "](docs/" in shown
    for change in hook["substitutions"]:
        shown = re.sub(change["pattern"], change["replacement"], shown)
    assert "![" not in shown
    assert all(link.startswith("https://") for link in re.findall(r"\]\(([^)]*)\)", shown))
    assert not re.search(r"^\*[^*]+\*$", shown, re.MULTILINE), "a caption without its picture"
    assert all(f"\n## {heading}\n" in shown for heading in ("Install", "In napari", "In Python", "Limits"))


def test_the_recipe_for_conda_asks_for_the_same():
    recipe = yaml.safe_load((ROOT / "packaging" / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
    asked = recipe["requirements"]
    assert recipe["package"] == {"name": PROJECT["name"], "version": __version__}
    assert recipe["build"]["python"]["entry_points"] == [f"{k} = {v}" for k, v in PROJECT["scripts"].items()]
    assert recipe["about"]["summary"] == PROJECT["description"]
    assert asked["host"][0] == asked["run"][0] == f"python {PROJECT['requires-python']}"
    assert asked["host"][2:] == [of_conda(one) for one in PYPROJECT["build-system"]["requires"]]
    assert asked["run"][1:] == [of_conda(one) for one in PROJECT["dependencies"]]
    extras = {of_conda(one) for extra in FOR_USERS if extra not in {"all", "demo"} for one in EXTRAS[extra]}
    assert asked["run_constraints"] == sorted(extras, key=lambda one: one.split()[0])


def of_conda(requirement):
    name, bounds = re.fullmatch(r"([\w.-]+)(?:\[.*\])?([^;]*)(?:;.*)?", requirement).groups()
    return f"{name.lower()} {bounds}"
