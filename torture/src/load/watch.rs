//! What is so, beside what must be so.

use super::{AppPassword, Change, Person, State, World, call};
use crate::random::Random;
use apppw_proto::frame::{Reply, Verdict};
use apppw_tests::frames::Ask;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// The configuration under which this is right: enrolment shows.
pub const CONFIG: &str = "[argon2]\nmemory_kib = 64\niterations = 1\n[limits]\nper_account = 100000\n\
                          [policy]\nprimary = \"refuse-enrolled\"\n";

/// Where the sockets of a daemon are.
#[derive(Debug, Clone, Copy)]
pub struct Sockets<'a> {
    /// `auth.sock`.
    pub auth: &'a Path,
    /// `admin.sock`.
    pub admin: &'a Path,
}

/// What must be so.
#[derive(Debug, Clone)]
pub struct Expected<'a> {
    /// After all that was acknowledged.
    pub world: &'a World,
    /// What was asked for and never answered.
    pub under_way: Option<&'a Change>,
    /// The events since the number `cursor` that what was acknowledged has left.
    pub events: &'a [String],
    /// The number of the last event that is not looked at again.
    pub cursor: u64,
    /// How many secrets are tried at most.
    pub logins: usize,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The world that holds, with the ids of what was made without an answer.
    pub world: World,
    /// The number of the last event.
    pub cursor: u64,
    /// How many secrets were tried.
    pub logins: u64,
    /// The change that was under way is there, as far as that can be seen.
    pub is_after: bool,
}

/// Looks whether it is so.
///
/// # Errors
/// What must not be.
pub fn look(sockets: Sockets<'_>, expected: &Expected<'_>, random: &mut Random) -> Result<Seen, String> {
    let Expected { world, under_way, .. } = *expected;
    let after = under_way.map(|change| change.after(world, None));
    let names: BTreeSet<&String> =
        std::iter::once(world).chain(&after).flat_map(|w| w.people.keys()).collect();
    let found = Found::by_asking(sockets, &names, world)?;
    let as_before = found.fit(world);
    let as_after = after.map(|after| found.fit(&after));
    let (world, is_after) = match (as_before, as_after) {
        (Ok(world), None | Some(Err(_))) => (world, Some(false)),
        (Err(_), Some(Ok(world))) => (world, Some(true)),
        // What differs can't be seen.
        (Ok(_), Some(Ok(world))) => (world, None),
        (Err(why), None) => return Err(format!("acknowledged, but {why}")),
        (Err(before), Some(Err(after))) => {
            return Err(format!(
                "{under_way:?} is half there: not before it: {before}; not after it: {after}"
            ));
        }
    };
    let (told, cursor) = told_since(sockets, expected.cursor, &world)?;
    check_events(told, expected, is_after)?;
    let logins = try_logins(sockets, &world, expected.logins, random)?;
    let deleted = match under_way {
        Some(Change::Delete(user)) if is_after != Some(false) => Some(user),
        _ => None,
    };
    if let Some(user) = deleted {
        // Cut off before the journal knew, it is remembered as enrolled or locked until somebody says
        // it again.
        if let Some(answer) = call(sockets.admin, "user.delete", &json!({"user": user}))
            && answer["error"]["code"] != "not_found"
            && answer.get("ok").is_none()
        {
            return Err(format!("{user} can't be deleted again: {answer}"));
        }
    }
    let cursor = if deleted.is_some() { told_since(sockets, cursor, &world)?.1 } else { cursor };
    Ok(Seen { world, cursor, logins, is_after: is_after != Some(false) })
}

/// As [`look`], but for events and secrets: which of the two worlds holds now. For what is only in memory,
/// whose events may come later.
///
/// # Errors
/// What must not be.
pub fn standing(
    sockets: Sockets<'_>,
    world: &World,
    under_way: Option<&Change>,
    random: &mut Random,
) -> Result<(World, bool), String> {
    let after = under_way.map(|change| change.after(world, None));
    let names: BTreeSet<&String> =
        std::iter::once(world).chain(&after).flat_map(|w| w.people.keys()).collect();
    let found = Found::by_asking(sockets, &names, world)?;
    let (world, is_after) = match (found.fit(world), after.map(|after| found.fit(&after))) {
        (_, Some(Ok(world))) => (world, true),
        (Ok(world), _) => (world, false),
        (Err(why), None) => return Err(format!("acknowledged, but {why}")),
        (Err(before), Some(Err(after))) => {
            return Err(format!(
                "{under_way:?} is half there: not before it: {before}; not after it: {after}"
            ));
        }
    };
    try_logins(sockets, &world, 30, random)?;
    if let (Some(Change::Delete(user)), true) = (under_way, is_after) {
        // As above.
        let _ = call(sockets.admin, "user.delete", &json!({"user": user}));
    }
    Ok((world, is_after))
}

