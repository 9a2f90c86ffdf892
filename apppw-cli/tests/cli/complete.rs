//! What `apppw complete` tells the shells: what fits, nothing that could hurt, and never an error.

use crate::support::{Daemon, Run, apppw, finish, refusing};
use apppw_admin::Code;
use serde_json::{Value, json};
use std::time::Duration;

/// As a shell's script asks.
fn complete(daemon: &Daemon, shell: &str, texts: &[&str]) -> Run {
    let input: String = texts.iter().map(|text| format!("{text}\0")).collect();
    daemon.run_with(&["complete", shell], input.as_bytes())
}

fn silent(run: &Run, status: i32) {
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (status, "", ""), "{run:?}");
}

fn found(names: &'static [&'static str]) -> Daemon {
    let app_passwords =
        |name: &str| json!({"id": "ap-7k3m9qxe", "user": "alice", "name": name, "state": "live"});
    Daemon::answering(move |_, args| {
        Ok(match args["what"].as_str() {
            Some("app_password") => {
                json!({"app_passwords": names.iter().copied().map(app_passwords).collect::<Vec<_>>()})
            }
            _ => json!({"names": names}),
        })
    })
}

#[test]
fn what_is_asked_is_a_beginning_and_bounded() {
    let daemon = found(&["phone"]);
    let run = complete(&daemon, "fish", &["apppw", "show", "AP-7"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "ap-7k3m9qxe\t\"phone\" of alice\n"));
    complete(&daemon, "zsh", &["apppw", "suspend", "ap"]);
    complete(&daemon, "fish", &["apppw", "list", "al"]);
    let asked: Vec<Value> = daemon.calls().into_iter().map(|(_, args)| args).collect();
    assert_eq!(
        asked,
        [
            json!({"what": "app_password", "text": "AP-7", "all": true, "most": 50}),
            json!({"what": "app_password", "text": "", "all": false, "most": 50}),
            json!({"what": "user", "text": "al", "all": false, "most": 50}),
        ]
    );
}

#[test]
fn a_name_is_one_line_and_one_word() {
    const HOSTILE: &[&str] =
        &["a\nb", "a\tb", "$(touch x)", "`x`", "it's \"q\"", "a:b", "-rf", "\u{1b}[2J", "é ü"];
    let daemon = found(HOSTILE);
    let plain = "$(touch x)\t\n`x`\t\nit's \"q\"\t\na:b\t\né ü\t\n";
    assert_eq!(complete(&daemon, "fish", &["apppw", "list", ""]).stdout, plain);
    let quoted = "\\$\\(touch\\ x\\)\n\\`x\\`\nit\\'s\\ \\\"q\\\"\na:b\né\\ ü\n";
    let breaks = " \t\n\"'@><=;|&(:";
    assert_eq!(complete(&daemon, "bash", &[breaks, "apppw list "]).stdout, quoted);
    let within_quotes = complete(&daemon, "bash", &[breaks, "apppw list \""]).stdout;
    assert_eq!(within_quotes, "a:b\n", "there a backslash is none");
    // A label is beside its id, made visible.
    let zsh = complete(&daemon, "zsh", &["apppw", "show", ""]).stdout;
    assert!(zsh.starts_with("ap-7k3m9qxe\tap-7k3m9qxe  -- \"a\\u{a}b\" of alice\n"), "{zsh}");
    assert_eq!(zsh.lines().count(), HOSTILE.len());
}

#[test]
fn nothing_is_said_when_nothing_can_be_had() {
    let words = ["apppw", "list", "al"];
    silent(&complete(&refusing(Code::Denied, "no"), "fish", &words), 0);
    silent(&complete(&Daemon::babbling(b"\xff\xfe\n"), "zsh", &words), 0);
    let nobody = &mut apppw();
    nobody.env("APPPW_SOCKET", "/nonexistent/admin.sock").args(["complete", "fish"]);
    silent(&finish(nobody, b"apppw\0list\0al\0"), 0);
    for input in [&b""[..], b"\0", b"apppw", b"\xff\0\xff\0", b"apppw\0nosuch\0--\0"] {
        silent(&finish(apppw().args(["complete", "bash"]), input), 0);
        silent(&finish(apppw().args(["complete", "zsh"]), if input == b"\0" { b"" } else { input }), 0);
    }
    // A file: the shell knows best.
    silent(&complete(&found(&[]), "fish", &["apppw", "--socket", "/ru"]), 1);
}

#[test]
fn a_slow_daemon_is_not_waited_for() {
    let daemon = Daemon::answering(|_, _| {
        std::thread::sleep(Duration::from_secs(5));
        Ok(json!({"names": ["alice"]}))
    });
    // Had it waited, it would have told her.
    silent(&complete(&daemon, "fish", &["apppw", "list", "al"]), 0);
}

#[test]
fn the_scripts_are_printed_for_whom_make_install_did_not_help() {
    for (shell, has) in [
        ("bash", "complete -F _apppw apppw"),
        ("zsh", "#compdef apppw"),
        ("fish", "complete --command apppw"),
    ] {
        let run = finish(apppw().args(["completion", shell]), b"");
        assert!(run.status == 0 && run.stdout.contains(has), "{run:?}");
    }
    assert_eq!(finish(apppw().args(["completion", "csh"]), b"").status, 2);
}
