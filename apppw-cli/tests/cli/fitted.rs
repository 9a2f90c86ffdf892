//! What a real pseudo-terminal gets: width, colours, pages, progress. Pipes get none of it.

use crate::support::{Daemon, Run, record, refusing};
use apppw_admin::Code;
use serde_json::{Value, json};

/// A list in which everything that is painted or cut is.
fn records() -> Vec<Value> {
    let mut suspended = record("ap-00000001", "alice@example.org", "電話 of my grandmother's, the old one");
    suspended["state"] = json!("suspended");
    suspended["suspended"] = json!(1_800_000_000);
    suspended["networks"] = json!(["192.0.2.0/24"]);
    let mut used = record("ap-00000002", "bob@example.org", "laptop");
    used["last_use"] = json!({"service": "imap", "rhost": "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", "host": "mail1",
                              "first": 1_800_000_000, "last": 1_800_000_000, "count": 1});
    vec![suspended, used]
}

fn listing() -> Daemon {
    Daemon::answering(|_, _| Ok(json!({"app_passwords": records()})))
}

/// So many rows.
fn long(rows: usize) -> Daemon {
    const PAGE: usize = 100;
    let row = |n: usize| record(&format!("ap-0000{n:04}"), "alice", "laptop");
    Daemon::answering(move |_, args| {
        let first = args["cursor"].as_str().map_or(0, |cursor| cursor.parse().unwrap());
        let next = (first + PAGE < rows).then(|| (first + PAGE).to_string());
        let page: Vec<Value> = (first..rows.min(first + PAGE)).map(|n| row(1000 + n)).collect();
        Ok(json!({"app_passwords": page, "next": next}))
    })
}

/// On a terminal of that width, and high enough.
fn on(daemon: &Daemon, columns: u16, line: &str) -> Run {
    on_screen(daemon, columns, 60, line)
}

fn on_screen(daemon: &Daemon, columns: u16, rows: u16, line: &str) -> Run {
    daemon.on_a_terminal(&format!("stty columns {columns} rows {rows}; {line}"), "", "")
}

/// How many columns a line of ASCII and of wide characters takes.
fn width(line: &str) -> usize {
    line.chars().map(|c| if c > '\u{2e80}' { 2 } else { 1 }).sum()
}

#[test]
fn a_table_is_as_wide_as_the_terminal_at_most() {
    let daemon = listing();
    for columns in [80, 100, 120] {
        let run = on(&daemon, columns, "$APPPW list");
        let lines: Vec<&str> = run.stdout.lines().collect();
        assert!(lines[0].starts_with("ID           USER"), "{run:?}");
        assert!(lines.iter().all(|line| width(line) <= usize::from(columns)), "{columns}: {run:?}");
        for whole in ["ap-00000001  ", "suspended", "…", "LIMITS"] {
            assert!(run.stdout.contains(whole), "{whole} in {columns}: {run:?}");
        }
    }
    let wide = on(&daemon, 300, "$APPPW list").stdout;
    assert!(wide.contains("電話 of my grandmother's, the old one") && !wide.contains('…'), "{wide}");
    assert!(on(&daemon, 300, "COLUMNS=80 $APPPW list").stdout.contains('…'), "COLUMNS comes first");
    assert!(on(&daemon, 80, "LC_ALL=C $APPPW list").stdout.contains("..."));
}

#[test]
fn a_narrow_terminal_gets_records_and_nothing_is_cut() {
    let run = on(&listing(), 40, "$APPPW list");
    assert!(run.stdout.starts_with("ID:         ap-00000001\r\n"), "{run:?}");
    assert!(run.stdout.contains("NAME:       電話 of my grandmother's, the old one\r\n"), "{run:?}");
    assert!(run.stdout.contains("\r\n\r\nID:         ap-00000002\r\n"), "{run:?}");
}

#[test]
fn a_pipe_gets_what_it_always_got() {
    let daemon = listing();
    let piped = daemon.run(&["list"]).stdout;
    assert!(piped.contains("電話 of my grandmother's, the old one") && !piped.contains("LIMITS"), "{piped}");
    for line in ["COLUMNS=40 TERM=xterm $APPPW list | cat", "TERM=xterm $APPPW list --color never | cat"] {
        assert_eq!(on(&daemon, 40, line).stdout.replace("\r\n", "\n"), piped, "{line}");
    }
}

