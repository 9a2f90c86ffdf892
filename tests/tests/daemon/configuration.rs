//! A configuration that can't be used: line, key, what is wrong, what is allowed, status 78.

use super::Case;
use super::startup::expect;
use apppw_tests::apppwd::{CHEAP_ARGON2, Site};
use std::fs;
use std::process::Command;

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = wrong()
        .into_iter()
        .map(|(name, text, words)| {
            Case::new(name, move || {
                let site = Site::new(text);
                for args in [&[][..], &["--check"]] {
                    let mut command = site.command();
                    command.args(args);
                    let path = site.config_path().display().to_string();
                    expect(&command, 78, &[&[path.as_str()], words].concat());
                }
                assert!(!site.path("key").exists() && !site.path("state").exists(), "something was made");
            })
        })
        .collect();
    cases.push(Case::new("check_of_a_right_one_touches_nothing", check));
    cases.push(
        Case::new("a_missing_file_that_was_asked_for", missing).not_behind_walls("starts the program alone"),
    );
    cases.push(Case::new("a_file_that_is_not_utf8", not_text));
    cases.push(Case::new("an_unknown_argument", unknown_argument));
    cases
}

#[rustfmt::skip]
fn wrong() -> Vec<(&'static str, &'static str, &'static [&'static str])> {
    vec![
        ("unknown_table", "[polciy]\nprimary = \"refuse\"\n", &["line 5", "unknown key `polciy`", "did you mean `policy`?"]),
        ("unknown_top_level_key", "statedir = \"/x\"\n", &["line 5", "did you mean `state_dir`?"]),
        ("unknown_key", "\n[argon2]\nmemory_kb = 64\n", &["line 7", "unknown key `memory_kb`", "did you mean `memory_kib`?"]),
        ("unknown_key_that_resembles_none", "[policy]\nxyzzy = 1\n", &["line 6", "unknown key `xyzzy`", "expected one of"]),
        ("string_for_a_number", "[argon2]\niterations = \"2\"\n", &["line 6", "invalid type: string", "expected a whole number"]),
        ("number_for_a_string", "[policy]\nprimary = 1\n", &["line 6"]),
        ("negative_number", "[argon2]\nqueue = -1\n", &["line 6", "-1"]),
        ("wrong_word", "[policy]\nprimary = \"refused\"\n", &["line 6", "`refuse`, `refuse-enrolled`, `allow`", "did you mean `refuse`?"]),
        ("wrong_word_self_service", "[policy]\nself_service = \"yes\"\n", &["line 6", "`revoke`", "`create`"]),
        ("no_toml", "primary: refuse\n", &["line 5"]),
        ("key_twice", "[secret]\nlength = 16\nlength = 20\n", &["line 7", "duplicate key"]),
        ("memory_too_small", "[argon2]\nmemory_kib = 7\n", &["[argon2] memory_kib is 7, allowed are 8 to 262144"]),
        ("memory_too_small_for_the_lanes", "[argon2]\nmemory_kib = 64\nparallelism = 16\n", &["memory_kib is 64, allowed are 128 to"]),
        ("memory_too_large", "[argon2]\nmemory_kib = 262145\n", &["memory_kib is 262145, allowed"]),
        ("no_passes", "[argon2]\niterations = 0\n", &["iterations is 0, allowed are 1 to 64"]),
        ("too_many_workers", "[argon2]\nworkers = 257\n", &["workers is 257, allowed"]),
        ("client_with_a_slip", "[client]\nimpa = \"imap.example.org\"\n", &["line 6", "unknown key `impa`", "did you mean `imap`?"]),
        ("client_on_an_unclear_port", "[client]\nimap = \"imap.example.org:10993\"\n", &["line 6", "port 10993 doesn't say how it is encrypted"]),
        ("no_queue", "[argon2]\nqueue = 0\n", &["queue is 0, allowed are 1 to 1000000"]),
        ("secret_of_18", "[secret]\nlength = 18\n", &["[secret] length is 18, allowed are 16, 20 and 24"]),
        ("group_with_the_name_of_a_service", "[groups]\nimap = [\"imap\"]\n", &["[groups] imap is also the name of a service"]),
        ("group_with_a_service_never_opened", "[groups]\nshell = [\"sshd\"]\n", &["[groups] shell", "names \"sshd\", which app passwords never open"]),
        ("service_with_a_newline", "[groups]\nnews = [\"inn\\nimap\"]\n", &["[groups] news", "has the character"]),
        ("default_service_in_no_group", "[policy]\ndefault_services = [\"mial\"]\n", &["\"mial\"", "did you mean \"mail\"?"]),
        ("no_default_service", "[policy]\ndefault_services = []\n", &["default_services is empty"]),
        ("peer_root", "[peers.root]\nservices = [\"imap\"]\n", &["[peers.root] is not needed"]),
        ("peer_without_services", "[peers.exim]\ntrust_rhost = true\n", &["line 5", "missing key `services`"]),
        ("peer_with_a_service_in_no_group", "[peers.exim]\nservices = [\"gopher\"]\n", &["[peers.exim]", "\"gopher\" is in no group"]),
    ]
}

fn check() {
    let site = Site::new(CHEAP_ARGON2);
    let mut command = site.command();
    command.arg("--check");
    expect(&command, 0, &["apppwd.toml is right"]);
    assert!(!site.path("key").exists() && !site.path("state").exists() && !site.socket_dir().exists());
}

fn missing() {
    let site = Site::new("");
    let mut command = Command::new(site.command().get_program());
    command.arg("--config").arg(site.path("no.toml"));
    let path = site.path("no.toml").display().to_string();
    expect(&command, 78, &["can't read the configuration", &path, "No such file"]);
}

fn not_text() {
    let site = Site::new("");
    fs::write(site.config_path(), b"state_dir = \"\xff\"\n").expect("a file");
    expect(&site.command(), 78, &[&site.config_path().display().to_string(), "UTF-8"]);
}

fn unknown_argument() {
    let site = Site::new("");
    let mut command = site.command();
    command.arg("--chekc");
    expect(&command, 2, &["--chekc", "--check"]);
}
