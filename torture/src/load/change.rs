//! One change: how it is asked for, what it comes to, which events it leaves.

use super::{AppPassword, Half, Person, State, World};
use crate::random::Random;
use apppw_tests::frames::canonical;
use serde_json::{Value, json};

/// More tombstones than that, and an account is deleted.
const MOST: usize = 7;

/// A change; users by name, app passwords by label.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the verbs")]
pub enum Change {
    Create(String, String),
    Rotate(String, String),
    Rename(String, String, String),
    Revoke(String, String),
    Suspend(String, String),
    Resume(String, String),
    Lock(String),
    Unlock(String),
    Enroll(String),
    Unenroll(String),
    Lockdown(String),
    UserRename(String, String),
    Delete(String),
    Panic(bool),
}

impl Change {
    /// One that can be done in this world.
    #[must_use]
    pub fn draw(random: &mut Random, world: &World) -> Self {
        loop {
            let base = format!("{}{}@example.org", world.whose, random.below(3));
            // Who was renamed is reached by the other name, and comes back to it some time.
            let other = base.replacen('@', ".renamed@", 1);
            let user = if world.people.contains_key(&other) { other.clone() } else { base.clone() };
            let Some(person) = world.people.get(&user) else {
                if random.below(8) == 0 {
                    return Self::Lock(user);
                }
                return Self::Create(user, format!("n{}", world.given));
            };
            if person.has.len() > MOST {
                return Self::Delete(user);
            }
            let labels: Vec<&String> = person.has.keys().collect();
            let new = format!("n{}", world.given);
            let label = |random: &mut Random| {
                if labels.is_empty() { None } else { Some((*random.one_of(&labels)).clone()) }
            };
            let roll = random.below(40);
            let change = match roll {
                0..10 if !person.locked => Self::Create(user, new),
                10..12 if person.locked => Self::Unlock(user),
                10 => Self::Lock(user),
                11 => Self::Lockdown(user),
                12 if person.enrolled => Self::Unenroll(user),
                12..14 if !person.enrolled => Self::Enroll(user),
                // Of a locked account, one that is cut off may leave the old name locked too, until it is unlocked (ADR
                // 19): what is drawn later could then not be done.
                14 | 15 if !person.locked => {
                    Self::UserRename(user.clone(), if user == base { other } else { base })
                }
                16 => Self::Delete(user),
                17 => Self::Panic(!world.panic.1),
                18..40 => {
                    let Some(label) = label(random) else { continue };
                    let one = &person.has[&label];
                    match (roll, one.state) {
                        (18..22, State::Live) if one.halves.len() == 1 && !person.locked => {
                            Self::Rotate(user, label)
                        }
                        (22..25, State::Live) if one.halves.len() == 1 => Self::Rename(user, label, new),
                        (25..30, State::Live) => Self::Suspend(user, label),
                        (25..33, State::Suspended) => Self::Resume(user, label),
                        (33..40, State::Live | State::Suspended) => Self::Revoke(user, label),
                        _ => continue,
                    }
                }
                _ => continue,
            };
            return change;
        }
    }

    /// The verb and its arguments.
    #[must_use]
    pub fn request(&self, world: &World) -> (&'static str, Value) {
        let id = |user: &str, label: &str| {
            let one = world.find(user, label).expect("it is there");
            one.halves.last().and_then(|half| half.id.clone()).expect("it was looked up")
        };
        match self {
            Self::Create(user, label) => ("create", json!({"user": user, "name": label})),
            Self::Rotate(user, label) => ("rotate", json!({"id": id(user, label), "grace": "9d"})),
            Self::Rename(user, label, new) => ("rename", json!({"id": id(user, label), "name": new})),
            Self::Revoke(user, label) => ("revoke", json!({"ids": [id(user, label)]})),
            Self::Suspend(user, label) => ("suspend", json!({"ids": [id(user, label)]})),
            Self::Resume(user, label) => ("resume", json!({"ids": [id(user, label)]})),
            Self::Lock(user) => ("user.lock", json!({"user": user})),
            Self::Unlock(user) => ("user.unlock", json!({"user": user})),
            Self::Enroll(user) => ("user.enroll", json!({"user": user})),
            Self::Unenroll(user) => ("user.unenroll", json!({"user": user})),
            Self::Lockdown(user) => ("user.lockdown", json!({"user": user})),
            Self::UserRename(user, new) => ("user.rename", json!({"user": user, "new": new})),
            Self::Delete(user) => ("user.delete", json!({"user": user})),
            Self::Panic(on) => ("panic", json!({"on": on, "group": world.panic.0})),
        }
    }

