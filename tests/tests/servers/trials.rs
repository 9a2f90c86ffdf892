//! All cases as trials, named `server/client/case`.

use super::hosts::{HOSTS, Host};
use super::lab::{Absent, Lab};
use super::outage::{self, Outage};
use super::panic::{self, Panic};
use super::place::{Check, Spot};
use super::policy::{self, Primary};
use super::table::{self, Row};
use super::tally::End;
use super::{accounts, ends, kick, life, mistakes, names, networks, pins, primary, setup, trail, users};
use libtest_mimic::{Completion, Failed, Trial};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// The hosts that everything in the tables runs on.
const TABLES: [&str; 5] =
    ["dovecot-2.3", "dovecot-2.3-one-service", "dovecot-2.4", "postfix-dovecot", "postfix-saslauthd"];

/// The hosts whose open sessions are to end, and the client that has them.
const KICKED: [(&str, &str, &[Row]); 12] = [
    ("dovecot-2.3", "imap-login", kick::ROWS),
    ("dovecot-2.4", "imap-login", kick::ROWS),
    ("names-dovecot-2.3", "imap-login", kick::OTHER_NAMES),
    ("names-dovecot-2.4", "imap-login", kick::OTHER_NAMES),
    ("names-dovecot-2.3-auth-cache", "imap-login", kick::ROWS),
    ("names-dovecot-2.4-auth-cache", "imap-login", kick::ROWS),
    ("names-dovecot-2.3-auth-cache", "imap-login", &[kick::OTHER_NAME_CACHED]),
    ("names-dovecot-2.4-auth-cache", "imap-login", &[kick::OTHER_NAME_CACHED]),
    ("dovecot-2.3-hibernating", "imap-login", &[kick::HIBERNATED]),
    ("dovecot-2.4-hibernating", "imap-login", &[kick::HIBERNATED]),
    ("postfix-dovecot", "smtp-auth-plain", &[kick::POSTFIX]),
    ("postfix-saslauthd", "smtp-auth-plain", &[kick::NO_DOVECOT]),
];

/// All of them. Neighbours in the list belong to different hosts, so that all start at once.
pub fn all(lab: &Arc<Lab>) -> Vec<Trial> {
    let mut trials = Vec::new();
    let rows = [table::ROWS, life::ROWS, users::ROWS, networks::ROWS, pins::ROWS, ends::ROWS, accounts::ROWS];
    for row in rows.concat() {
        for name in TABLES {
            trials.extend(at_each_client(lab, name, row));
        }
    }
    for host in &HOSTS {
        for row in rows_of_its_own(host) {
            trials.extend(at_each_client(lab, host.name, row));
        }
    }
    for (host, client, rows) in KICKED {
        for (case, run) in rows {
            let run = move |spot: &Spot<'_>| run(&spot.place());
            trials.push(at_client(lab, Host::named(host), client, case, run));
        }
    }
    trials.extend(trail::trials(lab));
    trials.extend(setup::trials(lab));
    // Here all logins are refused, or the daemons stop: last, because all else waits for it.
    for name in TABLES {
        let host = Host::named(name);
        let panic = Arc::new(Panic::default());
        for (case, check) in panic::PHASES {
            for client in host.clients() {
                let panic = Arc::clone(&panic);
                trials.push(at_client(lab, host, client, case, move |spot| check(&panic, spot)));
            }
        }
    }
    for name in TABLES {
        let host = Host::named(name);
        let outage = Arc::new(Outage::default());
        for (case, check) in outage::PHASES {
            for client in host.clients() {
                let outage = Arc::clone(&outage);
                trials.push(at_client(lab, host, client, case, move |spot| check(&outage, spot)));
            }
        }
    }
    for host in HOSTS.iter().filter(|host| host.name.starts_with("policy-")) {
        let primary = Arc::new(Primary::default());
        for (case, check) in policy::PHASES {
            for client in host.clients() {
                let primary = Arc::clone(&primary);
                trials.push(at_client(lab, host, client, case, move |spot| check(&primary, spot)));
            }
        }
    }
    trials
}

fn rows_of_its_own(host: &Host) -> Vec<Row> {
    let basic = |more: &[Row]| table::basic_rows().chain(more.iter().copied()).collect();
    match host.name {
        "dovecot-2.3-second-guarded" | "dovecot-2.4-second-guarded" => basic(&[mistakes::GUARDED]),
        "dovecot-2.3-second-unguarded" | "dovecot-2.4-second-unguarded" => basic(&[mistakes::UNGUARDED]),
        "dovecot-2.4-one-service" => basic(&[]),
        "policy-refuse" => basic(&[pins::RACE]),
        "dovecot-2.3-auth-cache" | "dovecot-2.4-auth-cache" | "postfix-saslauthd-with-c" => {
            vec![mistakes::CACHED]
        }
        "dovecot-2.3-imap-group" => vec![mistakes::NO_GROUP],
        "postfix-saslauthd" => vec![mistakes::WITH_REALM],
        "postfix-saslauthd-without-r" => vec![mistakes::WITHOUT_REALM],
        "policy-allow" => basic(policy::WHERE_ALLOWED),
        "policy-refuse-enrolled" => basic(&[]),
        "report-only" => primary::REPORT_ONLY.to_vec(),
        name if name.starts_with("overrides-") => primary::ROWS.to_vec(),
        name if name.starts_with("names-") && !host.has_cache() => names::ROWS.to_vec(),
        "system-users" => mistakes::SYSTEM_USERS.to_vec(),
        _ => Vec::new(),
    }
}

fn at_each_client<'a>(
    lab: &'a Arc<Lab>,
    host: &str,
    (case, run): Row,
) -> impl Iterator<Item = Trial> + use<'a> {
    let host = Host::named(host);
    host.clients()
        .iter()
        .map(move |client| at_client(lab, host, client, case, move |spot| run(&spot.place())))
}

fn at_client(
    lab: &Arc<Lab>,
    host: &'static Host,
    client: &'static str,
    case: &'static str,
    run: impl FnOnce(&Spot<'_>) -> Check + Send + 'static,
) -> Trial {
    let lab = Arc::clone(lab);
    Trial::ignorable_test(format!("{}/{client}/{case}", host.name), move || {
        counted(&lab, host, || match lab.running(host)? {
            Ok(running) => {
                let lab = &lab;
                run(&Spot { lab, host, running, client, case }).map(|()| Completion::Completed)
            }
            Err(Absent(why)) => Ok(Completion::ignored_with(why)),
        })
    })
}

fn counted(
    lab: &Lab,
    host: &Host,
    run: impl FnOnce() -> Result<Completion, Failed>,
) -> Result<Completion, Failed> {
    let result = catch_unwind(AssertUnwindSafe(run));
    let end = match &result {
        Ok(Ok(Completion::Completed)) => End::Passed,
        Ok(Ok(Completion::Ignored { .. })) => End::Ignored,
        Ok(Err(_)) | Err(_) => End::Failed,
    };
    lab.tally.count(host.name, end);
    result.unwrap_or_else(|panic| resume_unwind(panic))
}
