//! `list`

use super::{account_in_reach, names, unknown, with_last_use};
use crate::account::Names;
use crate::admin::rules::Power;
use crate::clock;
use crate::daemon::Daemon;
use crate::store::{ListedRow, PageStart, Selection, Store};
use apppw_admin::verbs::{AppPassword, ListArgs, Listed};
use apppw_admin::{AdminError, Code, MAX_LINE};
use serde::Serialize;
use std::io::Write;

/// Records read for one page: about as many as fit into a line.
const PAGE: usize = 200;

/// Logins come in between so many.
const AT_ONCE: usize = 20;

/// One page of app passwords.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(daemon: &Daemon<S>, power: &Power, args: ListArgs) -> Result<Listed, AdminError> {
    let start = args.cursor.as_deref().map(parse_cursor).transpose()?;
    if args.all && args.unused.is_some() {
        return Err(AdminError::in_field(
            Code::Invalid,
            "unused",
            "unused is for live ones; it doesn't go with all",
        ));
    }
    let panic = super::panic::to_messages(daemon);
    let accounts = match power.target(args.user.as_deref())? {
        None => None,
        Some(user) => {
            let names = names(daemon, power, &user)?;
            match account_in_reach(daemon, power, &names).await? {
                Some(account) => Some(vec![account.id]),
                None => {
                    // One that went while its pages were asked for had been known.
                    if start.is_none() {
                        unknown::check_known(daemon, power, &names).await?;
                    }
                    return Ok(Listed { app_passwords: Vec::new(), next: None, locked: Vec::new(), panic });
                }
            }
        }
    };
    // Uses that are not written yet count.
    if args.unused.is_some() && start.is_none() {
        daemon.flush_uses_if_writable().await;
    }
    let now = clock::now();
    let selection = Selection {
        accounts,
        live_at: (!args.all && args.key.is_none()).then_some(now),
        key: args.key,
        unused_since: args.unused.map(|span| now - span.seconds()),
        ..Selection::default()
    };
    // One more than a page shows whether there is another.
    let rows = daemon.store.listed(&selection, start.as_ref(), PAGE + 1).await?;
    let may_be_more = rows.len() > PAGE;
    let mut app_passwords: Vec<AppPassword> = Vec::new();
    let mut locked: Vec<String> = Vec::new();
    let mut last = None;
    let mut room = MAX_LINE - 1024;
    for (number, ListedRow { record, last_use, is_locked }) in rows.into_iter().enumerate() {
        let here = to_cursor(&record.user, record.created, record.id);
        if number % AT_ONCE == AT_ONCE - 1 {
            tokio::task::yield_now().await;
        }
        // Uses that can't be written now count too.
        let is_in_use = daemon.uses.borrow().has(&record.id);
        if is_in_use && args.unused.is_some() {
            last = Some(here);
            continue;
        }
        let last_use = if is_in_use { daemon.last_use_of(record.id).await? } else { last_use };
        let message = with_last_use(daemon, record, last_use);
        let mut size = length(&message);
        let is_new = app_passwords.last().is_none_or(|last| last.user != message.user);
        // A lock may be the journal's, or memory's, alone.
        let is_locked = is_new && (is_locked || daemon.standing(&Names::exact(&message.user), None).locked);
        if is_locked {
            size += length(&message.user);
        }
        if app_passwords.len() == PAGE || size > room {
            let next = app_passwords.last().map_or(here, |last| to_cursor(&last.user, last.created, last.id));
            return Ok(Listed { app_passwords, next: Some(next), locked, panic });
        }
        room -= size;
        locked.extend(is_locked.then(|| message.user.clone()));
        app_passwords.push(message);
        last = Some(here);
    }
    Ok(Listed { app_passwords, next: last.filter(|_| may_be_more), locked, panic })
}

/// How many bytes it takes in an answer, with the comma behind it.
fn length(value: &impl Serialize) -> usize {
    let mut counted = Counted(1);
    serde_json::to_writer(&mut counted, value).map_or(MAX_LINE, |()| counted.0)
}

/// Counts bytes and keeps none.
struct Counted(usize);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn to_cursor(user: &str, created: i64, id: apppw_admin::AppPasswordId) -> String {
    format!("{created} {id} {user}")
}

fn parse_cursor(text: &str) -> Result<PageStart, AdminError> {
    let parse = || {
        let (created, rest) = text.split_once(' ')?;
        let (id, user) = rest.split_once(' ')?;
        Some(PageStart { user: user.to_owned(), created: created.parse().ok()?, id: id.parse().ok()? })
    };
    parse().ok_or_else(|| AdminError::in_field(Code::Invalid, "cursor", "not a cursor that list gave"))
}