/// What the daemon says.
struct Found {
    people: BTreeMap<String, Option<FoundPerson>>,
    panic: bool,
}

struct FoundPerson {
    locked: bool,
    enrolled: bool,
    /// By label: ids and states, in the order of their creation.
    has: BTreeMap<String, Vec<(String, String)>>,
}

impl Found {
    fn by_asking(sockets: Sockets<'_>, names: &BTreeSet<&String>, world: &World) -> Result<Self, String> {
        let ask = |verb: &str, args: Value| {
            call(sockets.admin, verb, &args).ok_or_else(|| format!("the daemon doesn't answer {verb}"))
        };
        let status = ask("status", json!({}))?;
        let switches = status["ok"]["panic"].as_array().cloned().unwrap_or_default();
        let panic = switches.iter().any(|switch| switch["group"] == world.panic.0);
        let mut people = BTreeMap::new();
        for name in names {
            let shown = ask("user.show", json!({"user": name}))?;
            if shown["error"]["code"] == "not_found" {
                people.insert((*name).clone(), None);
                continue;
            }
            let shown = shown.get("ok").ok_or_else(|| format!("user.show {name}: {shown}"))?.clone();
            let listed = ask("list", json!({"user": name, "all": true}))?;
            let all =
                listed["ok"]["app_passwords"].as_array().ok_or_else(|| format!("list {name}: {listed}"))?;
            let mut has = BTreeMap::<String, Vec<_>>::new();
            for one in all {
                let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
                // The old half of a rotation names the new one.
                let is_old = one["successor"].is_string();
                let halves = has.entry(text("name")).or_default();
                let at = if is_old { 0 } else { halves.len() };
                halves.insert(at, (text("id"), text("state")));
            }
            let is = |key: &str| shown[key].is_i64();
            people.insert(
                (*name).clone(),
                Some(FoundPerson { locked: is("locked"), enrolled: is("enrolled"), has }),
            );
        }
        Ok(Self { people, panic })
    }

    /// The world with what was learned of it, if it is that one.
    fn fit(&self, world: &World) -> Result<World, String> {
        let mut fitted = world.clone();
        if self.panic != world.panic.1 {
            return Err(format!("panic is {}", self.panic));
        }
        for (name, found) in &self.people {
            match (found, fitted.people.get_mut(name)) {
                (None, None) => {}
                (Some(_), None) => return Err(format!("{name} is there")),
                (None, Some(_)) => return Err(format!("{name} is not there")),
                (Some(found), Some(person)) => found.fit(name, person)?,
            }
        }
        Ok(fitted)
    }
}

impl FoundPerson {
    fn fit(&self, name: &str, person: &mut Person) -> Result<(), String> {
        if (self.locked, self.enrolled) != (person.locked, person.enrolled) {
            return Err(format!(
                "{name} has locked {}, enrolled {} and not {}, {}",
                self.locked, self.enrolled, person.locked, person.enrolled
            ));
        }
        if let Some(label) = self.has.keys().find(|label| !person.has.contains_key(*label)) {
            return Err(format!("{name} has {label}"));
        }
        for (label, AppPassword { state, halves }) in &mut person.has {
            let found = self.has.get(label).ok_or_else(|| format!("{name} lacks {label}"))?;
            let states: Vec<&str> = found.iter().map(|(_, state)| state.as_str()).collect();
            if found.len() != halves.len() || states.iter().any(|found| *found != state.as_str()) {
                return Err(format!("{name}'s {label} is {states:?} and not {} {state:?}", halves.len()));
            }
            let known = |id: &str| halves.iter().any(|half| half.id.as_deref() == Some(id));
            let mut unknown: Vec<String> =
                found.iter().filter(|(id, _)| !known(id)).map(|(id, _)| id.clone()).collect();
            for half in halves.iter_mut().filter(|half| half.id.is_none()) {
                half.id = unknown.pop();
            }
            if !unknown.is_empty() {
                return Err(format!("{name}'s {label} has another id: {unknown:?}"));
            }
        }
        Ok(())
    }
}

