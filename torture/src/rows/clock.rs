//! The clock jumps, anywhere in what the daemon does: what was seen expired stays so, nothing else is lost
//! by it, and once it is right all goes on.

use crate::asking::{Made, ask, create, done, login, made};
use crate::random::Random;
use crate::row::{Outcome, Row};
use crate::shim::{Act, Plan, Shim, kind};
use apppw_proto::frame::Verdict;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// The row.
pub const ROW: Row = Row {
    number: 15,
    name: "clock-jumps",
    shows: "the clock jumps, by 100 years or less, forwards and back, between and within operations, or is wrong at \
            the start: what was seen expired stays so, nothing is deleted, suspended or revoked, the jump is \
            logged, and once it is right all works",
    unit: "jumps",
    full: 1200,
    short: 40,
    batch: 100,
    run: |cases| Outcome::of_each_on(20, cases, case),
};

const USER: &str = "alice@example.org";
/// Whose app passwords are made and listed meanwhile: who is shown that one has expired has seen it.
const OTHER: &str = "carol@example.org";
const DAY: i64 = 86_400;
/// After so many days that ends which has an end.
const ENDS: i64 = 200;

/// In seconds; the last ones lead to 1970 and before.
const JUMPS: [i64; 9] =
    [36_525 * DAY, 36_525 * DAY, 366 * DAY, 40 * DAY, 3600, -3600, -40 * DAY, -20_000 * DAY, -36_525 * DAY];

/// Housekeeping looks each second, for the sake of one who is not told of here.
const CONFIG: &str = "suspend_unused = \"20d\"\ndrop_never_used = \"20d\"\ntombstones = \"20d\"\n\
    creations_per_day = 1000000\n[events]\nkeep = \"20d\"\n[policy.user.\"tick@example.org\"]\nsuspend_unused = \"3s\"\n";

/// Longer than two looks.
const TWO_LOOKS: Duration = Duration::from_millis(2300);

/// What there is before.
struct Before {
    live: Vec<Made>,
    /// Ends within the year; nobody has seen it.
    ending: Made,
    /// The same, and somebody tries it while the clock is wrong.
    tried: Made,
    /// It was rotated, and its grace lasts.
    old: Made,
    suspended: Made,
    revoked: Made,
    pinned: Made,
}

fn case(case: u64, outcome: &mut Outcome) {
    let mut random = Random::of(case, 15);
    let jump = JUMPS[usize::try_from(case % 9).expect("small")];
    let site = Site::new(&format!("{CHEAP_ARGON2}{CONFIG}"));
    let shim = Shim::new(&site);
    shim.clock_is_off_by(0);
    let daemon = shim.start(site);
    let before = Before::make(&daemon);
    let listed = ids(&daemon.admin_socket());
    let events = events(&daemon.admin_socket());
    // In order, at a crash, or not at all.
    let (daemon, how) = match case / 9 % 4 {
        0 => {
            let (_, site) = daemon.stop();
            shim.clock_is_off_by(jump);
            (shim.start(site), "wrong at the start")
        }
        1 => {
            let site = daemon.kill();
            shim.clock_is_off_by(jump);
            (shim.start(site), "wrong after a crash")
        }
        2 => (daemon, "within an operation"),
        _ => (daemon, "between two operations"),
    };
    let at = random.below(STEPS);
    let mut problems = Vec::new();
    for step in 0..STEPS {
        if step == at && how == "between two operations" {
            shim.clock_is_off_by(jump);
        }
        if step == at && how == "within an operation" {
            let nth = 1 + random.below(6);
            shim.arm(Plan { kinds: kind::CHANGES, ..Plan::at(nth, Act::Jump(jump)) });
        }
        // What was made to last for nine days before the clock went ahead within its creation is over.
        let may_be_over = step == 1 && how == "within an operation" && jump > 9 * DAY;
        if let Err(why) = do_one(step, &daemon, &before)
            && !may_be_over
        {
            problems.push(format!("step {step}: {why}"));
        }
    }
    shim.disarm();
    let is_off = shim.clock_seconds() != 0;
    outcome.count(how, 1);
    outcome.count("jumped", u64::from(is_off));
    // By the clock that there is, it has ended or has not.
    let tried_then = if shim.clock_seconds() > ENDS * DAY { Verdict::Refused } else { Verdict::Accepted };
    let tried = login(&daemon.auth_socket(), USER, &before.tried.secret);
    if tried != tried_then {
        problems.push(format!("{tried:?} and not {tried_then:?} while the clock is wrong"));
    }
    if case.is_multiple_of(2) {
        std::thread::sleep(TWO_LOOKS);
    }
    // An hour, or even a month, may really have passed while the daemon was away.
    let may_be_true = how.starts_with("wrong") && (0..=30 * DAY).contains(&jump);
    if is_off && !daemon.settled_log().contains("the clock jumped by") && !may_be_true {
        problems.push("the jump is not logged".to_owned());
    }
    shim.clock_is_right();
    problems.extend(check(&daemon, &before, tried_then, &listed, &events));
    std::thread::sleep(TWO_LOOKS);
    problems.extend(check(&daemon, &before, tried_then, &listed, &events));
    problems.extend(works_again(&daemon));
    let log = daemon.log();
    let (status, site) = daemon.stop();
    if !status.success() || log.contains("panicked") {
        problems.push(format!("it ended with {status}"));
    }
    let daemon = shim.start(site);
    problems.extend(check(&daemon, &before, tried_then, &listed, &events));
    for why in problems.into_iter().take(3) {
        let tail: Vec<&str> = log.lines().filter(|line| !line.contains("reason=")).collect();
        let tail = tail[tail.len().saturating_sub(12)..].join("\n");
        outcome.find(case, format!("{jump} s, {how}, step {at}: {why}\n{tail}"));
    }
}

