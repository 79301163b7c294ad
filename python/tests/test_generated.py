"""What is written from the catalogue is up to date, and the package's types hold."""

from __future__ import annotations

import subprocess
import sys

from conftest import ROOT

import openquant
from openquant import generate


def test_generated_files_are_up_to_date() -> None:
    for path, text in generate.files(ROOT).items():
        assert path.exists() and path.read_text() == text, f"{path.relative_to(ROOT)} is stale: run make generate"


def test_every_operator_has_a_class_a_page_and_a_test() -> None:
    for spec in openquant._core.operators():
        names = {p["name"]: ("A", "B") for p in spec["parameters"] if p["type"] == "names"}  # which have no default
        operator = getattr(openquant, spec["name"])(**names)
        assert operator.parameters == {p["name"]: p["default"] for p in spec["parameters"]} | names
        assert all(part in operator.__doc__ for part in (spec["doc"], "Inputs:", "Output:", "Source:"))
        name = generate._snake(spec["name"])
        assert (ROOT / "docs" / "operators" / f"{name}.md").exists()
        assert (ROOT / "tests" / "operators" / f"{name}_test.cpp").exists()


def test_types() -> None:
    run = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
