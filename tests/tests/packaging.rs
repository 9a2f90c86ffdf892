//! The packages' recipes against what they package: `make install` is the one place that says where files go, Cargo.toml
//! the one that says which version, which Rust. Nothing is built here; `make test-packages` builds and installs.

#[path = "packaging/install.rs"]
mod install;
#[path = "packaging/spec.rs"]
mod spec;

use install::{Installed, repository};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Those that call `make install`, each with what it calls Rust by.
const RECIPES: &[(&str, &str, &str)] = &[
    ("packaging/rpm/apppw.spec", "Version:        ", "BuildRequires:  cargo >= "),
    ("packaging/arch/PKGBUILD", "pkgver=", "makedepends=('rust>=1:"),
    ("packaging/alpine/APKBUILD", "pkgver=", "makedepends=\"cargo>="),
    ("packaging/nix/package.nix", "version = \"", ""),
];

fn read(path: &str) -> String {
    std::fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands behind `before` at the beginning of a line, up to the first character that no version has.
fn behind(text: &str, before: &str) -> String {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix(before));
    let line = line.unwrap_or_else(|| panic!("no line begins with {before:?}"));
    line.chars().take_while(|character| character.is_ascii_alphanumeric() || *character == '.').collect()
}

#[test]
fn every_recipe_says_the_version_and_the_rust_of_cargo_toml() {
    let manifest = read("Cargo.toml");
    let (version, rust) = (behind(&manifest, "version = \""), behind(&manifest, "rust-version = \""));
    for (recipe, before_version, before_rust) in RECIPES {
        let text = read(recipe);
        assert_eq!(behind(&text, before_version), version, "{recipe}");
        if !before_rust.is_empty() {
            assert_eq!(behind(&text, before_rust), rust, "{recipe}");
        }
    }
    assert!(read("README.md").contains(&format!("({rust} or newer)")), "README.md names another Rust");
}

#[test]
fn every_recipe_gives_make_install_variables_that_it_has() {
    let makefile = read("Makefile");
    for (recipe, ..) in RECIPES {
        let text = read(recipe).replace("\\\n", " ");
        let call = text.lines().find_map(|line| line.trim_start().strip_prefix("make install "));
        let call = call.unwrap_or_else(|| panic!("{recipe} doesn't call make install"));
        for word in call.split_whitespace() {
            let (name, _) = word.split_once('=').unwrap_or_else(|| panic!("{recipe}: {word}"));
            let known = ["?=", ":="].iter().any(|is| makefile.contains(&format!("\n{name} {is}")))
                || name == "CARGO_TARGET_DIR";
            assert!(known, "{recipe}: make install has no {name}");
        }
    }
}