impl Before {
    fn make(daemon: &Apppwd) -> Self {
        let (auth, admin) = (daemon.auth_socket(), daemon.admin_socket());
        let make = |name: &str, more: Value| create(&admin, USER, name, &more);
        let year = json!({"expires": {"after": format!("{ENDS}d")}});
        let before = Self {
            live: vec![make("used", json!({})), make("never used", json!({}))],
            ending: make("ending", year.clone()),
            tried: make("tried", year),
            old: make("rotated", json!({})),
            suspended: make("suspended", json!({})),
            revoked: make("revoked", json!({})),
            pinned: make("pinned", json!({"pin": ["network"]})),
        };
        assert_eq!(login(&auth, USER, &before.live[0].secret), Verdict::Accepted);
        done(&admin, "rotate", &json!({"id": before.old.id, "grace": "30d"}));
        done(&admin, "suspend", &json!({"ids": [before.suspended.id]}));
        done(&admin, "revoke", &json!({"ids": [before.revoked.id]}));
        before
    }
}

const STEPS: u64 = 10;

/// What goes on meanwhile: everything is answered.
fn do_one(step: u64, daemon: &Apppwd, before: &Before) -> Result<(), String> {
    let (auth, admin) = (daemon.auth_socket(), daemon.admin_socket());
    let name = format!("made meanwhile {step}");
    match step {
        0 => accepted(&auth, &before.live[0]),
        1 => {
            let answer =
                ask(&admin, "create", &json!({"user": OTHER, "name": name, "expires": {"after": "9d"}}));
            let one = made(OTHER, &answer).map_err(|error| format!("create: {error:?}"))?;
            accepted(&auth, &one)
        }
        2 => {
            let one = create(&admin, OTHER, &name, &json!({}));
            accepted(&auth, &one)?;
            done(&admin, "revoke", &json!({"ids": [one.id]}));
            refused(&auth, &one)
        }
        3 => {
            let one = create(&admin, OTHER, &name, &json!({}));
            done(&admin, "suspend", &json!({"ids": [one.id]}));
            refused(&auth, &one)?;
            done(&admin, "resume", &json!({"ids": [one.id]}));
            accepted(&auth, &one)
        }
        4 => {
            let one = create(&admin, OTHER, &name, &json!({}));
            let answer = ask(&admin, "rotate", &json!({"id": one.id, "grace": "1d"}));
            let new = made(OTHER, &answer).map_err(|error| format!("rotate: {error:?}"))?;
            accepted(&auth, &new)
        }
        5 => accepted(&auth, &before.pinned),
        6 => answered(&admin, "events", json!({"after": 0})),
        7 => answered(&admin, "list", json!({"user": OTHER, "unused": "20d"})),
        8 => answered(&admin, "report", json!({})).and_then(|()| answered(&admin, "users", json!({}))),
        _ => answered(&admin, "user.lock", json!({"user": "bob@example.org"}))
            .and_then(|()| answered(&admin, "user.unlock", json!({"user": "bob@example.org"}))),
    }
}

