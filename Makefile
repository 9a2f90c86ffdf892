# The face of the project: `make help` says what there is. CI runs the same targets.

CARGO ?= cargo
DESTDIR ?=
PREFIX ?= /usr
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
# Where libpam looks for a bare pam_apppw.so.
PAMDIR ?= $(shell sh tools/pam-dir)
# Where zsh looks for completions of packages: Debian and what comes from it have a folder of their own.
ZSHDIR ?= $(PREFIX)/share/zsh/$(if $(and $(filter /usr,$(PREFIX)),$(wildcard /etc/debian_version)),vendor-completions,site-functions)
TARGET := $(or $(CARGO_TARGET_DIR),target)
RELEASE := $(TARGET)/release

.PHONY: help try build test torture fuzz miri mutants audit errors bench bench-quick screens lint man install clean

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

try: build ## See the main job: a private Dovecot, a login with an app password, its revocation
	@echo "Building the demonstration and unpacking Dovecot (a minute, the first time) ..."
	@$(CARGO) run --quiet --locked -p apppw-tests --bin try

build: ## Build daemon, command line and PAM module as they are shipped
	@sh tools/need-toolchain
	$(CARGO) build --release --locked -p apppwd -p apppw -p pam_apppw

test: lint build ## Everything that CI checks: format, lints, unit, property and whole-system tests
	$(CARGO) test --locked --workspace

torture: build ## The whole campaign of attacks and faults (root; hours); goes on where it was broken off; ROWS="a b" for some
	$(CARGO) build --release --locked -p apppw-torture
	@$(RELEASE)/torture $(ROWS)

fuzz: ## Fuzz what reads bytes from outside, 10^8 executions of each target or FUZZ_RUNS; goes on where it was broken off (nightly, cargo-fuzz)
	@tools/fuzz

miri: ## Run the tests of frame, secret and decision under Miri (nightly)
	@tools/miri

mutants: ## Change decisions, codes and rights in small ways, and see whether a test notices (cargo-mutants; an hour)
	@tools/mutants

audit: ## Licences, bans and sources of all that we are built from, and known faults (cargo-deny, network)
	@tools/audit

errors: build ## Write docs/errors.md anew from what the programs say (root)
	APPPW_WRITE=1 $(CARGO) test --locked -p apppw-tests --test docs -- errors

bench: build ## What a login costs beside its peers (root; some fifteen quiet minutes); writes bench/REPORT.md
	$(CARGO) build --release --locked -p apppw-bench
	@$(RELEASE)/bench

bench-quick: build ## The same with a tenth of everything, in under two minutes; writes nothing
	$(CARGO) build --release --locked -p apppw-bench
	@$(RELEASE)/bench --quick

screens: build ## Write docs/screens and what the README's commands show anew, from a real run
	@for of in screens day; do APPPW_REWRITE=1 $(CARGO) test --quiet --locked -p apppw-tests --test daemon $$of:: || exit 1; done

lint: ## Format and lints, warnings denied
	@sh tools/need-toolchain
	@sh tools/lint

man: ## Write the manual pages and packaging/apppwd.toml anew from what the programs read
	$(CARGO) run --quiet --locked -p apppw-manual

install: ## Install what `make build` has built, below DESTDIR: programs, module, units, manual, completion, examples (enables nothing)
	@for file in apppwd apppw libpam_apppw.so; do \
		[ -e $(RELEASE)/$$file ] || { echo "$(RELEASE)/$$file is not there: run \`make build\` first (not as root)" >&2; exit 1; }; \
	done
	install -D -m 0755 $(RELEASE)/apppwd $(DESTDIR)$(PREFIX)/sbin/apppwd
	install -D -m 0755 $(RELEASE)/apppw $(DESTDIR)$(PREFIX)/bin/apppw
	install -D -m 0644 $(RELEASE)/libpam_apppw.so $(DESTDIR)$(PAMDIR)/pam_apppw.so
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|/usr/sbin/apppwd|$(PREFIX)/sbin/apppwd|' packaging/systemd/apppwd.service > $(DESTDIR)$(UNITDIR)/apppwd.service
	install -m 0644 -t $(DESTDIR)$(UNITDIR) packaging/systemd/apppwd.socket packaging/systemd/apppwd-admin.socket
	install -D -m 0644 packaging/systemd/sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/apppw.conf
	install -D -m 0644 packaging/systemd/tmpfiles.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/apppw.conf
	for section in 1 5 8; do \
		install -D -m 0644 -t $(DESTDIR)$(MANDIR)/man$$section docs/man/*.$$section || exit 1; \
	done
	install -D -m 0644 apppw-cli/completion/apppw.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/apppw
	install -D -m 0644 apppw-cli/completion/apppw.zsh $(DESTDIR)$(ZSHDIR)/_apppw
	install -D -m 0644 apppw-cli/completion/apppw.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/apppw.fish
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/doc/apppw README.md docs/*.md docs/json.schema.json
	install -D -m 0644 packaging/apppwd.toml $(DESTDIR)$(PREFIX)/share/doc/apppw/examples/apppwd.toml
	cp -R packaging/pam packaging/dovecot packaging/postfix packaging/saslauthd packaging/exim packaging/cyrus packaging/fail2ban packaging/node-exporter \
		$(DESTDIR)$(PREFIX)/share/doc/apppw/examples/
	sed 's|/usr/bin/apppw|$(PREFIX)/bin/apppw|' packaging/node-exporter/apppw-metrics.service \
		> $(DESTDIR)$(PREFIX)/share/doc/apppw/examples/node-exporter/apppw-metrics.service

clean: ## Remove what was built and unpacked
	$(CARGO) clean
