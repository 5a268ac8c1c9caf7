# Needs nothing but python3 (3.11 to 3.13) and make. Variables: CONFIG, DATA (a file of rows), TARGET (a column), SET ("key=value key=value";
# values may hold spaces, brackets and quotes).

PYTHON ?= python3
CONFIG ?= configs/default.yaml
VENV := .venv
INSTALLED := $(VENV)/installed
BENCH := $(VENV)/installed-bench
RUN := DIABETES_PIPELINE_MAKE=1 $(VENV)/bin/python -m pipeline
PYTEST := $(VENV)/bin/python -m pytest --numprocesses 2 --dist worksteal

# A variable as one word of the shell, whatever is in it; the program splits SET. None is handed on for make to expand.
unexport CONFIG DATA TARGET SET
quoted = '$(subst ','\'',$(value $(1)))'
ARGUMENTS = $(call quoted,CONFIG) $(if $(value DATA),--data $(call quoted,DATA)) $(if $(value SET),--set $(call quoted,SET))

.PHONY: train evaluate report study check init runs fetch install test slow other-processor lint types bench coverage recipes planted planted-faults peers same-figures torture lock

train: $(INSTALLED)       ## all stages; writes a run
	@$(RUN) train $(ARGUMENTS)

evaluate: $(INSTALLED)    ## the figures of the newest run again; trains first if its config or data changed
	@$(RUN) train --if-changed $(ARGUMENTS)

report: $(INSTALLED)      ## one HTML file about the newest run; opens it where there is a screen
	@file=$$($(RUN) report) || exit $$?; echo "$$file"; \
	if [ "$$(uname)" = Darwin ]; then open "$$file"; \
	elif [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		xdg-open "$$file" >/dev/null 2>&1 || $(VENV)/bin/python -m webbrowser "file://$(CURDIR)/$$file" >/dev/null 2>&1; \
	fi || true

study: CONFIG := configs/study.yaml
study: $(INSTALLED)       ## thousands of networks over a grid of slopes; DASK=local:2 or an address for a cluster
	@$(RUN) study $(ARGUMENTS) $(if $(DASK),--dask $(DASK))

check: $(INSTALLED)       ## findings about config and data, without training
	@$(RUN) check $(ARGUMENTS)

init: CONFIG :=
init: $(INSTALLED)        ## a commented config for a file of yours: DATA=mine.csv TARGET=column
	@$(RUN) init $(if $(value DATA),$(call quoted,DATA) $(if $(value CONFIG),$(call quoted,CONFIG))) \
		$(if $(value TARGET),--target $(call quoted,TARGET)) $(if $(value SET),--set $(call quoted,SET))

runs: $(INSTALLED)        ## the runs side by side
	@$(RUN) runs

fetch: $(INSTALLED)       ## the article's file, into data/article.csv
	@$(RUN) fetch

install: $(INSTALLED)

# Made again only when the lock changes, and from nothing, so that no package of an older lock stays behind.
$(INSTALLED): requirements.lock
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# The same versions as in requirements.lock, and what is compared with besides.
$(BENCH): requirements-bench.lock $(INSTALLED)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

test: lint types          ## lint, types, tests
	$(PYTEST)

slow: $(INSTALLED)        ## the tests that take long, which test leaves out; SLOW="more words for pytest"
	$(PYTEST) -m slow $(SLOW)

# Eight minutes of Keras, whose figures are compared within a point: the processor has no say in that.
KERAS_20 := tests/network/test_train.py::test_after_100_epochs_the_mean_test_accuracy_of_20_starts_is_the_same_within_a_point

# The names of NumPy's instructions are asked of the installed NumPy: it warns of others, and refuses those that it needs.
other-processor: $(INSTALLED)  ## what compares engines and exports, once more as a processor without AVX-512 adds
	avx512=$$($(VENV)/bin/python -c "from numpy._core._multiarray_umath import __cpu_dispatch__ as names; \
		print(*(name for name in names if name.startswith(('AVX512', 'X86_V4'))))") && \
	XLA_FLAGS=--xla_cpu_max_isa=AVX2 NPY_DISABLE_CPU_FEATURES="$$avx512" $(PYTEST) -m arithmetic --deselect $(KERAS_20)

lint: $(INSTALLED)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports

.PHONY: pictures
pictures: $(INSTALLED)    ## the pictures of README.md; needs Chromium
	$(VENV)/bin/python -m tests.pictures

types: $(INSTALLED)
	$(VENV)/bin/mypy

bench: $(BENCH)           ## speed beside Keras, scikit-learn, JAX, PyTorch, pyarrow and FastAPI, and how it grows; a quarter of an hour
	$(VENV)/bin/python -m tests.bench.bench
	$(VENV)/bin/python -m tests.bench.use

coverage: $(INSTALLED)    ## how often the intervals and sets hold the truth, in simulation; a quarter of an hour
	$(VENV)/bin/python -m tests.simulation.coverage
	$(VENV)/bin/python -m tests.simulation.sets

recipes: $(INSTALLED)     ## the network beside tuned baselines on clinical tables; PART="network iris" for some; an hour or two
	$(VENV)/bin/python -m tests.simulation.recipes $(PART)

planted: $(INSTALLED)     ## how often a study finds a truth that was planted, in simulation; some four minutes
	$(VENV)/bin/python -m tests.simulation.planted

planted-faults: $(INSTALLED) ## what the findings catch of 35 planted faults, and their false alarms; PART="faults sweep" for some; an hour
	$(VENV)/bin/python -m tests.planted.planted_faults $(PART)

# Their pins are others than ours, so they have an environment of their own, and no lock: they are only compared with.
peers:                    ## deepchecks, cleanlab and ydata-profiling beside this project, for make planted-faults
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check \
		$$($(PYTHON) -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['peers'])")

same-figures: $(INSTALLED) ## whether every command gives the same figures as at an earlier commit: SINCE=COMMIT; some twenty minutes
	$(VENV)/bin/python -m tests.same_figures $(SINCE)

torture: $(INSTALLED)     ## spoiled files, runs made to do harm, kills, full disks, load; PART="csv yaml" for some; a quarter of an hour
	$(VENV)/bin/python -m tests.torture.torture $(PART)

COMPILE := uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock"

lock:                     ## resolve both locks anew; needs uv
	$(COMPILE) --extra dev pyproject.toml --output-file requirements.lock
	$(COMPILE) --extra bench --constraint requirements.lock pyproject.toml --output-file requirements-bench.lock
