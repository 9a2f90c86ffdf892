//! Accounts and the daemon.

use super::parts::Use;
use crate::output::time::rfc3339;
use apppw_admin::{AppPasswordId, verbs};
use serde::Serialize;
use std::collections::BTreeMap;

/// Of `user`; `kicked` says what came of `--kick`.
pub fn account(account: &verbs::Account, kicked: Option<impl Serialize>) -> impl Serialize {
    #[derive(Serialize)]
    struct Account<'a, K> {
        user: &'a str,
        uid: Option<u32>,
        other_uid: Option<u32>,
        enrolled: Option<String>,
        locked: Option<String>,
        created: String,
        live: u64,
        revoked: u64,
        primary: &'static str,
        primary_in: BTreeMap<&'a str, &'static str>,
        report_only: bool,
        revoked_now: &'a [AppPasswordId],
        revoked_count: u64,
        kicked: Option<K>,
    }
    Account {
        user: &account.user,
        uid: account.uid,
        other_uid: account.other_uid,
        enrolled: account.enrolled.map(rfc3339),
        locked: account.locked.map(rfc3339),
        created: rfc3339(account.created),
        live: account.live,
        revoked: account.revoked,
        primary: account.primary.as_str(),
        primary_in: account
            .primary_in
            .iter()
            .map(|(group, policy)| (group.as_str(), policy.as_str()))
            .collect(),
        report_only: account.report_only,
        revoked_now: &account.revoked_now,
        revoked_count: account.revoked_count,
        kicked,
    }
}

#[derive(Serialize)]
struct PanicSwitch<'a> {
    group: Option<&'a str>,
    group_is_gone: bool,
    since: String,
}

fn switches(on: &[verbs::PanicSwitch]) -> Vec<PanicSwitch<'_>> {
    on.iter()
        .map(|on| PanicSwitch {
            group: on.group.as_deref(),
            group_is_gone: on.group_is_gone,
            since: rfc3339(on.since),
        })
        .collect()
}

/// Of `panic`.
pub fn panic_switches(on: &[verbs::PanicSwitch]) -> impl Serialize {
    #[derive(Serialize)]
    struct Panic<'a> {
        panic: Vec<PanicSwitch<'a>>,
    }
    Panic { panic: switches(on) }
}

/// Of `users`.
pub fn users(users: &[verbs::UserSummary]) -> impl Serialize {
    #[derive(Serialize)]
    struct Users<'a> {
        users: Vec<User<'a>>,
    }
    #[derive(Serialize)]
    struct User<'a> {
        user: &'a str,
        uid: Option<u32>,
        enrolled: Option<String>,
        locked: Option<String>,
        created: String,
        live: u64,
        suspended: u64,
        revoked: u64,
        last_use: Option<Use<'a>>,
    }
    let users = users.iter().map(|user| User {
        user: &user.user,
        uid: user.uid,
        enrolled: user.enrolled.map(rfc3339),
        locked: user.locked.map(rfc3339),
        created: rfc3339(user.created),
        live: user.live,
        suspended: user.suspended,
        revoked: user.revoked,
        last_use: user.last_use.as_ref().map(Into::into),
    });
    Users { users: users.collect() }
}

/// Of `report`.
pub fn primary_uses(uses: &[verbs::PrimaryUse]) -> impl Serialize {
    #[derive(Serialize)]
    struct Report<'a> {
        primary_uses: Vec<PrimaryUse<'a>>,
    }
    #[derive(Serialize)]
    struct PrimaryUse<'a> {
        user: &'a str,
        service: &'a str,
        rhost: Option<&'a str>,
        rhost_unproven: bool,
        host: &'a str,
        would_be_refused: bool,
        first: String,
        last: String,
        count: u64,
    }
    let primary_uses = uses.iter().map(|used| PrimaryUse {
        user: &used.user,
        service: &used.service,
        rhost: used.rhost.as_deref(),
        rhost_unproven: used.rhost_unproven,
        host: &used.host,
        would_be_refused: used.would_be_refused,
        first: rfc3339(used.first),
        last: rfc3339(used.last),
        count: used.count,
    });
    Report { primary_uses: primary_uses.collect() }
}

/// Of `status`.
pub fn status(status: &verbs::Status) -> impl Serialize {
    #[derive(Serialize)]
    struct Status<'a> {
        version: &'a str,
        pid: u32,
        uptime: u64,
        frame_versions: (u8, u8),
        primary: &'static str,
        report_only: bool,
        accounts: u64,
        enrolled: u64,
        locked: u64,
        live: u64,
        suspended: u64,
        revoked: u64,
        // These two are flat and hold no times: they are their own documents.
        verdicts: verbs::Verdicts,
        argon2: verbs::Argon2Status,
        panic: Vec<PanicSwitch<'a>>,
        in_memory: u64,
        writable: bool,
        last_backup: Option<String>,
    }
    Status {
        version: &status.version,
        pid: status.pid,
        uptime: status.uptime,
        frame_versions: status.frame_versions,
        primary: status.primary.as_str(),
        report_only: status.report_only,
        accounts: status.accounts,
        enrolled: status.enrolled,
        locked: status.locked,
        live: status.live,
        suspended: status.suspended,
        revoked: status.revoked,
        verdicts: status.verdicts,
        argon2: status.argon2,
        panic: switches(&status.panic),
        in_memory: status.in_memory,
        writable: status.writable,
        last_backup: status.last_backup.map(rfc3339),
    }
}
