//! `--qr`: another program reads what the terminal shows.

use crate::screen::{DARK, LIGHT, read};
use crate::support::{Daemon, SECRET, created};
use serde_json::json;

/// The lines of the code on a terminal with these settings.
fn code(environment: &str, answer: serde_json::Value) -> String {
    let daemon = Daemon::answering(move |_, _| Ok(answer.clone()));
    let line = format!("{environment} $APPPW create alice phone --qr");
    let run = daemon.on_a_terminal(&line, "", "");
    assert_eq!(run.status, 0, "{run:?}");
    let shown = run.stdout.replace('\r', "");
    let (_, after) = shown.split_once("+\n\n").expect("the frame");
    let (code, _) = after.split_once("\n\nType ").expect("what stands below");
    code.to_owned()
}

#[test]
fn a_camera_reads_the_secret_on_light_and_dark_terminals() {
    for locale in ["LC_ALL=C.UTF-8", "LC_ALL=C"] {
        let code = code(&format!("{locale} TERM=xterm"), created(false));
        for terminal in [DARK, LIGHT] {
            assert_eq!(
                read(&code, terminal, false).as_deref(),
                Some(SECRET),
                "{locale} on {terminal:?}:\n{code}"
            );
        }
        assert_eq!(code.contains('█'), locale.contains("UTF-8"), "{code}");
        assert_eq!(code.is_ascii(), !locale.contains("UTF-8"), "{code}");
    }
}

#[test]
fn without_colours_it_is_light_on_a_dark_terminal_and_inverted_on_a_light_one() {
    for locale in ["LC_ALL=C.UTF-8", "LC_ALL=C"] {
        for colours in ["NO_COLOR=1 TERM=xterm", "TERM=dumb"] {
            let code = code(&format!("{locale} {colours}"), created(false));
            assert!(!code.contains('\x1b'), "{code}");
            assert_eq!(read(&code, DARK, false).as_deref(), Some(SECRET), "{locale} {colours}:\n{code}");
            assert_eq!(read(&code, LIGHT, true).as_deref(), Some(SECRET), "{locale} {colours}");
        }
    }
}

#[test]
fn longer_secrets_are_read_as_well() {
    for secret in ["abcd-efgh-jkmn-pqrs-tvwx", "abcd-efgh-jkmn-pqrs-tvwx-yz01"] {
        let mut answer = created(false);
        answer["secret"] = json!(secret);
        let code = code("LC_ALL=C.UTF-8 TERM=xterm", answer);
        assert_eq!(read(&code, DARK, false).as_deref(), Some(secret), "{code}");
    }
}

#[test]
fn where_it_can_t_be_shown_nothing_is_created() {
    let daemon = Daemon::answering(|_, _| Ok(created(false)));
    for (line, said) in [
        (
            "$APPPW create alice phone --qr | cat; exit ${PIPESTATUS:-2}",
            "--qr shows the secret on a terminal",
        ),
        (
            "stty cols 32; LC_ALL=C.UTF-8 $APPPW create alice phone --qr",
            "needs 33 columns, and this terminal has 32",
        ),
        ("stty cols 65; LC_ALL=C $APPPW rotate ap-0000002a --qr", "needs 66 columns (33 in a UTF-8 locale)"),
    ] {
        let run = daemon.on_a_terminal(line, "", "");
        assert_eq!(run.status, 2, "{line}: {run:?}");
        assert!(run.stdout.replace("\r\n", " ").contains(said), "{line}: {run:?}");
        assert!(run.stdout.contains("nothing was created"), "{line}: {run:?}");
    }
    let run = daemon.run(&["create", "alice", "phone", "--qr"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
    let run = daemon.run(&["create", "alice", "phone", "--qr", "--json"]);
    assert_eq!((run.status, run.json_error()["error"]["code"].as_str()), (2, Some("usage")), "{run:?}");
    assert_eq!(daemon.calls(), []);
    let run = daemon.on_a_terminal("stty cols 33; LC_ALL=C.UTF-8 $APPPW create alice phone --qr", "", "");
    assert_eq!(run.status, 0, "{run:?}");
}