#[test]
fn colours_are_shown_to_who_wants_them() {
    let daemon = listing();
    let painted = |line: &str| on(&daemon, 200, line).stdout.contains('\x1b');
    for line in [
        "TERM=xterm $APPPW list",
        "TERM=xterm NO_COLOR= $APPPW list",
        "TERM=dumb $APPPW list --color always",
        "NO_COLOR=1 $APPPW --color=always list | cat",
        "TERM=xterm $APPPW list --no-such-option",
    ] {
        assert!(painted(line), "{line}");
    }
    for line in [
        "TERM=dumb $APPPW list",
        "TERM= NO_COLOR=1 $APPPW list",
        "TERM=xterm NO_COLOR=1 $APPPW list",
        "TERM=xterm $APPPW list --color never",
        "TERM=xterm $APPPW list | cat",
        "TERM=xterm $APPPW list --json",
        "TERM=xterm $APPPW list --csv",
        "TERM=xterm $APPPW --help | cat",
        "TERM=xterm NO_COLOR=1 $APPPW list --no-such-option",
    ] {
        assert!(!painted(line), "{line}");
    }
}

#[test]
fn colours_stand_beside_words() {
    let daemon = listing();
    let painted = on(&daemon, 120, "TERM=xterm $APPPW list").stdout;
    assert!(painted.contains("\x1b[1map-00000001\x1b[0m"), "{painted}");
    assert!(painted.contains("\x1b[35msuspended"), "{painted}");
    let plain = on(&daemon, 120, "$APPPW list").stdout;
    let mut stripped = painted;
    for escape in ["\x1b[0m", "\x1b[1m", "\x1b[4m", "\x1b[35m"] {
        stripped = stripped.replace(escape, "");
    }
    assert_eq!(stripped, plain);
    let refused = on(&refusing(Code::Denied, "no\x1b[2J"), 80, "TERM=xterm $APPPW list").stdout;
    assert_eq!(refused, "\x1b[1m\x1b[31mapppw:\x1b[0m no\\u{1b}[2J\r\n");
}

/// Shows who was called and what came, in a frame.
const PAGER: &str = "APPPW_PAGER='echo PAGES; cat; echo END'";

/// Without the rights of another's the pager is the person's own. Root's are always taken for another's.
fn is_trusted() -> bool {
    let uid =
        |file: &str| std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse::<u32>().ok());
    let own = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap());
    let by_sudo = ["SUDO_UID", "SUDO_USER", "DOAS_USER", "PKEXEC_UID"]
        .iter()
        .any(|name| std::env::var_os(name).is_some());
    let login = uid("/proc/self/loginuid").filter(|login| *login != u32::MAX);
    own != 0 && !by_sudo && login.is_none_or(|login| login == own)
}

/// As somebody whose pager is trusted: nobody, where we are root.
fn trusted(line: &str) -> String {
    if is_trusted() {
        return line.to_owned();
    }
    format!("setpriv --reuid 65534 --regid 65534 --clear-groups env {line}")
}

#[test]
fn what_is_longer_than_the_screen_goes_through_the_pager() {
    let daemon = long(20);
    open_to_all(&daemon);
    let run = on_screen(&daemon, 80, 10, &trusted(&format!("{PAGER} $APPPW list")));
    assert!(run.stdout.starts_with("PAGES\r\nID ") && run.stdout.ends_with("END\r\n"), "{run:?}");
    assert_eq!(run.status, 0);
    for line in [
        format!("{PAGER} $APPPW list --no-pager"),
        format!("{PAGER} $APPPW list --json"),
        "APPPW_PAGER= PAGER='echo PAGES' $APPPW list".to_owned(),
        "APPPW_PAGER=cat $APPPW list".to_owned(),
    ] {
        let run = on_screen(&daemon, 80, 10, &trusted(&line));
        assert!(!run.stdout.contains("PAGES") && run.stdout.contains("ap-00001019"), "{line}: {run:?}");
    }
    let piped = on_screen(&daemon, 80, 10, &trusted(&format!("{PAGER} $APPPW list | cat")));
    assert!(!piped.stdout.contains("PAGES"), "{piped:?}");
    let short = long(3);
    open_to_all(&short);
    assert!(!on_screen(&short, 80, 10, &trusted(&format!("{PAGER} $APPPW list"))).stdout.contains("PAGES"));
}

