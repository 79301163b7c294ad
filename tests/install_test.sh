#!/usr/bin/env bash
# Installs the library of build folder $1 into a fresh prefix, builds the example against it with find_package, runs it.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" >/dev/null
cmake -S "$root/examples" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/build" >/dev/null
sample=$root/data/binance_spot_btc_eth_sol_20250325.csv.gz
bars=$("$work/build/replay" "$sample" 100000 | grep -c '^[0-9]* open ')
[ "$bars" -gt 10 ] || { echo "install test: $bars bars printed"; exit 1; }
if "$work/build/replay" /nonexistent 2>/dev/null; then echo "install test: a missing file was not refused"; exit 1; fi
echo "install test: 1 passed, the installed example printed $bars bars"
