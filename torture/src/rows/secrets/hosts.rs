//! What the hosts write into their own logs: nothing more of a secret than they do when every password is let in by
//! `pam_permit`, and our module is not there.

use super::forms::Canaries;
use super::{drawn, mistyped, primary};
use crate::random::Random;
use crate::row::{Cases, Outcome, Row};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::bin;
use apppw_tests::clients::{Attempt, MailLogin};
use apppw_tests::servers::dovecot::Dovecot;
use apppw_tests::servers::host::MailServer;
use apppw_tests::servers::inside::Inside;
use apppw_tests::servers::postfix::Postfix;
use apppw_tests::servers::saslauthd::Saslauthd;
use apppw_tests::servers::tree::{Suite, Tree};
use apppw_tests::servers::{self, rootless};
use std::collections::BTreeSet;
use std::time::Duration;

/// The row.
pub const ROW: Row = Row {
    number: 11,
    name: "secrets-hosts",
    shows: "the logs of Dovecot (at debug level) and of Postfix with saslauthd have no more secrets in them than with \
            pam_permit in our module's place",
    unit: "logins, each at every host with both stacks",
    full: 400,
    short: 16,
    batch: 200,
    run,
};

const USER: &str = "alice@example.org";

/// Nothing of ours: whoever comes gets in.
const PERMIT: &str = "auth required pam_permit.so\naccount required pam_permit.so\n";

/// Clients at a time: Dovecot answers failures in batches, every half second.
const AT_ONCE: usize = 16;

struct Login {
    user: String,
    password: String,
}

fn run(cases: &Cases) -> Outcome {
    if rootless() {
        return Outcome::unable("Postfix and saslauthd need several users: run as root");
    }
    let tree = match Tree::unpack(Suite::Own) {
        Ok(Some(tree)) => tree,
        Ok(None) => return Outcome::unable("no mirror has the servers' packages"),
        Err(why) => return Outcome::unable(why.to_string()),
    };
    let mut outcome = Outcome::default();
    let daemon = Apppwd::start();
    let mut canaries = Canaries::default();
    let logins: Vec<Login> = cases.range.clone().map(|case| login(case, &daemon, &mut canaries)).collect();
    let ours = Inside::packaging("pam/app-passwords-only").expect("our stack");
    let ours = ours.replace("pam_apppw.so", "pam_apppw.so debug");
    for host in ["Dovecot", "saslauthd"] {
        let found = |stack: &str| -> servers::Result<BTreeSet<(String, &'static str)>> {
            let inside = Inside::new().stack(stack).module(&tree, bin::module())?;
            let server = start(host, &tree, &inside.socket_dir(daemon.socket_dir()))?;
            let before = judged(&daemon);
            all(&server, &logins);
            // What is said comes behind the answers.
            std::thread::sleep(Duration::from_millis(500));
            let log = server.log();
            if log.matches("alice").count() < logins.len() / 4 {
                return Err(servers::Failure(format!("{host} logs nothing:\n{log}")));
            }
            let [accepted, refused] = judged(&daemon);
            // Without this an unloaded module would log no secret, either.
            let are_of_all_kinds = cases.len() >= 20;
            if stack == ours && are_of_all_kinds && (accepted == before[0] || refused == before[1]) {
                return Err(servers::Failure(format!("{host}: apppwd accepted or refused nothing:\n{log}")));
            }
            Ok(canaries.find(log.as_bytes()).into_iter().map(|hit| (hit.name, hit.form)).collect())
        };
        match (found(&ours), found(PERMIT)) {
            (Ok(ours), Ok(permit)) => {
                outcome.count(&format!("{host}: forms found with pam_permit"), permit.len() as u64);
                for (name, form) in ours.difference(&permit) {
                    outcome.find(cases.range.start, format!("{host}, its log: {name} ({form})"));
                }
                if permit.is_empty() {
                    outcome.find(cases.range.start, format!("control: {host} logs no user name"));
                }
            }
            (Err(why), _) | (_, Err(why)) => outcome.find(cases.range.start, format!("{host}: {why}")),
        }
    }
    outcome.done = cases.len();
    outcome
}

/// Logins that the daemon has accepted, and refused.
fn judged(daemon: &Apppwd) -> [usize; 2] {
    let log = daemon.settled_log();
    ["accepted reason=", "refused reason="].map(|verdict| log.matches(verdict).count())
}

/// Each has canaries of its own, named by what they are and by the case.
fn login(case: u64, daemon: &Apppwd, canaries: &mut Canaries) -> Login {
    let mut random = Random::of(case, 1111);
    let wrong = drawn(&mut random);
    let mut secret = |kind: &str, secret: &str| canaries.add_secret(&format!("{kind}, case {case}"), secret);
    let (user, password) = match case % 6 {
        0 | 1 => {
            let made = daemon.create(USER, &format!("device {case}"), &[]);
            let shown = made.secret.expose().to_owned();
            secret("right", &shown);
            (USER.to_owned(), if case.is_multiple_of(2) { shown } else { shown.to_uppercase() })
        }
        2 => {
            secret("wrong", &wrong);
            (USER.to_owned(), wrong)
        }
        3 => {
            secret("typed as user name", &wrong);
            (wrong.clone(), format!("alice-{case}"))
        }
        4 => {
            let password = primary(&mut random);
            canaries.add_password(&format!("primary, case {case}"), &password);
            (USER.to_owned(), password)
        }
        _ => {
            let typed = mistyped(&wrong);
            canaries.add_password(&format!("mistyped, case {case}"), &typed);
            (USER.to_owned(), typed)
        }
    };
    Login { user, password }
}

fn start(host: &str, tree: &Tree, inside: &Inside) -> servers::Result<MailServer> {
    match host {
        "Dovecot" => {
            let debug = "auth_debug = yes\nauth_verbose = yes\n";
            Dovecot::new(tree.dovecot()?).extra(debug).start(tree, inside)
        }
        _ => Postfix::ThroughSaslauthd(Saslauthd::default()).start(tree, inside),
    }
}

/// All of them, each by the next of the host's clients.
fn all(server: &MailServer, logins: &[Login]) {
    let clients: Vec<Box<dyn MailLogin>> = server.clients();
    let part = logins.len().div_ceil(AT_ONCE);
    std::thread::scope(|scope| {
        for (thread, logins) in logins.chunks(part.max(1)).enumerate() {
            let clients = &clients;
            scope.spawn(move || {
                for (i, login) in logins.iter().enumerate() {
                    let client = &clients[(thread + i) % clients.len()];
                    // A server that hangs up, for a name that is none, has answered too.
                    let _ = client.login(&Attempt::new(&login.user, &login.password));
                }
            });
        }
    });
}
