//! kill -9 while server keys come and go: whatever the moment, the next start needs nobody, no login fails that
//! should not, and what was retired doesn't come back.

use crate::load::call;
use crate::load::watch;
use crate::random::Random;
use crate::row::{Cases, Outcome, Row};
use crate::shim::{Act, Plan, Shim};
use apppw_proto::frame::Verdict;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::frames::{Ask, canonical, try_login};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Killed at the n-th operation.
pub const AT_CALL: Row = Row {
    number: 5,
    name: "kill-while-keys-change",
    shows: "kill -9 before and after the n-th operation of a rotation, a retirement and an import of server keys: the \
            next start comes up by itself, secrets of active keys are accepted, those of a retired one refused, and \
            the same command then succeeds",
    unit: "kills",
    full: 1200,
    short: 60,
    batch: 100,
    run,
};

/// Operations among which the n-th is struck: each of the three has fewer.
const SPAN: u64 = 36;

const USER: &str = "alice@example.org";

/// What is done when it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Rotate,
    Retire,
    Import,
}

fn run(cases: &Cases) -> Outcome {
    Outcome::of_each(cases, |case, outcome| {
        let doing = [Doing::Rotate, Doing::Retire, Doing::Import][usize::try_from(case % 3).unwrap_or(0)];
        // Some of everywhere, also where only a few are run.
        let nth = 1 + case / 6 * 5 % SPAN;
        let act = if (case / 3).is_multiple_of(2) { Act::KillBefore } else { Act::KillAfter };
        // When each change has been struck once: operations that change nothing, too.
        let plan =
            if (case / 6 / SPAN).is_multiple_of(2) { Plan::at_change(nth, act) } else { Plan::at(nth, act) };
        if let Err(why) = struck(doing, plan, case, outcome) {
            outcome.find(case, format!("{doing:?}, {plan:?}: {why}"));
        }
    })
}

fn struck(doing: Doing, plan: Plan, case: u64, outcome: &mut Outcome) -> Result<(), String> {
    let site = Site::new(CHEAP_ARGON2);
    let shim = Shim::new(&site);
    let daemon = shim.start(site);
    let mut random = Random::of(case, 29);
    // Made with the first key; the second one logs in under the second key and is brought to it.
    let (old, used) = (make(&daemon, "old"), make(&daemon, "used"));
    ask(&daemon, "key.rotate", &json!({}))?;
    let new = make(&daemon, "new");
    let deadline = Instant::now() + Duration::from_secs(60);
    while depend(&daemon, 1)? > 1 {
        if !accepts(&daemon, &used) || Instant::now() > deadline {
            return Err("a login does not bring its hash to the new key".to_owned());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let text = format!("7 {}\n{}", "5a".repeat(32), key_file(&daemon));
    let (verb, args) = match doing {
        Doing::Rotate => ("key.rotate", json!({})),
        Doing::Retire => ("key.retire", json!({"id": 1})),
        Doing::Import => ("key.import", json!({"text": text})),
    };
    shim.arm(plan);
    let is_done = std::thread::scope(|scope| {
        let logins = scope.spawn(|| {
            // What answers, answers right: until it is dead.
            let wrong = |verdict| verdict == Verdict::Refused;
            (0..20).any(|_| {
                verdict(&daemon, &used).is_some_and(wrong) || verdict(&daemon, &new).is_some_and(wrong)
            })
        });
        std::thread::sleep(Duration::from_micros(random.below(300)));
        let is_done = ask(&daemon, verb, &args).is_ok();
        match logins.join() {
            Ok(true) => Err("a login was refused meanwhile".to_owned()),
            _ => Ok(is_done),
        }
    })?;
    outcome.count(if shim.struck() > 0 { "killed there" } else { "over before that" }, 1);
    outcome.count(if is_done { "acknowledged" } else { "not acknowledged" }, 1);
    shim.disarm();
    let daemon = daemon.kill().start();
    let log = daemon.log();
    if ["is missing", "damaged"].iter().any(|word| log.contains(word)) {
        return Err(format!("the log says: {log}"));
    }
    let check = |daemon: &Apppwd, is_done: bool| -> Result<(), String> {
        if !accepts(daemon, &used) || !accepts(daemon, &new) {
            return Err("one whose key is active is refused".to_owned());
        }
        let is_retired = doing == Doing::Retire && is_done;
        if is_retired && accepts(daemon, &old) {
            return Err("one whose key is retired is accepted".to_owned());
        }
        if doing != Doing::Retire && !accepts(daemon, &old) {
            return Err("one whose key is active is refused".to_owned());
        }
        Ok(())
    };
    check(&daemon, is_done)?;
    // What of it is left to be done can be done.
    match doing {
        Doing::Rotate if ids(&daemon)?.len() == 3 => outcome.count("there after the kill", 1),
        Doing::Retire if ids(&daemon)? == [2] => outcome.count("there after the kill", 1),
        Doing::Import if ids(&daemon)? == [7, 2, 1] => outcome.count("there after the kill", 1),
        _ if is_done => return Err(format!("acknowledged, and lost: {:?}", ids(&daemon)?)),
        _ => drop(ask(&daemon, verb, &args)?),
    }
    check(&daemon, true)?;
    let made = make(&daemon, "made later");
    let daemon = daemon.kill().start();
    check(&daemon, true)?;
    if !accepts(&daemon, &made) {
        return Err("what was made later is refused".to_owned());
    }
    Ok(())
}

fn key_file(site: &Site) -> String {
    std::fs::read_to_string(site.path("key/server.key")).expect("the server keys")
}

fn make(daemon: &Apppwd, name: &str) -> String {
    canonical(daemon.create(USER, name, &[]).secret.expose())
}

fn accepts(daemon: &Apppwd, secret: &str) -> bool {
    try_login(&daemon.auth_socket(), USER, secret) == Verdict::Accepted
}

/// The same of a daemon that may be dead.
fn verdict(daemon: &Apppwd, secret: &str) -> Option<Verdict> {
    let ask = Ask::login(USER, "imap", "192.0.2.7", secret);
    watch::verdict(&daemon.auth_socket(), &ask).ok()
}

fn ask(daemon: &Apppwd, verb: &str, args: &Value) -> Result<Value, String> {
    let answer = call(&daemon.admin_socket(), verb, args).ok_or("no answer")?;
    match answer.get("ok") {
        Some(ok) => Ok(ok.clone()),
        None => Err(answer.to_string()),
    }
}

fn ids(daemon: &Apppwd) -> Result<Vec<u64>, String> {
    let keys = ask(daemon, "keys", &json!({}))?;
    Ok(keys["keys"].as_array().into_iter().flatten().filter_map(|key| key["id"].as_u64()).collect())
}

fn depend(daemon: &Apppwd, id: u64) -> Result<u64, String> {
    let keys = ask(daemon, "keys", &json!({}))?;
    let key = keys["keys"].as_array().into_iter().flatten().find(|key| key["id"] == id);
    Ok(key.and_then(|key| key["app_passwords"].as_u64()).unwrap_or(0))
}
