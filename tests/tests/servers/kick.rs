//! `--kick`: open sessions and Dovecot's cache, of which apppwd knows nothing. `apppw` runs on the
//! mail host, where its socket and `doveadm` are.

use super::command::Made;
use super::place::{Check, Expect, Place};
use super::table::Row;
use apppw_tests::clients::imap::{Idle, Imap, Mechanism};
use apppw_tests::clients::{Attempt, Smtp, smtp};
use apppw_tests::servers::dovecot::Version;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use std::thread;
use std::time::{Duration, Instant};

use Expect::{Accepted, Refused};

/// With one IMAP client of each Dovecot, with and without its auth cache.
pub const ROWS: &[Row] = &[
    ("idle-goes-on-without-kick", without_kick),
    ("idle-ended-by-revoke", |p| kicked(p, "revoked", |_, id| vec!["revoke", id])),
    ("idle-ended-by-revoke-all", |p| {
        kicked(p, "revoked", |user, _| vec!["revoke", "--user", user, "--all", "--yes"])
    }),
    ("idle-ended-by-suspend", |p| kicked(p, "suspended", |_, id| vec!["suspend", id])),
    ("idle-ended-by-lock", |p| kicked(p, "account-locked", |user, _| vec!["user", user, "lock"])),
    ("idle-ended-by-lockdown", |p| kicked(p, "revoked", |user, _| vec!["user", user, "lockdown", "--yes"])),
    ("idle-ended-by-delete", |p| {
        kicked(p, "unknown-secret", |user, _| vec!["user", user, "delete", "--yes"])
    }),
    ("kick-without-session", |p| {
        let (user, made) = somebody(p)?;
        told(&inside(p, &["revoke", &made.id, "--kick"])?, &user, NONE)
    }),
];

/// Where several names mean one account, and Dovecot goes on with the name as typed.
pub const OTHER_NAMES: &[Row] = &[
    ("idle-under-other-names-ended-by-revoke", |p| other_names(p, |_, id| vec!["revoke", id])),
    ("idle-under-other-names-ended-by-lock", |p| other_names(p, |user, _| vec!["user", user, "lock"])),
    // Afterwards these names mean nobody.
    ("idle-under-other-names-ended-by-delete", |p| {
        other_names(p, |user, _| vec!["user", user, "delete", "--yes"])
    }),
];

/// Nobody tells apppw of these names. The same person's account of another domain goes on.
fn other_names(place: &Place<'_>, args: Command) -> Check {
    let (user, made) = somebody(place)?;
    let local = user.trim_end_matches("@example.org");
    let another = format!("{local}@example.com");
    let mut going_on = idle(place, &another, &place.make(&another, &[])?)?;
    let others = [local.to_uppercase(), user.to_uppercase(), format!("{local}@example.net")];
    let sessions = others.iter().chain([&user]).map(|typed| idle(place, typed, &made));
    let sessions = sessions.collect::<Result<Vec<_>, _>>()?;
    let answer = inside(place, &[args(&user, &made.id), vec!["--kick"]].concat())?;
    let names = answer["kicked"].as_array().into_iter().flatten().map(|kicked| &kicked["user"]);
    if !names.eq([&user].into_iter().chain(&others)) {
        return Err(format!("{answer:#}").into());
    }
    for session in sessions {
        session.wait_for_end()?;
    }
    is_open(&mut going_on)
}

/// Another name in Dovecot's cache is forgotten too.
pub const OTHER_NAME_CACHED: Row = ("cache-of-another-name-flushed", |p| {
    let (user, made) = somebody(p)?;
    let typed = user.replace("@example.org", "@example.net");
    p.expect(Accepted, &typed, &made.secret)?;
    inside(p, &["revoke", &made.id, "--kick"])?;
    p.expect(Refused("revoked"), &typed, &made.secret)
});

/// Where sessions in IDLE move into one process for all of them. Dovecot 2.3 can end them only
/// together, and so doesn't.
pub const HIBERNATED: Row = ("idle-in-hibernation", |p| {
    let ((user, made), (another, anothers)) = (somebody(p)?, somebody(p)?);
    let mut session = idle(p, &user, &made)?;
    let mut going_on = idle(p, &another, &anothers)?;
    wait_until_in_one_process(p, [&user, &another])?;
    let answer = inside(p, &["revoke", &made.id, "--kick"])?;
    match p.host.dovecot {
        Version::V2_3 => {
            let kicked = &answer["kicked"][0];
            if kicked["done"] != false
                || !kicked["message"].as_str().is_some_and(|why| why.contains("kick -f"))
            {
                return Err(format!("{answer:#}").into());
            }
            is_open(&mut session)?;
        }
        // It counts none, and ends it.
        Version::V2_4 => {
            told(&answer, &user, NONE)?;
            session.wait_for_end()?;
        }
    }
    is_open(&mut going_on)
});

