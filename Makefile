# make report      measure what is due, build the site     SUITE=name MODELS="a b" MACHINE=name PROFILE=local|slurm|...
# make site        build the site from the runs that exist
# make serve       show the site in a browser                              PORT=8000
# make check       check all settings and do nothing else                  SUITE=name MODELS="a b" MACHINE=name
# make export      make the artefact of a finished run again               MODEL=name SUITE=name MACHINE=name
# make merge       take over the runs of another checkout                  FROM=folder
# make new-model   write a model's file                                    NAME=name ID=organization/model or a folder
# make quick       style, types and the fast tests
# make test        style, types and all tests
PYTHON ?= python3
SUITE ?= starter
PROFILE ?= local
PORT ?= 8000
# The recipes read these from the environment, letter by letter: else make runs what is in them, or the shell does.
MODEL_FROM := $(origin MODEL)
override SUITE := $(value SUITE)
override MODELS := $(value MODELS)
override MACHINE := $(value MACHINE)
override PROFILE := $(value PROFILE)
override MODEL := $(value MODEL)
override NAME := $(value NAME)
override ID := $(value ID)
override FROM := $(value FROM)
override PORT := $(value PORT)
override PYTHON := $(value PYTHON)
export SUITE MODELS MACHINE PROFILE MODEL NAME ID FROM PORT PYTHON
RUN := .venv/bin/python -m
READY := .venv/ready
CORES := -n auto --dist loadfile --no-loadscope-reorder    # a file's tests share what is slow to make; slow files first

.PHONY: help report site serve check export merge new-model lint quick test
help:
	@sed -n 's/^# make/make/p' Makefile

report: $(READY)
	$(if $(filter command,$(firstword $(MODEL_FROM))),$(error MODEL is not known: write MODELS="$(MODEL)"))
	@$(RUN) compactbench report --suite "$$SUITE" --models "$$MODELS" --machine "$$MACHINE" --profile "$$PROFILE"

site: $(READY)
	@$(RUN) compactbench site

serve: $(READY)
	@$(RUN) compactbench serve --port "$$PORT"

check: $(READY)
	@$(RUN) compactbench check --suite "$$SUITE" --models "$$MODELS" --machine "$$MACHINE"

export: $(READY)
	@$(RUN) compactbench export --suite "$$SUITE" --model "$$MODEL" --machine "$$MACHINE"

merge: $(READY)
	@$(RUN) compactbench merge --folder "$$FROM"

new-model: $(READY)
	@$(RUN) compactbench new-model --name "$$NAME" --id "$$ID"

lint: $(READY)
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) nbstripout --keep-id --verify notebooks/*.ipynb
	$(RUN) mypy

quick: lint
	$(RUN) pytest $(CORES) -m "not slow"

test: lint
	$(RUN) pytest $(CORES)

$(READY): pyproject.toml $(wildcard requirements.txt requirements/*.txt)
	@"$$PYTHON" compactbench/install.py
	@touch $@
