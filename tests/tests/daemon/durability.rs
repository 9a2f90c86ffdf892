//! kill -9 at any moment: what was acknowledged is there after the next start.

use super::Case;
use super::asking::wait_until;
use apppw_admin::verbs::{CreateArgs, Created, RevokeArgs, Revoked, ShowArgs, Shown};
use apppw_admin::{AppPasswordId, Client, ClientError, Verb};
use apppw_proto::frame::Verdict;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::frames::try_login;
use nix::sys::signal::Signal;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const USER: &str = "alice@example.org";
const ROUNDS: usize = 25;

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = (0..4)
        .map(|part| {
            Case::new(format!("nothing_acknowledged_is_lost_by_kill_9_part_{part}"), move || kills(part))
        })
        .collect();
    cases.push(Case::new("uses_survive_an_orderly_stop", uses));
    cases
}

/// What one client was told, in order.
#[derive(Default)]
struct Acknowledged {
    live: Vec<(AppPasswordId, String)>,
    revoked: Vec<(AppPasswordId, String)>,
}

fn kills(part: usize) {
    let mut site = Site::new(CHEAP_ARGON2);
    let mut all = [Acknowledged::default(), Acknowledged::default(), Acknowledged::default()];
    let mut changes = 0;
    let acknowledged_so_far = AtomicUsize::new(0);
    for round in 0..ROUNDS {
        let daemon = site.start();
        check(&daemon, &all, round);
        let before = count(&all);
        std::thread::scope(|scope| {
            for (thread, acknowledged) in all.iter_mut().enumerate() {
                let socket = daemon.admin_socket();
                let (name, told) = (format!("{part}.{round}.{thread}"), &acknowledged_so_far);
                scope.spawn(move || change_until_it_dies(&socket, &name, acknowledged, told));
            }
            // However slow the disk is: some changes are acknowledged before each kill.
            let before = acknowledged_so_far.load(Ordering::Relaxed);
            wait_until("changes are acknowledged", || {
                acknowledged_so_far.load(Ordering::Relaxed) > before + 1
            });
            std::thread::sleep(Duration::from_millis(
                u64::try_from((round * 7 + part * 3) % 80).unwrap_or(0),
            ));
            daemon.signal(Signal::SIGKILL);
        });
        changes += count(&all) - before;
        site = daemon.kill();
    }
    let daemon = site.start();
    check(&daemon, &all, ROUNDS);
    println!("{ROUNDS} kills, {changes} acknowledged changes, none lost");
    assert!(changes > ROUNDS, "{changes} changes are not many");
}

fn count(all: &[Acknowledged]) -> usize {
    all.iter().map(|one| one.live.len() + 2 * one.revoked.len()).sum()
}

fn change_until_it_dies(socket: &Path, name: &str, acknowledged: &mut Acknowledged, told: &AtomicUsize) {
    let Ok(mut client) = Client::connect(socket) else { return };
    for i in 0.. {
        let name = format!("{name}.{i}");
        let args = CreateArgs { user: Some(USER.into()), name, ..CreateArgs::default() };
        let created: Result<Created, ClientError> = client.call(Verb::Create, &args);
        match created {
            Ok(created) => {
                told.fetch_add(1, Ordering::Relaxed);
                acknowledged.live.push((created.app_password.id, created.secret.expose().to_owned()));
            }
            Err(ClientError::Refused(error)) => panic!("{error:?}"),
            Err(_) => return,
        }
        // Every other one goes again.
        if i % 2 == 1 {
            let Some(one) = acknowledged.live.pop() else { continue };
            let args = RevokeArgs { ids: vec![one.0], ..RevokeArgs::default() };
            let revoked: Result<Revoked, ClientError> = client.call(Verb::Revoke, &args);
            match revoked {
                Ok(revoked) => {
                    assert_eq!(revoked.ids, [one.0]);
                    acknowledged.revoked.push(one);
                }
                Err(ClientError::Refused(error)) => panic!("{error:?}"),
                // Not acknowledged: it may be either.
                Err(_) => return,
            }
        }
    }
}

/// All of the latest and some of the older ones: each start has to hold.
fn check(daemon: &Apppwd, all: &[Acknowledged], round: usize) {
    for acknowledged in all {
        for (wanted, list) in
            [(Verdict::Accepted, &acknowledged.live), (Verdict::Refused, &acknowledged.revoked)]
        {
            for (id, secret) in list.iter().rev().take(if round == ROUNDS { usize::MAX } else { 10 }) {
                let verdict = try_login(&daemon.auth_socket(), USER, secret);
                assert_eq!(verdict, wanted, "{id} after kill {round}");
            }
        }
    }
}

fn uses() {
    let daemon = Apppwd::start();
    let created = daemon.create(USER, "phone", &[]);
    let id = created.app_password.id;
    for _ in 0..3 {
        assert_eq!(try_login(&daemon.auth_socket(), USER, created.secret.expose()), Verdict::Accepted);
    }
    let (status, site) = daemon.stop();
    assert!(status.success(), "{status}");
    let daemon = site.start();
    let shown: Shown = daemon.call(Verb::Show, &ShowArgs { id }).expect("it is there");
    assert_eq!((shown.uses.len(), shown.uses[0].count), (1, 3));
    assert_eq!((shown.uses[0].service.as_str(), shown.uses[0].rhost.as_deref()), ("imap", Some("192.0.2.7")));
    assert_eq!(try_login(&daemon.auth_socket(), USER, created.secret.expose()), Verdict::Accepted);
    let shown: Shown = daemon.call(Verb::Show, &ShowArgs { id }).expect("it is there");
    assert_eq!(shown.uses[0].count, 4, "written and unwritten uses are added up");
}
