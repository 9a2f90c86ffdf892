//! The daemon goes away and comes back, under a host that goes on running.

use super::place::{Check, Spot};
use super::story::{Answers, answer, clients, log_in_everywhere};
use apppw_tests::activate::DAEMON_UID;
use apppw_tests::clients::Outcome;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::Duration;

/// What each client was answered; told once per host.
#[derive(Default)]
pub struct Outage(OnceLock<Story>);

struct Story {
    accounts: Accounts,
    /// Daemon and sockets stopped.
    stopped: Answers,
    /// Started again.
    back: Answers,
    /// Asked while the daemon was stopped, but not its sockets.
    queued: Answers,
    /// How many of those had no answer when the daemon came back.
    waiting: usize,
    /// Asked while it was restarted, again and again, as an upgrade does.
    restarted: Vec<Answers>,
}

/// How long the daemon stays away: longer than a refusal takes, and much less than the module waits.
const AWAY: Duration = Duration::from_millis(800);

/// Restarts under logins; many more through libpam alone, in the tests of the module.
const RESTARTS: usize = 4;

/// A check of one client's part.
type Part = fn(&Outage, &Spot<'_>) -> Check;

/// The phases: a name, and the check.
pub const PHASES: [(&str, Part); 4] = [
    ("refused-without-daemon", |outage, spot| {
        let story = outage.story(spot);
        let answer = answer(&story.stopped, spot)?;
        // No server has a way to say "later" for what PAM says; the module's line in syslog does.
        let line = format!("login of {} not judged", story.accounts[spot.client].0);
        spot.running.server.wait_for_log(&line, Duration::from_secs(5))?;
        if matches!(answer.outcome, Outcome::Refused(_)) { Ok(()) } else { Err(format!("{answer:?}").into()) }
    }),
    ("accepted-when-it-is-back", |outage, spot| {
        let answer = answer(&outage.story(spot).back, spot)?;
        if answer.accepted() { Ok(()) } else { Err(format!("{answer:?}").into()) }
    }),
    ("accepted-after-waiting-for-it", |outage, spot| {
        let story = outage.story(spot);
        let answer = answer(&story.queued, spot)?;
        if answer.accepted() && story.waiting == spot.host.clients().len() {
            return Ok(());
        }
        Err(format!("{answer:?}; {} clients waited", story.waiting).into())
    }),
    ("accepted-over-restarts", |outage, spot| {
        for answers in &outage.story(spot).restarted {
            let answer = answer(answers, spot)?;
            if !answer.accepted() {
                return Err(format!("{answer:?}").into());
            }
        }
        Ok(())
    }),
];

impl Outage {
    fn story(&self, spot: &Spot<'_>) -> &Story {
        self.0.get_or_init(|| happen(spot, accounts(spot)))
    }
}

/// A user and a secret for each client.
type Accounts = BTreeMap<&'static str, (String, String)>;

fn accounts(spot: &Spot<'_>) -> Accounts {
    let daemon = spot.running.daemon();
    let account = |client: &&'static str| {
        let user = format!("u{}@example.org", spot.lab.number());
        let secret = daemon.create(&user, "before the outage", &[]).secret.expose().to_owned();
        spot.lab.keep(&secret);
        (*client, (user, secret))
    };
    spot.host.clients().iter().map(account).collect()
}

fn happen(spot: &Spot<'_>, accounts: Accounts) -> Story {
    let clients = clients(spot.host, spot.running);
    let account = |client: &str| accounts[client].clone();
    // All other cases of this host wait.
    let mut slot = spot.running.daemon.write().expect("whoever stops it starts it again");

    let (status, mut site) = slot.take().expect("nobody else takes it").stop();
    assert!(status.success(), "apppwd stopped with {status}");
    site.close_sockets();
    let stopped = log_in_everywhere(&clients, account, |_| {});
    let daemon = site.start_activated(DAEMON_UID);
    let back = log_in_everywhere(&clients, account, |_| {});

    let (_, site) = daemon.stop();
    let mut site = Some(site);
    let mut waiting = 0;
    let queued = log_in_everywhere(&clients, account, |unanswered| {
        sleep(AWAY);
        waiting = unanswered();
        *slot = site.take().map(|site| site.start_activated(DAEMON_UID));
    });
    let restarted = (0..RESTARTS)
        .map(|_| {
            log_in_everywhere(&clients, account, |_| {
                let (status, site) = slot.take().expect("it runs").stop();
                assert!(status.success(), "apppwd stopped with {status}");
                *slot = Some(site.start_activated(DAEMON_UID));
            })
        })
        .collect();
    Story { accounts, stopped, back, queued, waiting, restarted }
}
