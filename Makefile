# Needs nothing but python3 (3.11 to 3.13) and make; "make" alone lists what there is.

PYTHON ?= python3
CONFIG ?= configs/default.yaml
VENV := .venv
INSTALLED := $(VENV)/installed
BENCH := $(VENV)/installed-bench
PIPELINE := DIABETES_PIPELINE_MAKE=1 $(VENV)/bin/python -m pipeline
PYTEST := $(VENV)/bin/python -m pytest --numprocesses 2 --dist worksteal

# A variable as one word of the shell, whatever is in it; the program splits SET. None is handed on for make to expand.
unexport CONFIG DATA TARGET SET RUN WITH CODE INPUT OUTPUT TO PORT KEEP DASK
quoted = '$(subst ','\'',$(value $(1)))'
given = $(if $(value $(2)),$(1) $(call quoted,$(2)))
needed = $(foreach name,$(1),$(if $(value $(name)),,$(error $(name) is missing; type: $(2))))
FULLY = $(if $(FULL),--full)
THE_RUN = $(if $(value RUN),$(call quoted,RUN),models/latest)
ARGUMENTS = $(call quoted,CONFIG) $(call given,--data,DATA) $(call given,--set,SET)
OPEN = if [ "$$(uname)" = Darwin ]; then open "$$file"; \
	elif [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		xdg-open "$$file" >/dev/null 2>&1 || $(VENV)/bin/python -m webbrowser "file://$(CURDIR)/$$file" >/dev/null 2>&1; \
	fi || true

.PHONY: help train evaluate report compare runs check explain init study predict export serve synthesize fetch
.PHONY: install test slow other-processor lint types bench coverage recipes planted planted-faults peers same-figures torture lock

help:                     ## this list; with ALL=1 also what is for work on the project
	@$(PYTHON) -c 'import re, textwrap; \
	lines = re.findall(r"^(?:([a-z-]+):[^=\n]*?)?## ?(.*)", open("Makefile").read()$(if $(ALL),,.split("\n##\n## To work on")[0]), re.M); \
	[print(textwrap.fill(text, 80, initial_indent=f"{name:<16}", subsequent_indent=" " * 16) if name else text) for name, text in lines]'

##
## CONFIG=FILE, DATA=FILE, SET="key=value key=value" and FULL=1 go with train,
## evaluate, check and study; RUN=NAME goes with what reads a run.
train: $(INSTALLED)       ## train, test and judge a network, and save the run
	@$(PIPELINE) train $(ARGUMENTS) $(FULLY)

evaluate: $(INSTALLED)    ## the figures again; trains first if config or data changed
	@$(PIPELINE) $(if $(value RUN),evaluate $(THE_RUN) $(call given,--data,DATA),train --if-changed $(ARGUMENTS)) $(FULLY)

report: $(INSTALLED)      ## the run as one page, opened where there is a screen
	@file=$$($(PIPELINE) report $(THE_RUN)) || exit $$?; echo "$$file"; $(OPEN)

compare: $(INSTALLED)     ## what changed between the two newest runs, or RUN and WITH
	@$(PIPELINE) compare $(if $(value RUN),$(THE_RUN)) $(if $(value WITH),$(call quoted,WITH))

runs: $(INSTALLED)        ## the saved runs with their accuracies; KEEP=10 removes the others
	@$(PIPELINE) runs $(call given,--keep,KEEP)

check: $(INSTALLED)       ## the findings about config and data, without training
	@$(PIPELINE) check $(ARGUMENTS) $(FULLY)

explain: $(INSTALLED)     ## what a finding means and how to fix it: CODE=D205, or none
	@$(PIPELINE) explain $(if $(value CODE),$(call quoted,CODE))

init: CONFIG :=
init: $(INSTALLED)        ## a config for a file of yours: DATA=mine.csv TARGET=column
	@$(PIPELINE) init $(if $(value DATA),$(call quoted,DATA) $(if $(value CONFIG),$(call quoted,CONFIG))) \
		$(call given,--target,TARGET) $(call given,--set,SET)

study: CONFIG := configs/study.yaml
study: $(INSTALLED)       ## thousands of networks over a grid of slopes; DASK=local:2
	@$(PIPELINE) study $(ARGUMENTS) $(call given,--dask,DASK) $(FULLY) || exit $$?; \
	file=$$(ls -t studies/*/report.html 2>/dev/null | head -n 1); [ -n "$$file" ] || exit 0; echo "$$file"; $(OPEN)

predict: $(INSTALLED)     ## score a file: INPUT=mine.csv OUTPUT=scored.csv
	@$(call needed,INPUT OUTPUT,make predict INPUT=mine.csv OUTPUT=scored.csv)
	@$(PIPELINE) predict $(call quoted,INPUT) $(call quoted,OUTPUT) --run $(THE_RUN)

export: $(INSTALLED)      ## the model for others: TO=onnx|keras|joblib OUTPUT=mine.onnx
	@$(call needed,TO OUTPUT,make export TO=onnx OUTPUT=mine.onnx)
	@$(PIPELINE) export $(THE_RUN) --to $(call quoted,TO) $(call quoted,OUTPUT)

serve: $(INSTALLED)       ## answer over HTTP and show a web page; PORT=8000
	@$(PIPELINE) serve $(THE_RUN) $(call given,--port,PORT)

synthesize: $(INSTALLED)  ## made-up rows that behave like the data: OUTPUT=twin.csv
	@$(call needed,OUTPUT,make synthesize OUTPUT=twin.csv)
	@$(PIPELINE) synthesize $(call quoted,OUTPUT)

fetch: $(INSTALLED)       ## the article's data, into data/article.csv
	@$(PIPELINE) fetch

##
## To work on the project itself:
install: $(INSTALLED)     ## set up .venv, as every command does before its first run

# Made again only when the lock changes, and from nothing, so that no package of an older lock stays behind.
$(INSTALLED): requirements.lock
	@echo "Installing TensorFlow and what else is needed into $(VENV): 3.4 GB, a minute or more ..." >&2
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# The same versions as in requirements.lock, and what is compared with besides.
$(BENCH): requirements-bench.lock $(INSTALLED)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

test: lint types          ## lint, types, tests
	$(PYTEST)

slow: $(INSTALLED)        ## the tests that test leaves out; SLOW="more words for pytest"
	$(PYTEST) -m slow $(SLOW)

# Eight minutes of Keras, whose figures are compared within a point: the processor has no say in that.
KERAS_20 := tests/network/test_train.py::test_after_100_epochs_the_mean_test_accuracy_of_20_starts_is_the_same_within_a_point

# The names of NumPy's instructions are asked of the installed NumPy: it warns of others, and refuses those that it needs.
other-processor: $(INSTALLED)  ## tests of engines and exports, without AVX-512
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

bench: $(BENCH)           ## speed beside Keras, JAX and others; a quarter of an hour
	$(VENV)/bin/python -m tests.bench.bench
	$(VENV)/bin/python -m tests.bench.use

coverage: $(INSTALLED)    ## how often the intervals hold the truth; a quarter of an hour
	$(VENV)/bin/python -m tests.simulation.coverage
	$(VENV)/bin/python -m tests.simulation.sets

recipes: $(INSTALLED)     ## the network on clinical tables; PART="iris"; an hour or two
	$(VENV)/bin/python -m tests.simulation.recipes $(PART)

planted: $(INSTALLED)     ## how often a study finds a planted truth; some four minutes
	$(VENV)/bin/python -m tests.simulation.planted

planted-faults: $(INSTALLED) ## what the findings catch of planted faults; PART="sweep"; an hour
	$(VENV)/bin/python -m tests.planted.planted_faults $(PART)

# Their pins are others than ours, so they have an environment of their own, and no lock: they are only compared with.
peers:                    ## deepchecks, cleanlab and ydata-profiling, for planted-faults
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check \
		$$($(PYTHON) -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['peers'])")

same-figures: $(INSTALLED) ## the same figures as at a commit? SINCE=COMMIT; twenty minutes
	$(VENV)/bin/python -m tests.same_figures $(SINCE)

torture: $(INSTALLED)     ## spoiled files, kills, load; PART="csv"; a quarter of an hour
	$(VENV)/bin/python -m tests.torture.torture $(PART)

COMPILE := uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock"

lock:                     ## resolve the three locks anew; needs uv
	$(COMPILE) --extra dev pyproject.toml --output-file requirements.lock
	$(COMPILE) --extra bench --constraint requirements.lock pyproject.toml --output-file requirements-bench.lock
	$(COMPILE) --group container --constraint requirements.lock --output-file pipeline/serve/requirements.lock