    /// The world after it. Without an answer nobody knows what a new one's id and secret are.
    #[must_use]
    pub fn after(&self, world: &World, answer: Option<&Value>) -> World {
        let mut world = world.clone();
        let made = answer.map_or_else(Half::default, |answer| Half {
            id: answer["app_password"]["id"].as_str().map(str::to_owned),
            secret: answer["secret"].as_str().map(canonical),
        });
        if let Self::Create(..) | Self::Rename(..) = self {
            world.given += 1;
        }
        match self {
            Self::Panic(on) => world.panic.1 = *on,
            Self::Delete(user) => world.delete(user),
            Self::UserRename(user, new) => {
                let person = world.people.remove(user).expect("it is there");
                world.people.insert(new.clone(), person);
            }
            _ => {
                let user = self.user().expect("panic alone is about nobody");
                self.change(world.people.entry(user.to_owned()).or_default(), made);
            }
        }
        world
    }

    fn change(&self, person: &mut Person, made: Half) {
        match self {
            Self::Create(_, label) => {
                person.enrolled = true;
                let one = AppPassword { state: State::Live, halves: vec![made] };
                person.has.insert(label.clone(), one);
            }
            Self::Rotate(_, label) => {
                person.enrolled = true;
                of(person, label).halves.push(made);
            }
            Self::Rename(_, label, new) => {
                let one = person.has.remove(label).expect("it is there");
                person.has.insert(new.clone(), one);
            }
            Self::Revoke(_, label) => of(person, label).state = State::Revoked,
            Self::Suspend(_, label) => of(person, label).state = State::Suspended,
            Self::Resume(_, label) => of(person, label).state = State::Live,
            Self::Lock(_) => person.locked = true,
            Self::Unlock(_) => person.locked = false,
            Self::Enroll(_) => person.enrolled = true,
            Self::Unenroll(_) => person.enrolled = false,
            Self::Lockdown(_) => {
                person.locked = true;
                person.has.values_mut().for_each(|one| one.state = State::Revoked);
            }
            Self::UserRename(..) | Self::Delete(_) | Self::Panic(_) => {}
        }
    }

    /// The events that it leaves: each as `kind user label`.
    #[must_use]
    pub fn events(&self, world: &World) -> Vec<String> {
        let halves = |user: &str, label: &str| world.find(user, label).map_or(0, |one| one.halves.len());
        let each =
            |kind: &str, user: &str, label: &str| vec![format!("{kind} {user} {label}"); halves(user, label)];
        let all_revoked = |user: &str| -> Vec<String> {
            let has = world.people.get(user).into_iter().flat_map(|person| &person.has);
            has.filter(|(_, one)| one.state != State::Revoked)
                .flat_map(|(label, _)| each("revoke", user, label))
                .collect()
        };
        match self {
            Self::Create(user, label) | Self::Rotate(user, label) => {
                let verb = if matches!(self, Self::Create(..)) { "create" } else { "rotate" };
                let mut events = vec![format!("{verb} {user} {label}")];
                if world.people.get(user).is_none_or(|person| !person.enrolled) {
                    events.push(format!("user.enroll {user} -"));
                }
                events
            }
            Self::Rename(user, _, new) => vec![format!("rename {user} {new}")],
            Self::Revoke(user, label) => each("revoke", user, label),
            Self::Suspend(user, label) => each("suspend", user, label),
            Self::Resume(user, label) => each("resume", user, label),
            Self::Lock(user) => vec![format!("user.lock {user} -")],
            Self::Unlock(user) => vec![format!("user.unlock {user} -")],
            Self::Enroll(user) => vec![format!("user.enroll {user} -")],
            Self::Unenroll(user) => vec![format!("user.unenroll {user} -")],
            Self::Lockdown(user) => {
                let mut events = all_revoked(user);
                events.push(format!("user.lockdown {user} -"));
                events
            }
            Self::UserRename(_, new) => vec![format!("user.rename {new} -")],
            Self::Delete(user) => {
                let mut events = all_revoked(user);
                events.push(format!("user.delete {user} -"));
                events
            }
            Self::Panic(on) => vec![format!("panic.{} {} -", if *on { "on" } else { "off" }, world.panic.0)],
        }
    }

    /// Whose account it changes, by its name before.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Create(user, _)
            | Self::Rotate(user, _)
            | Self::Rename(user, ..)
            | Self::Revoke(user, _)
            | Self::Suspend(user, _)
            | Self::Resume(user, _)
            | Self::Lock(user)
            | Self::Unlock(user)
            | Self::Enroll(user)
            | Self::Unenroll(user)
            | Self::Lockdown(user)
            | Self::UserRename(user, _)
            | Self::Delete(user) => Some(user),
            Self::Panic(_) => None,
        }
    }

    /// It takes access away: where it can't be written, it is in force in memory.
    #[must_use]
    pub const fn takes_away(&self) -> bool {
        matches!(
            self,
            Self::Revoke(..) | Self::Suspend(..) | Self::Lock(_) | Self::Lockdown(_) | Self::Panic(true)
        )
    }

    /// It gives access back. Cut off between database and journal, the journal wins.
    #[must_use]
    pub const fn gives_back(&self) -> bool {
        matches!(
            self,
            Self::Resume(..) | Self::Unlock(_) | Self::Unenroll(_) | Self::Delete(_) | Self::Panic(false)
        )
    }
}

fn of<'a>(person: &'a mut Person, label: &str) -> &'a mut AppPassword {
    person.has.get_mut(label).expect("it is there")
}
