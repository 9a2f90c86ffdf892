//! The JSON of `--json`, described in `docs/json.md`. Fields are added, never renamed or
//! removed, as long as `schema` is 1; a field without a value is `null`, not absent.

use super::time::rfc3339;
use crate::exit::Failure;
use apppw_admin::text::is_deceptive;
use apppw_admin::verbs;
use apppw_admin::{AppPasswordId, SecretText};
use serde::Serialize;
use serde_json::ser::Formatter;
use std::io::{self, Write};
use zeroize::Zeroizing;

#[cfg(test)]
mod tests;

const SCHEMA: u32 = 1;

/// No answer of the daemon makes a longer document with a secret in it: its text needn't
/// move while it grows, which would leave a copy behind.
const ROOM: usize = 2 * apppw_admin::MAX_LINE;

/// `{"schema":1,` and the fields of `document`: one line, all in ASCII as far as it could
/// deceive.
pub fn document(document: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    #[derive(Serialize)]
    struct Versioned<'a, D> {
        schema: u32,
        #[serde(flatten)]
        document: &'a D,
    }
    let mut line = Zeroizing::new(Vec::with_capacity(ROOM));
    Versioned { schema: SCHEMA, document }
        .serialize(&mut serde_json::Serializer::with_formatter(&mut *line, Escaping))
        .map_err(|e| Failure::io(format!("can't write the result as JSON: {e}")))?;
    line.push(b'\n');
    Ok(line)
}

/// `document`, printed.
pub fn print(value: &impl Serialize) -> Result<(), Failure> {
    super::print(&document(value)?)
}

/// A failure, for standard error.
pub fn error(failure: &Failure) -> String {
    #[derive(Serialize)]
    struct Error<'a> {
        error: Inner<'a>,
    }
    #[derive(Serialize)]
    struct Inner<'a> {
        code: &'a str,
        field: Option<&'a str>,
        message: &'a str,
    }
    let Failure { code, field, message, .. } = failure;
    let error = Error { error: Inner { code, field: field.as_deref(), message } };
    document(&error)
        .map_or_else(|failure| failure.message, |line| String::from_utf8_lossy(&line).into_owned())
}

/// Writes bidi controls and their like as `\u....` too, not only the control characters that
/// JSON asks for: people look at JSON on terminals.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_deceptive) {
            let (plain, from) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let mut chars = from.chars();
            for unit in chars.next().into_iter().collect::<String>().encode_utf16() {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// An app password.
#[derive(Serialize)]
pub struct AppPassword<'a> {
    id: AppPasswordId,
    name: &'a str,
    user: &'a str,
    state: &'static str,
    services: &'a [String],
    created: String,
    created_by: Actor<'a>,
    revoked: Option<String>,
    revoked_by: Option<Actor<'a>>,
    last_use: Option<Use<'a>>,
}

impl<'a> From<&'a verbs::AppPassword> for AppPassword<'a> {
    fn from(record: &'a verbs::AppPassword) -> Self {
        Self {
            id: record.id,
            name: &record.name,
            user: &record.user,
            state: record.state.as_str(),
            services: &record.services,
            created: rfc3339(record.created),
            created_by: (&record.created_by).into(),
            revoked: record.revoked.map(rfc3339),
            revoked_by: record.revoked_by.as_ref().map(Into::into),
            last_use: record.last_use.as_ref().map(Into::into),
        }
    }
}

#[derive(Serialize)]
struct Actor<'a> {
    uid: u32,
    role: &'static str,
    name: Option<&'a str>,
}

impl<'a> From<&'a verbs::Actor> for Actor<'a> {
    fn from(actor: &'a verbs::Actor) -> Self {
        Self { uid: actor.uid, role: actor.role.as_str(), name: actor.name.as_deref() }
    }
}

#[derive(Serialize)]
struct Use<'a> {
    service: &'a str,
    rhost: Option<&'a str>,
    rhost_unproven: bool,
    host: &'a str,
    first: String,
    last: String,
    count: u64,
}

impl<'a> From<&'a verbs::Use> for Use<'a> {
    fn from(used: &'a verbs::Use) -> Self {
        Self {
            service: &used.service,
            rhost: used.rhost.as_deref(),
            rhost_unproven: used.rhost_unproven,
            host: &used.host,
            first: rfc3339(used.first),
            last: rfc3339(used.last),
            count: used.count,
        }
    }
}

fn records(records: &[verbs::AppPassword]) -> Vec<AppPassword<'_>> {
    records.iter().map(Into::into).collect()
}

/// Of `create`.
pub fn created(created: &verbs::Created) -> impl Serialize {
    #[derive(Serialize)]
    struct Created<'a> {
        secret: &'a SecretText,
        #[serde(flatten)]
        app_password: AppPassword<'a>,
        newly_enrolled: bool,
        primary: &'static str,
    }
    Created {
        secret: &created.secret,
        app_password: (&created.app_password).into(),
        newly_enrolled: created.newly_enrolled,
        primary: created.primary.as_str(),
    }
}

/// Of `list`.
pub fn listed(app_passwords: &[verbs::AppPassword]) -> impl Serialize {
    #[derive(Serialize)]
    struct Listed<'a> {
        app_passwords: Vec<AppPassword<'a>>,
    }
    Listed { app_passwords: records(app_passwords) }
}

/// Of `show`.
pub fn shown(shown: &verbs::Shown) -> impl Serialize {
    #[derive(Serialize)]
    struct Shown<'a> {
        #[serde(flatten)]
        app_password: AppPassword<'a>,
        uses: Vec<Use<'a>>,
    }
    Shown { app_password: (&shown.app_password).into(), uses: shown.uses.iter().map(Into::into).collect() }
}

/// Of `revoke`.
pub fn revoked(revoked: &verbs::Revoked, dry_run: bool) -> impl Serialize {
    #[derive(Serialize)]
    struct Revoked<'a> {
        dry_run: bool,
        count: u64,
        ids: &'a [AppPasswordId],
        revoked: Vec<AppPassword<'a>>,
        already: &'a [AppPasswordId],
    }
    let verbs::Revoked { count, ids, app_passwords, already } = revoked;
    Revoked { dry_run, count: *count, ids, revoked: records(app_passwords), already }
}

/// Of `verify`.
pub fn verified(verified: &verbs::Verified) -> impl Serialize {
    #[derive(Serialize)]
    struct Verified<'a> {
        accepted: bool,
        reason: &'a str,
        app_password: Option<AppPassword<'a>>,
    }
    Verified {
        accepted: verified.accepted,
        reason: &verified.reason,
        app_password: verified.app_password.as_ref().map(Into::into),
    }
}

/// Of `user`.
pub fn account(account: &verbs::Account) -> impl Serialize {
    #[derive(Serialize)]
    struct Account<'a> {
        user: &'a str,
        uid: Option<u32>,
        enrolled: Option<String>,
        created: String,
        live: u64,
        revoked: u64,
        primary: &'static str,
    }
    Account {
        user: &account.user,
        uid: account.uid,
        enrolled: account.enrolled.map(rfc3339),
        created: rfc3339(account.created),
        live: account.live,
        revoked: account.revoked,
        primary: account.primary.as_str(),
    }
}

/// Of `status`.
pub fn status(status: &verbs::Status) -> impl Serialize {
    // The message is flat, without times and null-free: it is its own document.
    status
}
