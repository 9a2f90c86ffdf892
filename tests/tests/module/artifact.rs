//! The built module itself.

use super::Case;
use super::site::{module, workspace};
use std::process::Command;

const MAX_BYTES: u64 = 320_000;
const MAX_RELOCATIONS: usize = 500;

fn tool(program: &str, args: &[&str]) -> String {
    let output = Command::new(program)
        .args(args)
        .current_dir(workspace())
        .env("LC_ALL", "C")
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn on_module(program: &str, option: &str) -> String {
    let path = module();
    tool(program, &[option, path.to_str().expect("a path in UTF-8")])
}

fn undefined() -> Vec<String> {
    let path = module();
    let text = tool("nm", &["-D", "--undefined-only", path.to_str().expect("a path in UTF-8")]);
    let name = |line: &str| {
        line.split_whitespace().last().and_then(|name| name.split('@').next()).map(str::to_owned)
    };
    text.lines().filter_map(name).collect()
}

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new("exports_the_six_and_nothing_else", || {
            let path = module();
            let text = tool("nm", &["-D", "--defined-only", path.to_str().expect("a path in UTF-8")]);
            let mut names: Vec<&str> =
                text.lines().filter_map(|line| line.split_whitespace().last()).collect();
            names.sort_unstable();
            assert_eq!(
                names,
                [
                    "pam_sm_acct_mgmt",
                    "pam_sm_authenticate",
                    "pam_sm_chauthtok",
                    "pam_sm_close_session",
                    "pam_sm_open_session",
                    "pam_sm_setcred",
                ]
            );
        }),
        Case::new("needs_libpam_libc_and_the_loader_only", || {
            let text = on_module("readelf", "-dW");
            let needed: Vec<&str> = text
                .lines()
                .filter(|line| line.contains("(NEEDED)"))
                .filter_map(|line| line.split_once('[')?.1.strip_suffix(']'))
                .collect();
            assert!(needed.contains(&"libpam.so.0") && needed.contains(&"libc.so.6"), "{needed:?}");
            for library in needed {
                let expected =
                    ["libpam.so.0", "libc.so.6"].contains(&library) || library.starts_with("ld-linux");
                assert!(expected, "the module needs {library}");
            }
        }),
        Case::new("stays_mapped_and_binds_at_once", || {
            let text = on_module("readelf", "-dW");
            assert!(text.contains("NODELETE") && text.contains("NOW"), "{text}");
        }),
        Case::new("small_and_quickly_relocated", || {
            let bytes = std::fs::metadata(module()).expect("the module").len();
            let relocations = on_module("readelf", "-rW").lines().filter(|line| line.contains(" R_")).count();
            assert!(relocations > 0, "readelf shows no relocations at all");
            println!("{bytes} bytes, {relocations} relocations");
            assert!(bytes <= MAX_BYTES, "{bytes} bytes");
            assert!(relocations <= MAX_RELOCATIONS, "{relocations} relocations");
        }),
        Case::new("stripped", || {
            let text = on_module("readelf", "-SW");
            assert!(
                text.contains(".dynsym") && !text.contains(".symtab") && !text.contains(".debug_"),
                "{text}"
            );
        }),
        Case::new("imports_nothing_that_it_must_not_do", || {
            let names = undefined();
            assert!(names.iter().any(|name| name == "pam_get_authtok"), "{names:?}");
            let forbidden = [
                "pam_set_item",
                "pam_putenv",
                "pam_fail_delay",
                "pam_get_user",
                "getpwnam",
                "getpwnam_r",
                "getpwuid_r",
                "getaddrinfo",
                "getenv_s",
                "setenv",
                "putenv",
                "fork",
                "execve",
                "posix_spawn",
                "pthread_create",
                "sigaction",
                "signal",
                "setuid",
                "setresuid",
                "chdir",
                "umask",
                "syslog",
                "openlog",
                "printf",
            ];
            for name in forbidden {
                assert!(!names.iter().any(|import| import == name), "the module imports {name}");
            }
        }),
        Case::new("dependencies_are_few", || {
            let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
            let tree =
                tool(&cargo, &["tree", "-p", "pam_apppw", "-e", "normal", "--prefix", "none", "-f", "{p}"]);
            let mut names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
            names.sort_unstable();
            names.dedup();
            assert!(names.contains(&"pam-bindings") && names.contains(&"apppw-proto"), "{names:?}");
            for heavy in ["tokio", "tracing", "serde", "serde_core", "nix", "apppw-admin", "apppwd"] {
                assert!(!names.contains(&heavy), "the module depends on {heavy}");
            }
            println!("{names:?}");
        }),
    ];
    cases.push(Case::new("no_profile_aborts_on_panic", no_profile_aborts));
    cases
}

/// `panic = "abort"` would turn every panic in the module into the death of its host.
fn no_profile_aborts() {
    let mut files = vec![workspace().join("Cargo.toml")];
    files.extend(["config.toml", "config"].map(|name| workspace().join(".cargo").join(name)));
    let members = std::fs::read_dir(workspace()).expect("the workspace").flatten();
    files.extend(members.map(|member| member.path().join("Cargo.toml")));
    let mut unwinds = false;
    for file in files.iter().filter(|file| file.exists()) {
        for line in std::fs::read_to_string(file).expect("a readable file").lines() {
            let code: String = line.split('#').next().unwrap_or("").split_whitespace().collect();
            unwinds |= code == "panic=\"unwind\"";
            let aborts = code.contains("panic") && code.contains("abort");
            assert!(!aborts, "{}: {line}", file.display());
        }
    }
    assert!(unwinds, "the workspace should say panic = \"unwind\"");
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_PROFILE_RELEASE_PANIC"] {
        let value = std::env::var(name).unwrap_or_default();
        assert!(!value.contains("abort"), "{name}={value}");
    }
}