fn answered(admin: &Path, verb: &str, args: Value) -> Result<(), String> {
    let answer = ask(admin, verb, &args);
    if answer.get("ok").is_some() { Ok(()) } else { Err(format!("{verb}: {answer}")) }
}

fn accepted(auth: &Path, one: &Made) -> Result<(), String> {
    match login(auth, &one.user, &one.secret) {
        Verdict::Accepted => Ok(()),
        other => Err(format!("{} is {other:?}", one.id)),
    }
}

fn refused(auth: &Path, one: &Made) -> Result<(), String> {
    match login(auth, &one.user, &one.secret) {
        Verdict::Refused => Ok(()),
        other => Err(format!("{} is {other:?}", one.id)),
    }
}

/// With the right clock: everything is as it was, but for what was seen expired.
fn check(
    daemon: &Apppwd,
    before: &Before,
    tried: Verdict,
    listed: &BTreeSet<String>,
    events_then: &BTreeSet<u64>,
) -> Vec<String> {
    let (auth, admin) = (daemon.auth_socket(), daemon.admin_socket());
    let mut problems = Vec::new();
    let live = before.live.iter().chain([&before.ending, &before.old, &before.pinned]);
    for (one, wanted) in live.map(|one| (one, Verdict::Accepted)).chain([
        (&before.tried, tried),
        (&before.suspended, Verdict::Refused),
        (&before.revoked, Verdict::Refused),
    ]) {
        let found = login(&auth, USER, &one.secret);
        if found != wanted {
            let shown = ask(&admin, "show", &json!({"id": one.id}));
            problems.push(format!("{found:?} and not {wanted:?}: {}", shown["ok"]["app_password"]));
        }
    }
    let gone: Vec<_> = listed.difference(&ids(&admin)).cloned().collect();
    let forgotten = events_then.difference(&events(&admin)).count();
    if !gone.is_empty() || forgotten > 0 {
        problems.push(format!("forgotten: {gone:?} and {forgotten} events"));
    }
    problems
}

/// What is made now ends as it should, and what is not used is suspended.
fn works_again(daemon: &Apppwd) -> Vec<String> {
    let (auth, admin) = (daemon.auth_socket(), daemon.admin_socket());
    let mut problems = Vec::new();
    let short = create(&admin, USER, "short", &json!({"expires": {"after": "2s"}}));
    let unused = create(&admin, "tick@example.org", "unused", &json!({}));
    problems.extend(accepted(&auth, &unused).err());
    let begun = std::time::Instant::now();
    loop {
        let is_over = login(&auth, USER, &short.secret) == Verdict::Refused;
        let state = done(&admin, "show", &json!({"id": unused.id}))["app_password"]["state"].clone();
        if is_over && state == "suspended" {
            return problems;
        }
        if begun.elapsed() > Duration::from_secs(30) {
            problems.push(format!("30 s later: over {is_over}, unused and {state}"));
            return problems;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Every app password's, the ended ones' too.
fn ids(admin: &Path) -> BTreeSet<String> {
    let listed = done(admin, "list", &json!({"user": USER, "all": true}));
    let all = listed["app_passwords"].as_array().cloned().unwrap_or_default();
    all.iter().filter_map(|one| one["id"].as_str().map(str::to_owned)).collect()
}

fn events(admin: &Path) -> BTreeSet<u64> {
    let (mut numbers, mut after) = (BTreeSet::new(), 0);
    loop {
        let page = done(admin, "events", &json!({"after": after}));
        numbers.extend(
            page["events"].as_array().into_iter().flatten().filter_map(|event| event["seq"].as_u64()),
        );
        after = page["cursor"].as_u64().unwrap_or(0);
        if page["more"] != true {
            return numbers;
        }
    }
}
