"""Writes what follows from the catalogue: the operator classes, their stubs' source, and the docs pages.

`make generate` runs it; a test fails where the files are not what it would write.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from openquant import _core, events

_TYPES = {"float": "float", "int": "int", "bool": "bool", "names": "Sequence[str]"}


def operators_module() -> str:
    """Source of openquant/operators.py."""
    specs = _core.operators()
    names = ", ".join(f'"{s["name"]}"' for s in sorted(specs, key=lambda s: s["name"]))
    head = '"""The operators, one class each. Written by openquant.generate from the catalogue: do not edit."""\n\n'
    head += "from __future__ import annotations\n\nfrom typing import TYPE_CHECKING, ClassVar, Literal\n\n"
    head += "from openquant.operator import Operator\n\nif TYPE_CHECKING:\n    from collections.abc import Sequence\n\n"
    source = head + f"__all__ = [{names}]\n\n\n" + "\n\n".join(_operator_class(spec) for spec in specs)
    run = [sys.executable, "-m", "ruff", "format", "--line-length", "120", "-"]
    return subprocess.run(run, input=source, capture_output=True, text=True, check=True).stdout


def _operator_class(spec: _core.OperatorSpec) -> str:
    parameters = spec["parameters"]
    types = {p["name"]: _literal(p["choices"]) if p["choices"] else _TYPES[p["type"]] for p in parameters}
    required = tuple(i["name"] for i in spec["inputs"] if i["required"])
    optional = tuple(i["name"] for i in spec["inputs"] if not i["required"])
    lines = [f"class {spec['name']}(Operator):", f'    """{spec["doc"]}', "", "    Inputs:"]
    lines += [
        f"        {i['name']}: {i['type']} rows{'' if i['required'] else ' (optional)'}; {i['doc']}."
        for i in spec["inputs"]
    ]
    lines += ["    Output:", f"        {spec['output']} rows{', each symbol on its own' if spec['keyed'] else ''}."]
    if parameters:
        lines += ["    Args:", *(f"        {p['name']}: {_parameter_doc(p)}" for p in parameters)]
        lines += [
            "    Raises:",
            "        ValueError: a parameter is out of its range.",
            "        TypeError: a parameter is of another type.",
        ]
    lines += ["    Source:", f"        {spec['source']}.", '    """', ""]
    lines += [
        f"    inputs: ClassVar[tuple[str, ...]] = {required!r}",
        f"    optional_inputs: ClassVar[tuple[str, ...]] = {optional!r}",
    ]
    lines += [f"    output: ClassVar[str] = {spec['output']!r}"]
    lines += [f"    {name}: {hint}" for name, hint in types.items()]
    signature = "".join(f", {p['name']}: {types[p['name']]}{_default(p)}" for p in parameters)
    lines += ["", f"    def __init__(self{', *' if parameters else ''}{signature}) -> None:"]
    lines += [f"        super().__init__({', '.join(f'{name}={name}' for name in types)})"]
    return "\n".join(lines) + "\n"


def _default(parameter: _core.ParameterSpec) -> str:
    """Nothing for a list of names, which has to be given."""
    return "" if parameter["type"] == "names" else f" = {parameter['default']!r}"


def _literal(choices: list[str]) -> str:
    return f"Literal[{', '.join(repr(c) for c in choices)}]"


def _parameter_doc(parameter: _core.ParameterSpec) -> str:
    allowed = ", ".join(parameter["choices"]) if parameter["choices"] else parameter["range"]
    unit = f" [{parameter['unit']}]" if parameter["unit"] else ""
    return f"{parameter['doc']}{unit}" + ("." if parameter["type"] in ("bool", "names") else f"; {allowed}.")


