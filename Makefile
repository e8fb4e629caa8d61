# `make demo` and `make test` set up all they need in .venv-demo and .venv, from nothing but python3, git and make.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Of its own, so that no package of the tests hides one that the demo needs.
DEMO := .venv-demo
# Windows open on a virtual screen.
SCREEN := xvfb-run -a -s "-screen 0 1400x1000x24"

.PHONY: help demo test fuzz lint tables docs bench screenshots recording pictures viewers faults dist clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

demo: $(DEMO)/.demo-ready ## Export a phantom and a real scan to demo-out/, read them back, draw them
	rm -rf demo-out
	$(DEMO)/bin/napari-dicom-writer demo demo-out
	$(DEMO)/bin/python examples/nifti_to_dicom.py demo-out/scan
	@echo; echo "Look at the pictures: demo-out/*.png and demo-out/scan/*.png"

test: $(VENV)/.test-ready lint ## Run the whole suite, headless
	$(SCREEN) $(BIN)/python -m pytest -n 2 --dist loadgroup

fuzz: $(VENV)/.test-ready ## Export 2,000 layers and 2,000 scenes drawn at random, new ones each time, and have them judged by others
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-2000} $(BIN)/python -m pytest tests/fuzz -n 2

lint: $(VENV)/.test-ready ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

tables: $(VENV)/.test-ready ## Write what documents and manifest repeat of the package's tables
	$(BIN)/python scripts/tables.py

docs: $(VENV)/.docs-ready ## Build the documentation into site/; a dead link is an error
	$(BIN)/mkdocs build --strict

bench: $(VENV)/.bench-ready ## Measure speed and memory beside other packages, into benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks.run

screenshots: $(VENV)/.test-ready ## Take the pictures of the dock widget anew, into docs/images/
	xvfb-run -a -s "-screen 0 1600x1200x24" $(BIN)/python scripts/screenshots.py docs/images
	xvfb-run -a -s "-screen 0 1600x1200x24" $(BIN)/python scripts/screenshots_sending.py docs/images

recording: $(VENV)/.viewers-ready ## Record the whole way, from a scan in napari to OHIF, into docs/images/
	$(SCREEN) $(BIN)/python -W ignore scripts/recording.py docs/images/recording.gif

pictures: $(VENV)/.test-ready ## Draw a picture of each object as other programs read it, into docs/images/
	$(BIN)/python -W ignore scripts/object_pictures.py docs/images

viewers: $(VENV)/.viewers-ready ## Show each object in OHIF, judge what is drawn, write it into docs/viewers.md; pictures in viewers-out/
	$(BIN)/python scripts/viewers.py

faults: $(VENV)/.test-ready ## Kill, starve and disturb thousands of exports, and count what they leave in docs/reliability.md
	$(BIN)/python scripts/faults.py

dist: $(VENV)/.dist-ready ## Build wheel and sdist into dist/, check them, and try the wheel alone
	sh scripts/dist.sh $(VENV) $(PYTHON)

$(VENV)/.test-ready $(VENV)/.bench-ready $(VENV)/.dist-ready $(VENV)/.docs-ready $(VENV)/.viewers-ready $(DEMO)/.demo-ready: pyproject.toml scripts/setup.sh
	sh scripts/setup.sh $(PYTHON) $(@D) $(patsubst .%-ready,%,$(@F))
	touch $@

clean: ## Remove what the commands above made
	rm -rf $(VENV) $(DEMO) .viewers viewers-out demo-out .mypy_cache .ruff_cache .pytest_cache