#[test]
fn the_spec_lists_each_file_once() {
    let installed = Installed::with(&[
        "PAMDIR=/usr/lib64/security",
        "ZSHDIR=/usr/share/zsh/site-functions",
        "SBINDIR=/usr/sbin",
    ]);
    let patterns = spec::files(&read("packaging/rpm/apppw.spec"));
    let problems = spec::compare(&installed.files, &patterns);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn debian_s_packages_list_each_file_once() {
    let installed = Installed::with(&[
        "PAMDIR=/usr/lib/x86_64-linux-gnu/security",
        "ZSHDIR=/usr/share/zsh/vendor-completions",
        "DOCDIR=/usr/share/doc/apppwd",
    ]);
    let lists =
        ["apppwd", "libpam-apppw"].map(|package| read(&format!("packaging/debian/{package}.install")));
    let patterns = spec::debian(&lists.concat());
    let problems = spec::compare(&installed.files, &patterns);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_file_that_the_spec_lacks_or_lists_twice_is_noticed() {
    let patterns = spec::files(
        "%files\n%{_bindir}/one\n%{_mandir}/man1/a*\n%{_mandir}/man1/ab.1*\n%files -n x\n%{_unitdir}/gone\n",
    );
    let files = ["/usr/bin/one", "/usr/bin/two", "/usr/share/man/man1/ab.1"].map(str::to_owned);
    let problems = spec::compare(&files.into_iter().collect(), &patterns);
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems[0].contains("/usr/bin/two") && problems[1].contains("ab.1"), "{problems:?}");
    assert!(problems[2].contains("gone"), "{problems:?}");
}

#[test]
fn the_spec_names_every_licence_that_is_linked_in() {
    let bill = Command::new("sh").arg(repository("tools/bill-of-materials")).arg("licences").output();
    let bill = bill.expect("sh runs");
    assert!(bill.status.success(), "{}", String::from_utf8_lossy(&bill.stderr));
    let spec = read("packaging/rpm/apppw.spec");
    let license = spec.lines().find_map(|line| line.strip_prefix("License:")).expect("a licence").trim();
    let named: Vec<BTreeSet<&str>> = license.split(" AND ").map(choices).collect();
    let bill = String::from_utf8(bill.stdout).expect("UTF-8");
    assert!(bill.lines().count() > 3, "{bill}");
    for needed in bill.lines() {
        assert!(named.contains(&choices(needed)), "License: of the spec lacks {needed}");
    }
}

/// The licences that an expression leaves to choose from, in whatever order.
fn choices(expression: &str) -> BTreeSet<&str> {
    expression.trim_matches(['(', ')']).split(" OR ").collect()
}

#[test]
fn units_start_what_is_installed_and_stay_off() {
    for (sbin, args) in [
        ("/usr/sbin", &[][..]),
        ("/usr/bin", &["SBINDIR=/usr/bin"][..]),
        ("/opt/apppw/sbin", &["PREFIX=/opt/apppw"][..]),
    ] {
        let installed = Installed::with(args);
        let daemon = format!("{sbin}/apppwd");
        assert!(installed.files.contains(&daemon), "{daemon}: {:?}", installed.files);
        let units = installed.below("/lib/systemd/system/");
        let service = installed.read(&units, "apppwd.service");
        assert!(service.contains(&format!("\nExecStart={daemon}\n")), "{service}");
        assert!(service.contains(&format!("\nExecPaths={daemon} ")), "{service}");
        assert!(sbin == "/usr/sbin" || !service.contains("/usr/sbin"), "{service}");
        let preset = installed.below("/system-preset/");
        let preset = installed.read(&preset, "90-apppw.preset");
        for unit in &units {
            let name = Path::new(unit).file_name().and_then(|name| name.to_str()).expect("a name");
            assert!(preset.lines().any(|line| line == format!("disable {name}")), "{name} has no preset");
        }
        assert!(!preset.lines().any(|line| line.starts_with("enable")), "{preset}");
    }
}

#[test]
fn openrc_gets_its_script_and_no_units() {
    let installed = Installed::with(&["INIT=openrc", "SBINDIR=/usr/local/sbin"]);
    assert!(installed.below("/systemd/").is_empty() && installed.below("/sysusers.d/").is_empty());
    let scripts = installed.below("/etc/init.d/");
    let script = installed.read(&scripts, "apppwd");
    assert!(script.contains("\ncommand=\"/usr/local/sbin/apppwd\"\n"), "{script}");
    assert_eq!(installed.mode("/etc/init.d/apppwd"), 0o755);
}

#[test]
fn what_is_installed_can_be_read_by_everyone_and_written_by_root() {
    let installed = Installed::with(&[]);
    assert!(installed.files.len() > 60, "{:?}", installed.files);
    for file in &installed.files {
        let program = ["/bin/apppw", "/sbin/apppwd", "/hooks/apppw"].iter().any(|end| file.ends_with(end));
        assert_eq!(installed.mode(file), if program { 0o755 } else { 0o644 }, "{file}");
    }
}

#[test]
fn users_and_groups_are_the_same_everywhere() {
    let (alpine, install) = (read("packaging/alpine/APKBUILD"), read("packaging/alpine/apppw.pre-install"));
    let nix = read("packaging/nix/module.nix");
    let sysusers = read("packaging/systemd/sysusers.conf");
    let mut names = 0;
    for line in sysusers.lines().filter(|line| line.starts_with(['u', 'g'])) {
        let name = line.split_whitespace().nth(1).expect("a name");
        for (file, text) in [("APKBUILD", &alpine), ("apppw.pre-install", &install), ("module.nix", &nix)] {
            let words =
                text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '-'));
            assert!(words.into_iter().any(|word| word == name), "{file} has no {name}");
        }
        names += 1;
    }
    assert_eq!(names, 4, "{sysusers}");
}

#[test]
fn scripts_of_packages_can_be_parsed() {
    let mut scripts = vec![repository("packaging/arch/PKGBUILD"), repository("packaging/arch/apppw.install")];
    for dir in ["tools", "packaging/openrc", "packaging/alpine"] {
        scripts.extend(std::fs::read_dir(repository(dir)).expect(dir).flatten().map(|entry| entry.path()));
    }
    for script in scripts {
        let text = std::fs::read_to_string(&script).expect("UTF-8");
        let shell = if text.starts_with("#!/usr/bin/env bash") || script.ends_with("PKGBUILD") {
            "bash"
        } else {
            "sh"
        };
        let parsed = Command::new(shell).arg("-n").arg(&script).output().expect("a shell");
        assert!(parsed.status.success(), "{}", String::from_utf8_lossy(&parsed.stderr));
    }
}
