//! What happens to a whole host at once, told by one case and checked by each client's.

use super::hosts::Host;
use super::lab::Running;
use super::place::{Spot, slug};
use apppw_tests::clients::{Answer, Attempt, MailLogin};
use libtest_mimic::Failed;
use std::collections::BTreeMap;
use std::thread;

/// The answers to one login on each client, all at once.
pub type Answers = BTreeMap<String, Result<Answer, String>>;

/// Clients by their names.
pub type Clients = BTreeMap<String, Box<dyn MailLogin>>;

/// The host's clients: of a Dovecot beside Postfix none.
pub fn clients(host: &Host, running: &Running) -> Clients {
    let clients = running.server.clients().into_iter().map(|client| (slug(client.as_ref()), client));
    clients.filter(|(name, _)| host.clients().contains(&name.as_str())).collect()
}

/// Logs in on all clients; `meanwhile` runs beside, and hears how many have no answer yet.
pub fn log_in_everywhere(
    clients: &Clients,
    user_and_password: impl Fn(&str) -> (String, String) + Sync,
    meanwhile: impl FnOnce(&dyn Fn() -> usize),
) -> Answers {
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for (name, client) in clients {
            let (user, password) = user_and_password(name);
            let login = move || client.login(&Attempt::new(&user, &password)).map_err(|e| e.to_string());
            threads.push((name.clone(), scope.spawn(login)));
        }
        meanwhile(&|| threads.iter().filter(|(_, thread)| !thread.is_finished()).count());
        let join = |(name, thread): (String, thread::ScopedJoinHandle<'_, _>)| {
            (name, thread.join().unwrap_or_else(|_| Err("the client panicked".into())))
        };
        threads.into_iter().map(join).collect()
    })
}

/// This client's.
pub fn answer<'a>(answers: &'a Answers, spot: &Spot<'_>) -> Result<&'a Answer, Failed> {
    let answer = answers.get(spot.client).ok_or("this client did not take part")?;
    answer.as_ref().map_err(|e| e.into())
}
