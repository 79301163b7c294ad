# `make demo` and `make test` set up whatever a fresh Debian or Ubuntu machine lacks, then do their work.
SHELL := /bin/bash
PACKAGES := build-essential cmake ninja-build ccache python3-dev python3-venv zlib1g-dev libboost-dev libconcurrentqueue-dev \
            libeigen3-dev libsimdjson-dev libssl-dev catch2 libbenchmark-dev librapidcheck-dev valgrind
LINT_PACKAGES := clang-format-16 clang-tidy-16
PYTHON ?= python3
UV := $(shell command -v uv || echo .tools/bin/uv)
RUN := .venv/bin/python
SOURCES := $(shell git ls-files '*.hpp' '*.cpp' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help setup packages demo test test-cpp test-python sanitize accept-instructions bench bench-python bench-latency bench-live generate lint format wheel test-wheel clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 21

packages:
	@missing=$$(for p in $(PACKAGES); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  echo "installing Debian packages:" $$missing; \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq $$missing >/dev/null; \
	fi

.tools/bin/uv:
	$(PYTHON) -m venv .tools && .tools/bin/pip install --quiet uv

setup: packages $(filter .tools/bin/uv,$(UV))
	@$(UV) sync --quiet --group dev

demo: setup  ## replay real trades of BTC, ETH and SOL through one graph
	@$(RUN) -m openquant.demo

test: setup test-cpp test-python  ## all tests: C++, the installed library, Python

test-cpp: packages
	@mkdir -p build && cmake --preset dev >build/cmake-dev.log 2>&1 || { cat build/cmake-dev.log; exit 1; }
	@cmake --build --preset dev
	@ctest --preset dev
	@grep -h '^instructions: no baseline' build/dev/Testing/Temporary/LastTest.log || true
	@tests/install_test.sh build/dev

accept-instructions: packages  ## what the fixed replays cost now is what `make test` holds later builds to
	@cmake --preset dev >/dev/null && cmake --build --preset dev --target accept_instructions

test-python: setup
	@$(RUN) -m pytest -q

sanitize: packages  ## the C++ tests under the address, undefined-behaviour and thread sanitizers
	@for preset in asan tsan; do cmake --preset $$preset >/dev/null && cmake --build --preset $$preset && ctest --preset $$preset || exit 1; done

bench: setup  ## everything that is promised, next to peers: a table, and bench/results/latest.json (QUICK=1: only that it runs)
	@$(UV) sync --quiet --group dev --group peers || echo "the group peers does not install here"
	@$(RUN) bench/run.py $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))
	@$(if $(QUICK)$(ONLY),true,$(RUN) bench/readme.py --write)

bench-latency: setup  ## from a message's due time to its signal: percentiles at three rates, the parts, a mutex queue beside
	@cmake --preset release >/dev/null && cmake --build --preset release --target latency
	@build/release/bench/latency

bench-live: setup  ## decoding of venues' frames, a loopback websocket into a session, and a notebook that looks on
	@cmake --preset release >/dev/null && cmake --build --preset release --target decode loopback
	@build/release/bench/decode --benchmark_min_time=0.5
	@build/release/bench/loopback
	@$(RUN) python/benchmarks/benchmark_notebook.py

generate: setup  ## rewrite what follows from the catalogue: operator classes, stub, docs pages
	@$(RUN) -m openquant.generate .

lint: setup  ## clang-format, ruff, mypy, clang-tidy
	@for p in $(LINT_PACKAGES); do dpkg-query -W $$p >/dev/null 2>&1 || { sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); $$sudo apt-get install -y -qq $(LINT_PACKAGES) >/dev/null; }; done
	@clang-format-16 --dry-run --Werror $(SOURCES)
	@$(RUN) -m ruff check python bench && $(RUN) -m ruff format --check python bench
	@$(RUN) -m mypy
	@cmake --preset dev >/dev/null && clang-tidy-16 -p build/dev --quiet $(filter engine/%.cpp replay/%.cpp connectors/%.cpp,$(SOURCES))

format:  ## apply clang-format and ruff
	@clang-format-16 -i $(SOURCES)
	@$(RUN) -m ruff check --fix -q python bench; $(RUN) -m ruff format -q python bench

wheel: setup  ## a wheel in dist/
	@rm -rf dist && $(UV) build --wheel --no-build-isolation --quiet

test-wheel: wheel  ## the wheel, in a clean virtual environment, under the Python tests
	@UV=$(UV) tests/wheel_test.sh dist/*.whl

bench-python: setup  ## time of the batch API: a flywheel iteration, and the functions that make data ready
	@$(RUN) python/benchmarks/benchmark_pipeline.py --iterations 30 --bars 2048
	@$(RUN) python/benchmarks/benchmark_pipeline_memory.py
	@$(RUN) python/benchmarks/benchmark_data_processing.py

clean:  ## remove what was built
	rm -rf build dist
