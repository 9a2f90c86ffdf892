# The face of the project: `make help` says what there is. CI runs the same targets.

CARGO ?= cargo
DESTDIR ?=
PREFIX ?= /usr
BINDIR ?= $(PREFIX)/bin
# Where distributions have made both folders one (Arch, Fedora 42): $(BINDIR).
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/apppw
# systemd, or openrc: how the daemon is started.
INIT ?= systemd
UNITDIR ?= $(PREFIX)/lib/systemd/system
PRESETDIR ?= $(PREFIX)/lib/systemd/system-preset
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
# Where libpam looks for a bare pam_apppw.so.
PAMDIR ?= $(shell sh tools/pam-dir)
# Where zsh looks for completions of packages: Debian and what comes from it have a folder of their own.
ZSHDIR ?= $(PREFIX)/share/zsh/$(if $(and $(filter /usr,$(PREFIX)),$(wildcard /etc/debian_version)),vendor-completions,site-functions)
TARGET := $(or $(CARGO_TARGET_DIR),target)
RELEASE := $(TARGET)/release

.PHONY: help try build test torture fuzz miri mutants audit errors bench bench-quick screens lint man install dist selinux rpm \
	deb deb-twice test-packages test-rpm test-openrc test-musl clean

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

install: built install-$(INIT) ## Install what `make build` has built, below DESTDIR: programs, module, units, manual, completion, examples (enables nothing)
	install -D -m 0755 $(RELEASE)/apppwd $(DESTDIR)$(SBINDIR)/apppwd
	install -D -m 0755 $(RELEASE)/apppw $(DESTDIR)$(BINDIR)/apppw
	install -D -m 0644 $(RELEASE)/libpam_apppw.so $(DESTDIR)$(PAMDIR)/pam_apppw.so
	for section in 1 5 8; do \
		install -D -m 0644 -t $(DESTDIR)$(MANDIR)/man$$section docs/man/*.$$section || exit 1; \
	done
	install -D -m 0644 apppw-cli/completion/apppw.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/apppw
	install -D -m 0644 apppw-cli/completion/apppw.zsh $(DESTDIR)$(ZSHDIR)/_apppw
	install -D -m 0644 apppw-cli/completion/apppw.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/apppw.fish
	install -D -m 0644 -t $(DESTDIR)$(DOCDIR) README.md docs/*.md docs/json.schema.json
	install -D -m 0644 packaging/apppwd.toml $(DESTDIR)$(DOCDIR)/examples/apppwd.toml
	cp -R packaging/pam packaging/dovecot packaging/postfix packaging/saslauthd packaging/exim packaging/cyrus packaging/prosody packaging/apache packaging/hooks \
		packaging/fail2ban packaging/node-exporter \
		$(DESTDIR)$(DOCDIR)/examples/
	sed 's|/usr/bin/apppw|$(BINDIR)/apppw|' packaging/node-exporter/apppw-metrics.service \
		> $(DESTDIR)$(DOCDIR)/examples/node-exporter/apppw-metrics.service
	chmod -R u=rwX,go=rX $(DESTDIR)$(DOCDIR)/examples

.PHONY: built install-systemd install-openrc
built:
	@for file in apppwd apppw libpam_apppw.so; do \
		[ -e $(RELEASE)/$$file ] || { echo "$(RELEASE)/$$file is not there: run \`make build\` first (not as root)" >&2; exit 1; }; \
	done

install-systemd: built
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|/usr/sbin/apppwd|$(SBINDIR)/apppwd|' packaging/systemd/apppwd.service > $(DESTDIR)$(UNITDIR)/apppwd.service
	chmod 0644 $(DESTDIR)$(UNITDIR)/apppwd.service
	install -m 0644 -t $(DESTDIR)$(UNITDIR) packaging/systemd/apppwd.socket packaging/systemd/apppwd-admin.socket
	install -D -m 0644 packaging/systemd/apppw.preset $(DESTDIR)$(PRESETDIR)/90-apppw.preset
	install -D -m 0644 packaging/systemd/sysusers.conf $(DESTDIR)$(SYSUSERSDIR)/apppw.conf
	install -D -m 0644 packaging/systemd/tmpfiles.conf $(DESTDIR)$(TMPFILESDIR)/apppw.conf

install-openrc: built
	install -d $(DESTDIR)/etc/init.d
	sed 's|/usr/sbin/apppwd|$(SBINDIR)/apppwd|' packaging/openrc/apppwd.initd > $(DESTDIR)/etc/init.d/apppwd
	chmod 0755 $(DESTDIR)/etc/init.d/apppwd
	install -D -m 0644 packaging/openrc/apppwd.confd $(DESTDIR)/etc/conf.d/apppwd

dist: ## dist/apppw-VERSION.tar.gz: the last commit with all that it is built from, for builds without network; and its SBOM
	@tools/dist $(TARGET)

selinux: ## Compile the SELinux module (selinux-policy-dev or -devel)
	@tools/selinux $(TARGET)/selinux

rpm: dist ## RPM packages, in dist/ (rpmbuild)
	@tools/rpm $(TARGET)

test-rpm: rpm ## Install, upgrade and remove the RPM packages in a root of their own (root)
	$(CARGO) build --locked -p apppw-tests --bin pam-login
	@sh tests/tree/unpack.sh own $(or $(APPPW_TREES),$(TARGET)/trees)/own
	@sh tests/packages/rpm.sh dist $(or $(APPPW_TREES),$(TARGET)/trees)/own $(TARGET)/debug/pam-login

test-openrc: build ## Start, kill and stop the daemon by the OpenRC script, under OpenRC (root)
	$(CARGO) build --locked -p apppw-tests --bin pam-login
	@sh tests/tree/unpack.sh own $(or $(APPPW_TREES),$(TARGET)/trees)/own
	@sh tests/packages/openrc.sh $(RELEASE) $(or $(APPPW_TREES),$(TARGET)/trees)/own $(TARGET)/debug/pam-login

test-musl: ## Build daemon, command, module and Linux-PAM with musl, and log in (root; musl-tools, the target of rustup)
	@sh tests/packages/musl.sh $(TARGET)/musl

deb: ## Build Debian packages of daemon and module, left in dist/ (dpkg-dev, debhelper, dh-apparmor)
	@tools/deb

deb-twice: deb ## Build them once more, elsewhere and otherwise, and see whether the bytes are the same
	@sh tests/packages/twice.sh dist

test-packages: deb ## Install, upgrade, remove and purge the packages, and walk the recipe, in clean Debian 12 and 13 (root, network)
	$(CARGO) build --locked -p apppw-tests --bins
	@sh tests/packages/run.sh dist

clean: ## Remove what was built and unpacked
	$(CARGO) clean
