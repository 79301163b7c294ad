"""What a docstring says: sections in one form, every argument by its name, and examples that run."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import openquant

MODULES = (
    "adapters",
    "bars",
    "bet_sizing",
    "data",
    "filters",
    "labeling",
    "pipeline",
    "portfolio",
    "research",
    "risk",
    "sampling",
    "viz",
)
SECTIONS = ("Args", "Returns", "Raises", "Warns", "Source")
FUNCTIONS = [
    pytest.param(value, id=f"{module}.{name}")
    for module in MODULES
    for name in importlib.import_module(f"openquant.{module}").__all__
    if inspect.isfunction(value := getattr(importlib.import_module(f"openquant.{module}"), name))
]
WITH_EXAMPLES = (
    "openquant",
    "openquant.events",
    "openquant.journal",
    "openquant.signal_buffer",
    *(f"openquant.{module}" for module in MODULES),
)


def sections(doc: str) -> dict[str, str]:
    """The indented text under each section's name, which stands on its own line."""
    found = re.findall(r"(?m)^(\w+):\n((?:(?: {4}.*)?\n)+)", doc + "\n")
    return {name: inspect.cleandoc(text) for name, text in found}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_sections(function: Callable[..., Any]) -> None:
    doc = inspect.getdoc(function) or ""
    told = sections(doc)
    arguments = list(inspect.signature(function).parameters)
    wanted = [s for s in SECTIONS if (s in told if s == "Warns" else s != "Args" or arguments)]
    assert list(told) == wanted, "sections, in this order"
    assert [line for line in re.findall(r"(?m)^ *(\w+):", doc) if line in SECTIONS] == wanted, (
        "each once, on its own line"
    )
    assert all(told.values())
    assert re.findall(r"(?m)^(\w+): \S", told.get("Args", "")) == arguments, "every argument, in the signature's order"
    assert re.findall(r"(?m)^(\w+)(?:: \S)", told["Raises"]), "exceptions by name"
    assert re.search(r"(?m)^>>> ", doc), "an example"
    assert doc.index("\nSource:") < doc.index("\n>>> ")
    summary, blank, *_ = doc.splitlines()
    assert summary.endswith((".", ":")) and not blank


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_examples(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried > 0 and failed == 0


def test_no_example_is_left_out() -> None:
    for file in Path(openquant.__file__).parent.glob("*.py"):
        name = "openquant" if file.stem == "__init__" else f"openquant.{file.stem}"
        assert name in WITH_EXAMPLES or ">>> " not in file.read_text(encoding="utf-8"), (
            f"{name}: examples that no test runs"
        )