/// Postfix has let somebody in and asks nobody any more: Dovecot knows of no session, and mail goes
/// on to be taken.
pub const POSTFIX: Row = ("smtp-session-goes-on", |p| {
    let (user, made) = somebody(p)?;
    let smtp = Smtp {
        address: p.spot.mail_login().address(),
        mechanism: smtp::Mechanism::Plain,
        pam_service: "smtp",
    };
    let mut session = smtp.stay(&Attempt::new(&user, &made.secret))?;
    told(&inside(p, &["revoke", &made.id, "--kick"])?, &user, NONE)?;
    p.expect(Refused("revoked"), &user, &made.secret)?;
    if session.may_send()? { Ok(()) } else { Err("the session is gone".into()) }
});

/// The revocation holds, and that nothing was kicked is no secret.
pub const NO_DOVECOT: Row = ("kick-without-dovecot", |p| {
    let (user, made) = somebody(p)?;
    let answer = inside(p, &["revoke", &made.id, "--kick"])?;
    if answer["kicked"][0]["done"] != false {
        return Err(format!("{answer:#}").into());
    }
    p.expect(Refused("revoked"), &user, &made.secret)
});

/// What is told where there was something to end, and where not.
const ENDED: &str = "open sessions ended, Dovecot's cache flushed";
const NONE: &str = "no open sessions, Dovecot's cache flushed";

/// The reason for `--kick`: what is open stays open. (So does what is cached: `super::mistakes`.)
fn without_kick(place: &Place<'_>) -> Check {
    let (user, made) = somebody(place)?;
    let mut session = idle(place, &user, &made)?;
    inside(place, &["revoke", &made.id])?;
    if !place.host.has_cache() {
        place.expect(Refused("revoked"), &user, &made.secret)?;
    }
    is_open(&mut session)
}

/// `--kick` ends all sessions of the account, and its next login is asked of apppwd again, which
/// refuses it for this reason. Another account's session goes on.
fn kicked(place: &Place<'_>, reason: &'static str, args: Command) -> Check {
    let ((user, made), (another, anothers)) = (somebody(place)?, somebody(place)?);
    let sessions = [idle(place, &user, &made)?, idle(place, &user, &made)?];
    let mut going_on = idle(place, &another, &anothers)?;
    let args = [args(&user, &made.id), vec!["--kick"]].concat();
    told(&inside(place, &args)?, &user, ENDED)?;
    for session in sessions {
        session.wait_for_end()?;
    }
    is_open(&mut going_on)?;
    place.expect(Refused(reason), &user, &made.secret)
}

/// `apppw`'s arguments, from user and id.
type Command = for<'a> fn(&'a str, &'a str) -> Vec<&'a str>;

fn somebody(place: &Place<'_>) -> Result<(String, Made), Failed> {
    let user = place.user();
    let made = place.make(&user, &[])?;
    Ok((user, made))
}

fn idle(place: &Place<'_>, user: &str, made: &Made) -> Result<Idle, Failed> {
    let imap = Imap { address: place.spot.mail_login().address(), mechanism: Mechanism::Login };
    Ok(imap.idle(&Attempt::new(user, &made.secret))?)
}

fn is_open(session: &mut Idle) -> Check {
    if session.is_open()? { Ok(()) } else { Err("the session is gone".into()) }
}

fn wait_until_in_one_process(place: &Place<'_>, users: [&str; 2]) -> Check {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let who = place.doveadm(&["who", "-1"])?;
        // Name, protocol, process id, address.
        let pid = |user| {
            let line = who.lines().find(|line| line.split_whitespace().next() == Some(user));
            line.and_then(|line| line.split_whitespace().nth(2))
        };
        match users.map(pid) {
            [Some(one), Some(other)] if one == other => return Ok(()),
            _ if Instant::now() > deadline => return Err(who.into()),
            _ => thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// Longer than Dovecot takes to hibernate a session here.
const PATIENCE: Duration = Duration::from_secs(20);

/// What `apppw ARGS --json` says on the mail host. Its status is that of the kick.
fn inside(place: &Place<'_>, args: &[&str]) -> Result<Value, Failed> {
    let output = place.running.server.command("apppw")?.args(args).arg("--json").output()?;
    let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let kicked = told["kicked"].as_array().map_or(&[][..], Vec::as_slice);
    if !told.is_null() && output.status.success() == kicked.iter().all(|kicked| kicked["done"] == true) {
        return Ok(told);
    }
    Err(format!("apppw {args:?}: {output:?}").into())
}

impl Place<'_> {
    fn doveadm(&self, args: &[&str]) -> Result<String, Failed> {
        let output = self.running.server.command("doveadm")?.args(args).output()?;
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout)?);
        }
        Err(format!("doveadm {args:?}: {output:?}").into())
    }
}

fn told(told: &Value, user: &str, message: &str) -> Check {
    if told["kicked"] == json!([{"user": user, "done": true, "message": message}]) {
        return Ok(());
    }
    Err(format!("expected {message:?}: {told:#}").into())
}