/// The socket and the way to it, for whom the test becomes.
fn open_to_all(daemon: &Daemon) {
    use std::os::unix::fs::PermissionsExt;
    let socket = daemon.socket();
    for (path, mode) in [(socket.parent().unwrap(), 0o755), (&*socket, 0o666)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[test]
fn the_status_is_ours_however_the_pager_ends() {
    let daemon = long(5_000);
    open_to_all(&daemon);
    for pager in ["head -n 1", "true", "false", "cat > /dev/null; exit 3"] {
        let run = on_screen(&daemon, 80, 10, &trusted(&format!("APPPW_PAGER='{pager}' $APPPW list")));
        assert_eq!(run.status, 0, "{pager}: {run:?}");
        assert!(!run.stdout.contains("apppw:"), "{pager}: {run:?}");
    }
    let run = on_screen(&daemon, 80, 10, &trusted("APPPW_PAGER=no-such-pager $APPPW list"));
    assert!(run.status == 0 && run.stdout.contains("ap-00005999"), "it is shown without, then");
}

#[test]
fn with_anothers_rights_nothing_is_run_but_a_less_that_runs_nothing() {
    if is_trusted() {
        eprintln!("skipped: these rights are the login's own");
        return;
    }
    let daemon = long(20);
    let dir = tempfile::tempdir().unwrap();
    for name in ["less", "evil"] {
        let file = dir.path().join(name);
        std::fs::write(&file, "#!/bin/sh\necho EVIL\n").unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let history = dir.path().join("history");
    let evil = format!(
        "PATH={dir}:$PATH LESSOPEN='|evil' LESS=-oevil LESSHISTFILE={history} LESSSECURE_ALLOW=shell APPPW_PAGER=evil PAGER=evil",
        dir = dir.path().display(),
        history = history.display()
    );
    // A search, which less would note in its history, and the end.
    let line = format!("stty columns 80 rows 10; {evil} TERM=xterm $APPPW list");
    let run = daemon.on_a_terminal(&line, "ap-00001", "/laptop\nqqq");
    assert!(run.stdout.contains("ap-00001") && !run.stdout.contains("\nEVIL"), "{run:?}");
    assert!(!history.exists(), "less has written a file of the caller's choice");
}

#[test]
fn no_secret_and_no_question_is_paged() {
    let daemon = Daemon::answering(|verb, _| match verb {
        "create" => Ok(crate::support::created(false)),
        _ => {
            let rows: Vec<Value> =
                (1000..1020).map(|n| record(&format!("ap-0000{n}"), "alice", "laptop")).collect();
            let ids: Vec<&Value> = rows.iter().map(|row| &row["id"]).collect();
            Ok(json!({"count": 20, "ids": ids, "app_passwords": rows}))
        }
    });
    open_to_all(&daemon);
    let run = on_screen(
        &daemon,
        80,
        10,
        &trusted(&format!("sh -c \"stty rows 3; {PAGER} $APPPW create alice laptop\"")),
    );
    assert!(!run.stdout.contains("PAGES") && run.stdout.contains(crate::support::SECRET), "{run:?}");
    let line = trusted(&format!("{PAGER} $APPPW revoke --user alice --all"));
    let run = daemon.on_a_terminal(&format!("stty rows 10; {line}"), "[y/N]", "n\n");
    assert!(!run.stdout.contains("PAGES"), "{run:?}");
    let extent = "20 app passwords of alice; none was ever used\r\nRevoke these 20 app passwords? [y/N] ";
    assert!(run.stdout.contains(extent), "{run:?}");
}

#[test]
fn who_waits_sees_that_something_goes_on_and_then_no_more_of_it() {
    let daemon = Daemon::answering(|_, args| {
        // Longer than nothing is said for.
        std::thread::sleep(std::time::Duration::from_millis(1_600));
        Ok(match args["cursor"].as_str() {
            None => json!({"app_passwords": records(), "next": "1"}),
            Some(_) => json!({"app_passwords": records()}),
        })
    });
    let shown = on(&daemon, 120, "TERM=xterm NO_COLOR=1 $APPPW list").stdout;
    assert!(shown.starts_with("\r\x1b[Kapppw: waiting for apppwd, 1 s ..."), "{shown:?}");
    assert!(shown.contains("\r\x1b[Kapppw: 2 read ..."), "{shown:?}");
    assert!(shown.contains("...\r\x1b[KID "), "it is gone before the result: {shown:?}");
    for line in ["$APPPW list", "TERM=xterm $APPPW list 2>&1 | cat"] {
        assert!(on(&daemon, 120, line).stdout.starts_with("ID "), "{line}");
    }
}

#[test]
fn what_is_locked_or_in_panic_is_marked() {
    let daemon = Daemon::answering(|_, _| {
        Ok(json!({"app_passwords": records(), "locked": ["bob@example.org"],
                  "panic": [{"group": "mail", "since": 1_800_000_000}]}))
    });
    let run = on(&daemon, 220, "$APPPW list");
    assert!(run.stdout.contains("account locked, panic"), "{run:?}");
    assert!(run.stdout.contains("panic, from 192.0.2.0/24"), "{run:?}");
    assert!(run.stdout.contains("apppw: warning: the account bob@example.org is locked: "), "{run:?}");
    let piped = daemon.run(&["list"]);
    assert!(
        !piped.stdout.contains("locked") && piped.stderr.contains("bob@example.org is locked"),
        "{piped:?}"
    );
}

#[test]
fn what_was_done_says_how_to_take_it_back() {
    let daemon = Daemon::answering(|_, args| {
        Ok(json!({"ids": args["ids"], "app_passwords": [record("ap-00000001", "alice", "laptop")]}))
    });
    let run = on(&daemon, 80, "$APPPW suspend ap-00000001");
    assert!(run.stdout.ends_with("\r\nTo take it back: apppw resume ap-00000001\r\n"), "{run:?}");
    assert!(!daemon.run(&["suspend", "ap-00000001"]).stdout.contains("take it back"));
}
