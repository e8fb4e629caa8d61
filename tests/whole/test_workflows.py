"""What GitHub runs: valid, pinned, of few rights, on all that is declared, and with commands that exist."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from judges.scripts import script

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yml"))}
JOBS = {f"{name}: {job}": spec for name, flow in WORKFLOWS.items() for job, spec in flow["jobs"].items()}
STEPS = [step for job in JOBS.values() for step in job.get("steps", ())]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_they_follow_the_schema_of_workflows():
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*check, *map(str, FOLDER.glob("*.yml"))], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout


def test_nothing_in_them_can_be_misused():
    audit = [Path(sys.executable).with_name("zizmor"), "--offline", "--min-severity", "medium", ROOT / ".github"]
    done = subprocess.run(audit, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", JOBS)
def test_a_job_has_an_end(name):
    assert "timeout-minutes" in JOBS[name] or "uses" in JOBS[name]  # of a called workflow, its own jobs have


def test_actions_are_pinned_to_a_commit_whose_version_is_said():
    used = re.findall(r"uses: (\S+)(.*)", "\n".join(p.read_text(encoding="utf-8") for p in FOLDER.glob("*.yml")))
    others = [(action, said) for action, said in used if not action.startswith("./")]
    assert others
    assert not [(a, s) for a, s in others if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", a) or not s.startswith(" # v")]
    assert len({a for a, _ in others}) == len({a.partition("@")[0] for a, _ in others}), "one action in two versions"


def test_only_what_publishes_may_write():
    writing = {name for name, job in JOBS.items() if "write" in job.get("permissions", {}).values()}
    assert writing == {"release.yml: publish", "release.yml: announce"}
    assert JOBS["release.yml: publish"]["permissions"] == {"id-token": "write"}
    assert all(set(flow["permissions"].values()) <= {"read", "none"} for flow in WORKFLOWS.values())


def test_a_release_waits_for_every_test():
    assert JOBS["release.yml: publish"]["needs"] == "test"
    assert JOBS["release.yml: test"] == {
        "needs": "agree",
        "permissions": {"contents": "read"},
        "uses": "./.github/workflows/test.yml",
    }
    # GitHub ends a workflow that waits for a group that its caller holds.
    assert WORKFLOWS["release.yml"]["concurrency"]["group"] == "release"


def test_every_python_that_is_declared_is_tried_and_the_ends_on_every_system():
    matrix = JOBS["test.yml: everywhere"]["strategy"]["matrix"]
    declared = [c.rpartition(":: ")[2] for c in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", c)]
    assert matrix["python"] == [declared[0], declared[-1]]
    assert {*matrix["python"], *(row["python"] for row in matrix["include"])} == set(declared)
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "windows", "macos"}
    assert {row["qt"] for row in matrix["include"]} == {"pyqt6", "pyside6"}


def test_what_they_run_is_there():
    commands = "\n".join(step["run"] for step in STEPS if "run" in step)
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    asked = set(re.findall(r"\bmake (\w+)", commands))
    assert {"docs", "dist", "viewers"} <= asked <= targets
    files = re.findall(r"(?:scripts|\.ci)/[\w.]+", commands)
    assert files
    assert not [file for file in files if not (ROOT / file).is_file()]


@pytest.fixture
def release(tmp_path):
    """A folder that says 1.2.3 everywhere, and the notes that a tag gets from it."""
    module = script("release_notes")
    for name in module.SAYS_VERSION:
        text = (ROOT / name).read_text(encoding="utf-8")
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(re.sub(r"\b0\.\d+\.\d+\b", "1.2.3", text), encoding="utf-8")
    changelog = (
        "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-12-01\n\n- New.\n\n## [1.2.2] - 2026-11-01\n\n- Old.\n"
    )
    (tmp_path / "CHANGELOG.md").write_text(changelog, encoding="utf-8")
    (tmp_path / "README.md").write_text("# A package\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[project]\n\n[project.urls]\n", encoding="utf-8")
    return tmp_path, lambda tag: module.notes(tag, tmp_path)


def test_a_release_says_what_the_changelog_says_of_it(release):
    _, notes = release
    assert notes("v1.2.3") == "- New."


@pytest.mark.parametrize(
    ("file", "old", "new", "tag", "said"),
    [
        ("README.md", "", "", "v1.2.4", "version.py says"),
        ("README.md", "", "", "v1.2", "recipe.yaml says"),
        ("README.md", "# A", "It is not on PyPI yet. A", "v1.2.3", "not on PyPI"),
        ("pyproject.toml", "[project.urls]", "", "v1.2.3", "no \\[project.urls\\]"),
        ("CHANGELOG.md", "## [1.2.3] - 2026-12-01", "## [1.2.3]", "v1.2.3", "no section"),
        ("CHANGELOG.md", "- New.", "", "v1.2.3", "no section"),
        ("CHANGELOG.md", "## [Unreleased]\n", "## [Unreleased]\n\n- More.\n", "v1.2.3", "under \\[Unreleased\\]"),
    ],
)
def test_a_release_that_disagrees_with_itself_is_stopped(release, file, old, new, tag, said):
    root, notes = release
    text = (root / file).read_text(encoding="utf-8")
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SystemExit, match=said):
        notes(tag)