def operator_page(spec: _core.OperatorSpec) -> str:
    """Markdown of docs/operators/<name>.md."""
    lines = [f"# {spec['name']}", "", spec["doc"], "", f"Source: {spec['source']}.", "", "## Inputs and output", ""]
    lines += ["| input | rows | | |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {i['name']} | {i['type']} | {'required' if i['required'] else 'optional'} | {i['doc']} |"
        for i in spec["inputs"]
    ]
    scope = "each symbol on its own" if spec["keyed"] else "all symbols together"
    lines += [
        "",
        "Rows with the same key are delivered in this order.",
        "",
        f"Output: `{spec['output']}` rows, {scope}.",
        "",
    ]
    lines += ["| column | kind | unit | |", "| --- | --- | --- | --- |"]
    lines += [f"| {f.name} | {f.kind} | {f.unit} | {f.doc} |" for f in events.by_name[spec["output"]].fields]
    if spec["parameters"]:
        lines += [
            "",
            "## Parameters",
            "",
            "| parameter | type | default | allowed | unit | |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for p in spec["parameters"]:
            allowed = ", ".join(p["choices"]) or ("" if p["type"] in ("bool", "names") else p["range"])
            default = "" if p["type"] == "names" else p["default"]
            lines.append(f"| {p['name']} | {p['type']} | {default} | {allowed} | {p['unit']} | {p['doc']} |")
    return "\n".join(lines) + "\n"


def index_page() -> str:
    """Markdown of docs/operators/README.md."""
    lines = [
        "# Operators",
        "",
        "Written by `make generate` from the catalogue.",
        "",
        "| operator | what it emits |",
        "| --- | --- |",
    ]
    lines += [f"| [{s['name']}]({_snake(s['name'])}.md) | {s['doc']} |" for s in _core.operators()]
    return "\n".join(lines) + "\n"


def core_stubs() -> dict[str, str]:
    """Stubs of the extension by file, as pybind11-stubgen reads it, with the shapes of the catalogue's dicts added."""
    with tempfile.TemporaryDirectory() as folder:
        run = [sys.executable, "-m", "pybind11_stubgen", "openquant._core", "-o", folder, "--exit-code"]
        subprocess.run(run, capture_output=True, check=True)
        package = Path(folder) / "openquant" / "_core"
        return {path.name: _core_stub(path.name, path.read_text()) for path in sorted(package.glob("*.pyi"))}


def _core_stub(name: str, stub: str) -> str:
    stub = stub.replace("def operators() -> list:", "def operators() -> list[OperatorSpec]:")
    stub = re.sub(r"\bdict\b(?!\[)", "dict[str, typing.Any]", stub)
    stub = stub.replace("values: list)", "values: list[int | float])")
    stub = re.sub(r"\blist\b(?=[,)]| =|:$)", "list[typing.Any]", stub, flags=re.M)
    stub = stub.replace("def event_types() -> list[typing.Any]:", "def event_types() -> list[EventTypeSpec]:")
    stub = re.sub(r"\btuple\b(?=:| =|[,)])", "tuple[typing.Any, ...]", stub)
    if "typing." in stub and "import typing" not in stub:
        stub = stub.replace(
            "from __future__ import annotations\n", "from __future__ import annotations\nimport typing\n"
        )
    source = stub.rstrip() + "\n\n" + (_SPECS if name == "__init__.pyi" else "")
    run = [sys.executable, "-m", "ruff", "format", "--line-length", "120", "--stdin-filename", name, "-"]
    return subprocess.run(run, input=source, capture_output=True, text=True, check=True).stdout


_SPECS = """
class ParameterSpec(typing.TypedDict):
    name: str
    type: str
    default: bool | int | float | str | list[str]
    unit: str
    range: str
    doc: str
    choices: list[str]

class InputSpec(typing.TypedDict):
    name: str
    type: str
    required: bool
    doc: str

class OperatorSpec(typing.TypedDict):
    name: str
    doc: str
    source: str
    inputs: list[InputSpec]
    output: str
    parameters: list[ParameterSpec]
    keyed: bool

class FieldSpec(typing.TypedDict):
    name: str
    kind: str
    unit: str
    doc: str
    required: bool
    choices: list[str]

class EventTypeSpec(typing.TypedDict):
    name: str
    doc: str
    fields: list[FieldSpec]
    offers: list[str]
"""


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def files(root: Path) -> dict[Path, str]:
    """Every generated file and its content."""
    out = {
        root / "python/openquant/operators.py": operators_module(),
        root / "docs/operators/README.md": index_page(),
    }
    out |= {root / f"python/openquant/_core/{name}": stub for name, stub in core_stubs().items()}
    for spec in _core.operators():
        out[root / f"docs/operators/{_snake(spec['name'])}.md"] = operator_page(spec)
    return out


def main() -> None:
    """Writes the files below the folder given, the project's root."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    for path, text in files(root).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
