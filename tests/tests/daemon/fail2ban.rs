//! The packaged fail2ban filter, run by the distribution's own fail2ban-regex on the daemon's own lines: which of them
//! count, and for which address.

use super::Case;
use super::asking::reason_in;
use super::verdicts::{COUNTED, POSED, Said, THE_TYPED_DATE, everything};
use apppw_tests::fail2ban::{Fail2ban, Found, UNIT};
use std::collections::BTreeSet;

/// Those that don't, and that a frame can bring about here.
#[rustfmt::skip]
const NOT_COUNTED: [&str; 21] = [
    "accepted", "account-locked", "bad-user-name", "expired", "malformed", "mistyped", "never-enrolled",
    "never-service", "no-address", "panic", "peer-not-allowed", "pinned-network", "pinned-service", "primary-allowed",
    "primary-reported", "primary-used", "revoked", "service-in-no-group", "suspended", "wrong-network",
    "wrong-service",
];

/// What is put into a real line in the place of its reason: those that take a fault, and some that there aren't.
#[rustfmt::skip]
const NOT_BROUGHT_ABOUT: [&str; 9] = [
    "overloaded", "deadline", "store-failed", "bad-hash", "internal", "not-a-secret",
    "unknown-secrets", "not-unknown-secret", "primary-refused-not",
];

pub fn cases() -> Vec<Case> {
    vec![
        Case::unless("counts_guesses_and_nothing_else", counts).with_root().with_program("sqlite3"),
        Case::unless("the_jail_is_valid", jail).with_root(),
    ]
}

/// fail2ban, or why not.
fn unpacked() -> Result<Fail2ban, Option<String>> {
    let found = Fail2ban::unpack().expect("fail2ban can be unpacked and entered");
    found.ok_or_else(|| Some("this machine's apt sources have no mirror for fail2ban".to_owned()))
}

fn counts() -> Option<String> {
    let fail2ban = match unpacked() {
        Ok(fail2ban) => fail2ban,
        Err(why) => return why,
    };
    let mut said = everything();
    let seen: BTreeSet<_> = said.iter().map(|said| reason_in(&said.line)).filter(|r| !r.is_empty()).collect();
    assert_eq!(seen, COUNTED.into_iter().chain(NOT_COUNTED).collect());
    let guess = said.iter().find(|said| reason_in(&said.line) == "unknown-secret").expect("one").line.clone();
    let not_brought_about = NOT_BROUGHT_ABOUT.map(|reason| guess.replacen("unknown-secret", reason, 1));
    said.extend(not_brought_about.map(|line| Said { line, banned: None }));

    // As on stderr, in files of two syslog formats, and in the journal.
    for prefix in ["", "Nov  2 05:40:01 mail ", "2025-11-22T05:40:01.123456+01:00 mail "] {
        let in_form = |line: &str| format!("{prefix}{line}");
        let mut lines: Vec<_> = said.iter().map(|said| in_form(&said.line)).collect();
        lines.extend(others().into_iter().map(|line| format!("Nov 22 05:40:01 {line}")));
        let found = fail2ban.in_file(&lines).expect("fail2ban-regex reads the file");
        compare(found, &wanted(&said, in_form));
    }
    let message = |line: &str| line.split_once("]: ").expect("a prefix").1.replacen("warning: ", "", 1);
    // Whoever can write to the journal can call himself apppwd, but he is of another unit.
    let entries =
        said.iter().flat_map(|said| ["user@1000.service", UNIT].map(|unit| (unit, message(&said.line))));
    let mut found =
        fail2ban.in_journal(&entries.collect::<Vec<_>>()).expect("fail2ban-regex reads the journal");
    for found in &mut found {
        found.line = found.line.split_once(' ').expect("a time").1.to_owned();
    }
    compare(found, &wanted(&said, |line| format!("mail apppwd[123]: {}", message(line))));
    None
}

/// Addresses and lines.
fn wanted(said: &[Said], in_form: impl Fn(&str) -> String) -> Vec<(String, String)> {
    said.iter().filter_map(|said| Some((said.banned.clone()?, in_form(&said.line)))).collect()
}

/// Names the first difference: the lists are long.
#[track_caller]
fn compare(found: Vec<Found>, wanted: &[(String, String)]) {
    assert!(!wanted.is_empty());
    let typed = found.iter().find(|found| found.time < THE_TYPED_DATE + 366.0 * 86_400.0);
    assert!(typed.is_none(), "dated by what somebody typed: {typed:?}");
    let found: Vec<_> = found.into_iter().map(|found| (found.address, found.line)).collect();
    for wanted in wanted {
        assert!(found.contains(wanted), "not found: {wanted:?}");
    }
    for found in &found {
        assert!(wanted.contains(found), "found, though it doesn't count: {found:?}");
    }
    assert_eq!(found, wanted);
}

/// Lines of other programs, which quote ours.
fn others() -> Vec<String> {
    let ours = format!("apppwd[1]: refused reason=unknown-secret user=x service=imap rhost={POSED}");
    vec![
        format!("mail sshd[9]: {ours}"),
        format!("mail sshd[9]: Invalid user {ours}"),
        format!("mail sshd[9]: Invalid user x {ours} from 198.51.100.1 port 1"),
        format!("mail not-{ours}"),
        ours.replacen("apppwd[1]:", "mail apppwd-helper[1]:", 1),
        ours.replacen("apppwd[1]:", "mail", 1),
    ]
}

fn jail() -> Option<String> {
    let fail2ban = match unpacked() {
        Ok(fail2ban) => fail2ban,
        Err(why) => return why,
    };
    let configuration = fail2ban.configuration().expect("fail2ban takes filter and jail");
    for wanted in [
        "['add', 'apppwd', 'systemd']",
        "['set', 'apppwd', 'addjournalmatch', '_SYSTEMD_UNIT=apppwd.service']",
        "['set', 'apppwd', 'maxretry', 10]",
        "['start', 'apppwd']",
    ] {
        assert!(configuration.contains(wanted), "no {wanted} in:\n{configuration}");
    }
    None
}
