# make report      measure what is due on this machine and build the site     SUITE= MODELS="a b" MACHINE= narrow or name it
# make site        build the site from the runs that exist, measuring nothing
# make export      make the artefact of a finished run again: MODEL= SUITE= MACHINE=
# make new-model   write a contender's file: NAME=my-model ID=organization/model, or ID=a folder
# make serve       read the site in a browser
# make test        the whole test suite
PYTHON ?= python3
SUITE ?= starter
MODELS ?=
MACHINE ?=
MODEL ?=
NAME ?=
ID ?=
PORT ?= 8000
BIN := .venv/bin
READY := .venv/ready

.PHONY: report site serve export new-model test check
report: $(READY)
	$(if $(filter command,$(firstword $(origin MODEL))),$(error MODEL is not known: write MODELS="$(MODEL)"))
	@$(BIN)/python -m compactbench report --suite "$(SUITE)" --models "$(MODELS)" --machine "$(MACHINE)"

check: $(READY)
	@$(BIN)/python -m compactbench check --suite "$(SUITE)" --models "$(MODELS)"

site: $(READY)
	@$(BIN)/python -m compactbench site

export: $(READY)
	@$(BIN)/python -m compactbench export --suite "$(SUITE)" --models "$(MODEL)" --machine "$(MACHINE)"

new-model: $(READY)
	@$(BIN)/python -m compactbench new-model --models "$(NAME)" --id "$(ID)"

serve:
	@echo "http://localhost:$(PORT)/"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory book/_build/html

test: $(READY)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m pytest

$(READY): requirements.txt pyproject.toml
	@echo "Installing into .venv, which takes some minutes the first time"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
