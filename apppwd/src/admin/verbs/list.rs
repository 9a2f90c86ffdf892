//! `list`

use super::{account_in_reach, names, unknown};
use crate::admin::rules::Power;
use crate::clock;
use crate::daemon::Daemon;
use crate::store::{PageStart, Selection, Store};
use apppw_admin::verbs::{AppPassword, ListArgs, Listed};
use apppw_admin::{AdminError, Code, MAX_LINE};

/// Records read for one page.
const PAGE: usize = 100;

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
                    return Ok(Listed { app_passwords: Vec::new(), next: None, panic });
                }
            }
        }
    };
    // Uses that are not written yet count.
    if args.unused.is_some() && start.is_none() {
        daemon.flush_uses().await;
    }
    let now = clock::now();
    let selection = Selection {
        accounts,
        live_at: (!args.all).then_some(now),
        unused_since: args.unused.map(|span| now - span.seconds()),
        ..Selection::default()
    };
    // One more than a page shows whether there is another.
    let records = daemon.store.app_passwords(&selection, start.as_ref(), PAGE + 1).await?;
    let may_be_more = records.len() > PAGE;
    let mut app_passwords: Vec<AppPassword> = Vec::new();
    let mut last = None;
    let mut room = MAX_LINE - 1024;
    for record in records {
        let here = to_cursor(&record.user, record.created, record.id);
        // Uses that can't be written now count too.
        if args.unused.is_some() && daemon.uses.borrow().has(&record.id) {
            last = Some(here);
            continue;
        }
        tokio::task::yield_now().await;
        let message = super::to_message(daemon, record).await?;
        let size = serde_json::to_string(&message).map_or(MAX_LINE, |text| text.len() + 1);
        if app_passwords.len() == PAGE || size > room {
            let next = app_passwords.last().map_or(here, |last| to_cursor(&last.user, last.created, last.id));
            return Ok(Listed { app_passwords, next: Some(next), panic });
        }
        room -= size;
        app_passwords.push(message);
        last = Some(here);
    }
    Ok(Listed { app_passwords, next: last.filter(|_| may_be_more), panic })
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
