#!/usr/bin/env bash
# Installs a wheel into a virtual environment of its own and runs the Python tests against it.
set -euo pipefail
wheel=$(realpath "$1")
cd "$(dirname "$0")/.."
uv=$(command -v "${UV:-uv}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$uv" venv --quiet --python "$(command -v python3)" "$folder"
"$uv" pip install --quiet --python "$folder/bin/python" --group dev "$wheel"
"$folder/bin/python" - "$folder" <<'PY'
import sys
import openquant
assert openquant.__file__.startswith(sys.argv[1]), f"{openquant.__file__} is not the wheel's"
PY
"$folder/bin/python" -m pytest -q
