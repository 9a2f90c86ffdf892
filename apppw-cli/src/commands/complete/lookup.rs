//! What apppwd knows, within the time that a person waits for a shell.

use super::Candidate;
use crate::output::quote::quoted;
use apppw_admin::verbs::{FindArgs, FindWhat, Found, State};
use apppw_admin::{AppPasswordId, Client, Verb};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

/// How long the whole look-up may take.
const WITHIN: Duration = Duration::from_millis(1000);

/// Most candidates.
const MOST: u32 = 50;

pub struct Lookup {
    pub socket: PathBuf,
}

impl Lookup {
    /// What begins with `text` and the caller may see; nothing, if that can't be had soon.
    pub fn find(&self, what: FindWhat, all: bool, text: String) -> Vec<Candidate> {
        // The beginning of every id is that of none in particular.
        let text =
            if what == FindWhat::AppPassword && "ap-".starts_with(&text) { String::new() } else { text };
        let args = FindArgs { what, text, all, most: Some(MOST) };
        let (reply, answer) = mpsc::channel();
        let socket = self.socket.clone();
        // The time limit of a call begins anew with each piece of its answer: this one doesn't.
        let asking = std::thread::Builder::new().spawn(move || {
            let _ = reply.send(ask(&socket, &args));
        });
        if asking.is_err() {
            return Vec::new();
        }
        answer.recv_timeout(WITHIN).ok().flatten().map(to_candidates).unwrap_or_default()
    }
}

fn ask(socket: &Path, args: &FindArgs) -> Option<Found> {
    let mut client = Client::connect_with_timeout(socket, WITHIN).ok()?;
    client.call(Verb::Find, args).ok()
}

fn to_candidates(found: Found) -> Vec<Candidate> {
    // A person's own need no user beside each.
    let first = found.app_passwords.first().map(|one| one.user.clone());
    let are_ones_own = found.app_passwords.iter().all(|one| Some(&one.user) == first.as_ref())
        && first.is_some_and(|user| std::env::var("USER").is_ok_and(|me| me == user));
    let app_passwords = found.app_passwords.into_iter().map(|one| {
        let whose = if are_ones_own { String::new() } else { format!(" of {}", one.user) };
        let state =
            if one.state == State::Live { String::new() } else { format!(", {}", one.state.as_str()) };
        Candidate::new(AppPasswordId::to_string(&one.id), format!("{}{whose}{state}", quoted(&one.name)))
    });
    app_passwords.chain(found.names.into_iter().map(|name| Candidate::new(name, ""))).collect()
}
