# The front door: every target sets up what it needs.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# Half of a run waits for processes of its own, so there are two workers a core.
WORKERS ?= $(shell echo $$(($$(nproc) * 2)))
PYTEST := $(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: demo office-demo test test-all foreign violence night check bench clean install uninstall bundle lock test-install test-machine

# All of it by hash, as the terminal's own dependencies: what is exchanged here would run beside the signing key.
PIP    := $(BIN)/pip install --quiet --disable-pip-version-check
$(READY): pyproject.toml systemd/requirements-dev.lock systemd/requirements-build.lock
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r systemd/requirements-build.lock
	$(PIP) --require-hashes --no-build-isolation --use-pep517 -r systemd/requirements-dev.lock
	$(PIP) --no-deps --no-build-isolation --no-index --editable .
	@touch $@

demo: $(READY)  ## the whole product on a desktop
	$(BIN)/netgiro-terminal demo $(ARGS)

office-demo: $(READY)  ## a chain's head office: PostgreSQL, its page, and three counters that sell by themselves
	$(BIN)/python -m tests.fleet.demo

test: $(READY)  ## what to run before each commit: 150 s of processor time, so a minute and a half on two quiet cores
	$(PYTEST) -m "not slow" --hypothesis-profile quick $(ARGS)

test-all: $(READY) foreign  ## every test but the install test: what CI runs, too; where it can, the short form of test-machine (MACHINE=no: without)
	REAL_STARTS=1 $(PYTEST) $(ARGS)
	$(if $(ARGS)$(filter no,$(MACHINE)),,$(BIN)/python -m tests.machine)

# Programs that nobody here wrote. Without the network their tests are skipped, but not in CI, unless no registry has
# them: Netgíró's own two clients and two ZVT programs are brought by their commits and run where they lie.
FOREIGN := tests/foreign/.venv
foreign:
	-npm ci --silent --no-audit --no-fund --ignore-scripts --prefix tests/foreign
	-$(MAKE) --no-print-directory $(FOREIGN)/.ready
	-sh tests/foreign/checkout.sh wirelane/ecrterm f17916294f5eed591f66d1e3e883260e746ea32b
	-sh tests/foreign/checkout.sh tasmail/py3-ecrterm b9754db84a442cd7cf615f390f1b3642aeb448c1
	-sh tests/foreign/checkout.sh netgiro/woocommerce-plugin 04296eb166a6b3f8c885abe5b1e70e24a0a1ef2a
	-sh tests/foreign/checkout.sh netgiro/api-demo-client 75531d915135187eddc97b52778372177c9b7aa1
$(FOREIGN)/.ready: tests/foreign/requirements.lock systemd/requirements-build.lock
	$(PYTHON) -m venv $(FOREIGN)
	$(FOREIGN)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r systemd/requirements-build.lock
	$(FOREIGN)/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation --use-pep517 \
		-r tests/foreign/requirements.lock
	@touch $@

violence: $(READY)  ## kill the real daemon 500 times and reconcile; about ten minutes
	REAL_STARTS=1 $(BIN)/python -m tests.violence.storm $(ARGS)

NIGHT_MIN ?= 60
night: $(READY)  ## NIGHT_MIN=60 minutes of worlds, noise, kills and changed code, from the date's seed; names what broke
	REAL_STARTS=1 $(BIN)/python -m tests.night --minutes $(NIGHT_MIN) $(ARGS)

check: $(READY)  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)  ## the numbers, as ratios against a baseline in the same run
	$(BIN)/python -m tests.bench $(ARGS)

install:  ## on this machine, as root; again to bring it up to date
	sh systemd/install.sh install

uninstall:  ## as root; keeps journal, configuration and secret key
	sh systemd/install.sh uninstall

bundle:  ## everything in one archive, for machines without network and for "upgrade"; SIGNING_KEY=FILE signs it
	sh systemd/bundle.sh $(OUT)

lock: $(READY)  ## the dependencies' versions and hashes, anew
	$(PIP) uv
	UV=$(BIN)/uv sh systemd/lock.sh

test-install: $(READY)  ## from a blank Debian to a counter and back, under a real systemd; as root, takes minutes
	NETGIRO_TEST_INSTALL=1 $(BIN)/pytest -x -s tests/install $(ARGS)

test-machine: $(READY)  ## a whole counter made of kernel devices, in QEMU; as root (SHORT=1: four minutes; CUTS=5: fewer power cuts; ARCH=aarch64: a Pi's machine code)
	NETGIRO_TEST_MACHINE=$(or $(ARCH),$(if $(SHORT),short,long)) $(BIN)/pytest -x -s tests/machine $(ARGS)

clean:
	rm -rf $(VENV) $(FOREIGN) tests/foreign/checkouts build artefacts *.egg-info