/// What was told of the world's people since then, and the number of the last event.
fn told_since(sockets: Sockets<'_>, cursor: u64, world: &World) -> Result<(Vec<String>, u64), String> {
    let (mut told, mut after) = (Vec::new(), cursor);
    loop {
        let page = call(sockets.admin, "events", &json!({"after": after}))
            .ok_or_else(|| "the daemon doesn't answer events".to_owned())?;
        let events = page["ok"]["events"].as_array().ok_or_else(|| format!("events: {page}"))?;
        for event in events {
            let word = |key: &str| event[key].as_str().unwrap_or("-");
            let is_ours =
                word("user").starts_with(world.whose) || event["services"] == json!([world.panic.0]);
            let by_itself = event["actor"]["role"] == "daemon" || event["actor"].is_null();
            if !is_ours || by_itself {
                continue;
            }
            let user = if word("user") == "-" { world.panic.0 } else { word("user") };
            told.push(format!("{} {user} {}", word("kind"), word("name")));
        }
        after = page["ok"]["cursor"].as_u64().unwrap_or(after);
        if page["ok"]["more"] != true {
            return Ok((told, after));
        }
    }
}

fn check_events(
    mut told: Vec<String>,
    expected: &Expected<'_>,
    is_after: Option<bool>,
) -> Result<(), String> {
    let (mut before, mut after) = (expected.events.to_vec(), expected.events.to_vec());
    if let Some(change) = expected.under_way {
        after.extend(change.events(expected.world));
    }
    for list in [&mut told, &mut before, &mut after] {
        list.sort();
    }
    // What gave access back may have been taken back by the journal, and both are told.
    let gave_back = expected.under_way.is_some_and(Change::gives_back);
    let is_right = match is_after {
        Some(true) => told == after,
        Some(false) => told == before || (gave_back && told == after),
        None => told == before || told == after,
    };
    if is_right {
        return Ok(());
    }
    let without = |one: &[String], other: &[String]| {
        let mut rest = one.to_vec();
        for event in other {
            if let Some(at) = rest.iter().position(|found| found == event) {
                rest.remove(at);
            }
        }
        rest
    };
    Err(format!(
        "events, {:?} under way, found to be {}: missing {:?}, too many {:?}",
        expected.under_way,
        if is_after == Some(false) { "not done" } else { "done" },
        without(if is_after == Some(false) { &before } else { &after }, &told),
        without(&told, if is_after == Some(false) { &before } else { &after }),
    ))
}

/// Tries the secrets, and the primary passwords.
fn try_logins(sockets: Sockets<'_>, world: &World, most: usize, random: &mut Random) -> Result<u64, String> {
    let mut tries = Vec::new();
    for (user, person) in &world.people {
        for (label, one) in &person.has {
            let opens = !person.locked && one.state == State::Live;
            let secrets = one.halves.iter().filter_map(|half| half.secret.as_ref());
            tries.extend(secrets.map(|secret| (user, label.as_str(), secret, opens)));
        }
    }
    tries.extend(world.dead.iter().map(|(user, secret)| (user, "one of a deleted account", secret, false)));
    while tries.len() > most {
        tries.swap_remove(random.index(tries.len()));
    }
    for (user, label, secret, opens) in &tries {
        let verdict = verdict(sockets.auth, &Ask::login(user, "imap", "192.0.2.7", secret))?;
        if (verdict == Verdict::Accepted) != *opens || verdict == Verdict::Unavailable {
            return Err(format!(
                "{user}'s {label}, which {}, is {verdict:?}",
                if *opens { "opens" } else { "does not open" }
            ));
        }
    }
    for (user, person) in &world.people {
        let ask = Ask { kind: 2, user: user.as_bytes(), secret: b"", ..Ask::default() };
        let wanted = if person.enrolled || person.locked { Verdict::Refused } else { Verdict::NotMine };
        let verdict = verdict(sockets.auth, &ask)?;
        if verdict != wanted {
            return Err(format!("the primary password of {user}, {wanted:?} before, is {verdict:?}"));
        }
    }
    Ok(tries.len() as u64)
}

/// What the daemon says to that.
///
/// # Errors
/// It says nothing.
pub fn verdict(socket: &Path, ask: &Ask<'_>) -> Result<Verdict, String> {
    let answer = || -> std::io::Result<Vec<u8>> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.write_all(&ask.bytes())?;
        let mut received = Vec::new();
        stream.read_to_end(&mut received)?;
        Ok(received)
    };
    let received = answer().map_err(|error| format!("auth.sock: {error}"))?;
    Reply::decode(&received, 1).map(|reply| reply.verdict).map_err(|error| format!("auth.sock: {error}"))
}
