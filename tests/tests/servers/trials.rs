//! All cases as trials, named `server/client/case`.

use super::hosts::{HOSTS, Host};
use super::lab::{Absent, Lab};
use super::outage::{self, Outage};
use super::place::{Check, Spot};
use super::policy::{self, Primary};
use super::table::{self, Row};
use super::tally::End;
use super::{life, mistakes, users};
use libtest_mimic::{Completion, Failed, Trial};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// The hosts that everything in the tables runs on.
const TABLES: [&str; 5] =
    ["dovecot-2.3", "dovecot-2.3-one-service", "dovecot-2.4", "postfix-dovecot", "postfix-saslauthd"];

/// All of them. Neighbours in the list belong to different hosts, so that all start at once.
pub fn all(lab: &Arc<Lab>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for row in [table::ROWS, life::ROWS, users::ROWS].concat() {
        for name in TABLES {
            trials.extend(at_each_client(lab, name, row));
        }
    }
    for host in &HOSTS {
        for row in rows_of_its_own(host) {
            trials.extend(at_each_client(lab, host.name, row));
        }
    }
    // Here the daemons stop: last, because all else waits for it.
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
        "dovecot-2.4-one-service" | "policy-refuse" => basic(&[]),
        "dovecot-2.3-auth-cache" | "dovecot-2.4-auth-cache" | "postfix-saslauthd-with-c" => {
            vec![mistakes::CACHED]
        }
        "dovecot-2.3-imap-group" => vec![mistakes::NO_GROUP],
        "postfix-saslauthd" => vec![mistakes::WITH_REALM],
        "postfix-saslauthd-without-r" => vec![mistakes::WITHOUT_REALM],
        "policy-allow" => basic(policy::WHERE_ALLOWED),
        "policy-refuse-enrolled" => basic(&[]),
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
