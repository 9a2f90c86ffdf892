//! What is built from: licences, sources, and how much of it. `make audit` asks cargo-deny the same (deny.toml) and
//! for known faults; this needs nothing that isn't there.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Licences that may stand in a work under MIT OR Apache-2.0. The same as in deny.toml.
const LICENCES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// All that becomes part of `pam_apppw.so`, in other people's processes.
const MODULE: &[&str] = &["apppw-proto", "libc", "pam-bindings", "pam_apppw", "zeroize"];

/// Most crates that may become part of the daemon, our own three included.
const MOST_IN_DAEMON: usize = 77;

/// Of these, two versions in one program would be two implementations to trust.
const CRYPTOGRAPHY: &[&str] =
    &["argon2", "blake2", "digest", "getrandom", "hkdf", "hmac", "sha2", "subtle", "zeroize"];

/// What has no place in the daemon, which has no network, or in the module.
const BANNED: &[&str] = &[
    "openssl-sys",
    "native-tls",
    "rustls",
    "ring",
    "hyper",
    "reqwest",
    "h2",
    "async-std",
    "chrono",
    "regex",
];

fn cargo(args: &[&str]) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output =
        Command::new(cargo).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Every package that is built from, also what only builds, tests or is for other systems.
fn packages() -> Vec<Value> {
    let metadata = cargo(&["metadata", "--locked", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

/// The names of all that becomes part of a program, each as often as there are versions of it.
fn linked(program: &str) -> Vec<String> {
    let edges = "normal,no-proc-macro";
    let tree = cargo(&["tree", "--locked", "-p", program, "-e", edges, "--prefix", "none", "-f", "{p}"]);
    let versions: BTreeSet<(&str, &str)> = tree
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.next()?))
        })
        .collect();
    versions.into_iter().map(|(name, _)| name.to_owned()).collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}

/// Whether an SPDX expression can be kept with [`LICENCES`] alone. `/` is how OR was written of old.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (allowed, rest) = any(&words);
    assert!(rest.is_empty(), "{expression}");
    allowed
}

fn any<'w>(words: &'w [&'w str]) -> (bool, &'w [&'w str]) {
    let (mut allowed, mut rest) = all(words);
    while let Some((&"OR", behind)) = rest.split_first() {
        let (other, behind) = all(behind);
        (allowed, rest) = (allowed || other, behind);
    }
    (allowed, rest)
}

fn all<'w>(words: &'w [&'w str]) -> (bool, &'w [&'w str]) {
    let (mut allowed, mut rest) = one(words);
    while let Some((&"AND", behind)) = rest.split_first() {
        let (other, behind) = one(behind);
        (allowed, rest) = (allowed && other, behind);
    }
    (allowed, rest)
}

fn one<'w>(words: &'w [&'w str]) -> (bool, &'w [&'w str]) {
    match words {
        ["(", behind @ ..] => {
            let (allowed, rest) = any(behind);
            (allowed, rest.strip_prefix(&[")"]).expect("a closing bracket"))
        }
        [name, "WITH", exception, rest @ ..] => {
            (LICENCES.contains(&format!("{name} WITH {exception}").as_str()), rest)
        }
        [name, rest @ ..] => (LICENCES.contains(name), rest),
        [] => (false, &[]),
    }
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    for (expression, allowed) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("MIT OR GPL-3.0-only", true),
        ("MIT AND GPL-3.0-only", false),
        ("Unlicense/MIT", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND GPL-2.0", false),
        ("GPL-2.0 OR MIT AND BSL-1.0", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("GPL-2.0 WITH Classpath-exception-2.0", false),
    ] {
        assert_eq!(is_allowed(expression), allowed, "{expression}");
    }
}

#[test]
fn every_licence_allows_ours() {
    for package in packages() {
        let licence = package["license"].as_str();
        assert!(licence.is_some_and(is_allowed), "{}: {licence:?}", text(&package, "id"));
    }
}

#[test]
fn everything_comes_from_one_registry_or_from_here() {
    let packages = packages();
    let sources: BTreeSet<&str> = packages.iter().filter_map(|package| package["source"].as_str()).collect();
    assert!(
        sources.len() == 1 && sources.iter().all(|source| source.starts_with("registry+")),
        "{sources:?}"
    );
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("here");
    for package in packages.iter().filter(|package| package["source"].is_null()) {
        let manifest = Path::new(text(package, "manifest_path"));
        assert!(manifest.starts_with(&workspace), "{}", manifest.display());
    }
}

#[test]
fn the_module_is_five_crates() {
    assert_eq!(linked("pam_apppw"), MODULE);
}

#[test]
fn the_daemon_is_few_crates_and_no_cryptography_is_there_twice() {
    let daemon = linked("apppwd");
    println!("{} crates: {daemon:?}", daemon.len());
    assert!(daemon.len() <= MOST_IN_DAEMON, "{} crates: {daemon:?}", daemon.len());
    for name in CRYPTOGRAPHY {
        assert_eq!(daemon.iter().filter(|linked| linked == name).count(), 1, "{name}");
    }
}

#[test]
fn no_program_has_what_it_has_no_use_for() {
    for program in ["apppwd", "apppw", "pam_apppw"] {
        let linked = linked(program);
        let found: Vec<_> =
            BANNED.iter().filter(|banned| linked.iter().any(|name| name == *banned)).collect();
        assert!(found.is_empty(), "{program}: {found:?}");
    }
}
