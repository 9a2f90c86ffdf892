//! A login through libpam, beside modules that do less and modules that do the same.

use crate::bed::{Bed, NEVER_DRAWN, Try};
use crate::report::{Goal, Section, at_least, at_most};
use crate::rounds::{Contestant, interleave};
use crate::stats::Sample;
use crate::{Effort, peers};
use serde_json::json;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ALICE: &str = "alice@example.org";

/// What the accounts of this section are configured with: Argon2id at its real cost.
const CONFIG: &str = "[limits]\nper_account = 100000\ncreations_per_day = 1000000\n\
    [policy.user.\"bob@example.org\"]\nprimary = \"allow\"\n";

pub fn run(effort: Effort) -> Vec<Section> {
    let bed = Bed::new(CONFIG);
    let secret = bed.create(ALICE, "phone");
    let warm = Try::new("imap", ALICE, &secret);
    let permit = Try::new("permit", ALICE, "x");
    vec![
        long_lived(&bed, effort, &warm, &permit),
        one_core(&bed, effort, &warm, &permit),
        once(&bed, effort, &warm, &permit),
        eight(&bed, effort, &warm, &permit),
        guesses(&bed, effort),
    ]
}

fn long_lived(bed: &Bed, effort: Effort, warm: &Try, permit: &Try) -> Section {
    let rounds = effort.rounds(31, 9);
    let cold: Vec<Try> = (0..=rounds)
        .map(|n| {
            Try::new(
                "imap",
                &format!("cold{n}@example.org"),
                &bed.create(&format!("cold{n}@example.org"), "x"),
            )
        })
        .collect();
    let tries = [
        ("pam_permit", permit.clone(), 300),
        ("C floor", Try::new("floor", ALICE, "x"), 300),
        ("apppw, warm", warm.clone(), 300),
        ("apppw, wrong secret", Try::new("imap", ALICE, NEVER_DRAWN).refused(), 300),
        ("apppw, unknown user", Try::new("imap", "nobody@example.org", NEVER_DRAWN).refused(), 300),
        ("apppw, not mine, then pam_permit", Try::new("smtp", "bob@example.org", "primary"), 300),
        ("pam_unix, yescrypt", Try::new("unix", "yescrypt", peers::PASSWORD), 2),
        ("pam_unix, sha512crypt", Try::new("unix", "sha512", peers::PASSWORD), 6),
        ("pam_pwdfile, sha512crypt", Try::new("pwdfile", "sha512", peers::PASSWORD), 12),
    ];
    let mut contestants: Vec<Contestant<'_>> = tries
        .into_iter()
        .filter(|(_, login, _)| login.service != "pwdfile" || bed.has_pwdfile)
        .map(|(name, login, count)| {
            Contestant::new(name, move |_| Sample::of(&bed.log_in(&login, effort.count(count))))
        })
        .collect();
    if let Some(debians) = &bed.debians {
        let count = effort.count(40);
        let times = move |confdir, login: &Try| {
            Sample::of(&(0..count).map(|_| Bed::log_in_by(confdir, login)).collect::<Vec<_>>())
        };
        for (name, login) in [("pam_permit", permit), ("apppw, warm", warm)] {
            let name = format!("{name}, beside Debian's `other`");
            contestants.push(Contestant::new(name, move |_| times(debians, login)));
        }
        let common = Try::new("pop3", ALICE, &warm.password);
        let name = "apppw, warm, in a file that includes common-auth";
        contestants.push(Contestant::new(name, move |_| times(&bed.confdir, &common)));
    }
    contestants.push(Contestant::new("apppw, cold", |round| Sample::of(&bed.log_in(&cold[round], 1))));
    let mut bare = super::argon::Bare::new(19_456, 2);
    contestants.push(Contestant::new("bare Argon2id", move |_| Sample::of(&[bare.run()])));
    let results = interleave(rounds, contestants);
    let mut section =
        Section::new("A login in a host that lives long (libpam, `pam_start_confdir` to `pam_end`)");
    section.ratios(&results, "pam_permit");
    let yescrypt = at_least(
        "pam_unix with yescrypt, p50 against a warm login",
        400.0,
        &results,
        ("pam_unix, yescrypt", "apppw, warm"),
        |s| s.p50,
    );
    section.goals(&[
        at_most("warm, p50 against pam_permit", 1.0, &results, ("apppw, warm", "pam_permit"), |s| s.p50),
        at_most("warm, p50 against the C floor", 1.15, &results, ("apppw, warm", "C floor"), |s| s.p50),
        at_most("warm, p99 against the C floor", 1.3, &results, ("apppw, warm", "C floor"), |s| s.p99),
        at_most(
            "wrong secret, p50 against warm",
            1.1,
            &results,
            ("apppw, wrong secret", "apppw, warm"),
            |s| s.p50,
        ),
        at_most(
            "unknown user, p50 against warm",
            1.1,
            &results,
            ("apppw, unknown user", "apppw, warm"),
            |s| s.p50,
        ),
        yescrypt,
        at_most("cold, against one bare Argon2id", 1.06, &results, ("apppw, cold", "bare Argon2id"), |s| {
            s.p50
        }),
    ]);
    section
}

/// What is done in a login, without what it costs to wake a core that sleeps.
fn one_core(bed: &Bed, effort: Effort, warm: &Try, permit: &Try) -> Section {
    let wrong = Try::new("imap", ALICE, NEVER_DRAWN).refused();
    let floor = Try::new("floor", ALICE, "x");
    let rows =
        [("pam_permit", permit), ("C floor", &floor), ("apppw, warm", warm), ("apppw, wrong secret", &wrong)];
    let pinned = bed.on_one_core();
    let contestants = rows.map(|(name, login)| {
        Contestant::new(name, move |_| Sample::of(&bed.log_in(login, effort.count(300))))
    });
    let results = interleave(effort.rounds(31, 9), contestants.into());
    drop(pinned);
    let mut section = Section::new("The same where host, floor and daemon share one core");
    section
        .say("What waking another core costs is gone: what is left is what is done. (No goal is for these.)");
    section.ratios(&results, "pam_permit");
    section
}

/// One process for each login.
fn once(bed: &Bed, effort: Effort, warm: &Try, permit: &Try) -> Section {
    let host = |login: &Try| {
        let mut command = Command::new(&bed.once);
        command.arg(bed.confdir.path()).args([login.service, &login.user, &login.password]);
        command.stdin(Stdio::null());
        let begun = Instant::now();
        let status = command.status().expect("the host runs");
        assert!(status.success(), "{login:?}: {status}");
        begun.elapsed()
    };
    let floor = Try::new("floor", ALICE, "x");
    let contestants =
        [("pam_permit", permit), ("C floor", &floor), ("apppw, warm", warm)].map(|(name, login)| {
            Contestant::new(name, move |_| {
                let times: Vec<Duration> = (0..effort.count(40)).map(|_| host(login)).collect();
                Sample::of(&times)
            })
        });
    let results = interleave(effort.rounds(31, 9), contestants.into());
    let mut section = Section::new("One process for each login (fork and exec)");
    section.ratios(&results, "pam_permit");
    section.goals(&[at_most(
        "warm, p50 against pam_permit",
        1.1,
        &results,
        ("apppw, warm", "pam_permit"),
        |s| s.p50,
    )]);
    section
}

/// Eight and two processes at once: each a copy of this program.
fn eight(bed: &Bed, effort: Effort, warm: &Try, permit: &Try) -> Section {
    let wrong = Try::new("imap", ALICE, NEVER_DRAWN).refused();
    let floor = Try::new("floor", ALICE, "x");
    let hosts = |login: &Try, processes: usize, count: usize| {
        let begun = Instant::now();
        let children: Vec<_> = (0..processes).map(|_| super::host::spawn(bed, login, count)).collect();
        let times: Vec<Duration> = children.into_iter().flat_map(super::host::Host::times).collect();
        Sample::within(&times, begun.elapsed())
    };
    let count = effort.count(400);
    let rows = [
        ("pam_permit, 8 processes", permit, 8),
        ("apppw, warm, 8 processes", warm, 8),
        ("pam_permit, 2 processes", permit, 2),
        ("C floor, 2 processes", &floor, 2),
        ("apppw, wrong secret, 2 processes", &wrong, 2),
    ];
    let contestants =
        rows.map(|(name, login, processes)| Contestant::new(name, move |_| hosts(login, processes, count)));
    let results = interleave(effort.rounds(15, 5), contestants.into());
    let mut section = Section::new("Several hosts at once");
    section.say("Each host is a process of its own; all share two cores with the daemon.");
    section.ratios(&results, "pam_permit, 8 processes");
    section.goals(&[at_least(
        "wrong secrets a second, 2 processes, against pam_permit",
        0.8,
        &results,
        ("apppw, wrong secret, 2 processes", "pam_permit, 2 processes"),
        |s| s.rate,
    )]);
    section
}

/// Guesses cost no Argon2id.
fn guesses(bed: &Bed, effort: Effort) -> Section {
    let all = effort.count(1_000_000);
    let runs = || bed.call("status", json!({}))["argon2"]["runs"].as_u64().unwrap_or(0);
    let before = runs();
    let threads = 4;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for n in 0..all / threads {
                    let secret = super::guess::secret((thread * all + n) as u64);
                    let reply = super::guess::send(&bed.daemon.auth_socket(), ALICE, &secret);
                    assert_eq!(reply, apppw_proto::frame::Verdict::Refused);
                }
            });
        }
    });
    let after = runs();
    let mut section = Section::new("Guesses");
    section.goals(&[Goal::new(
        format!("Argon2id computations in {all} well-shaped guesses for a known user"),
        "0",
        (after - before).to_string(),
        after == before,
    )]);
    section
}
