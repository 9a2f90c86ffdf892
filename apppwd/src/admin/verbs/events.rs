//! `events`

use super::{account_in_reach, names, unknown};
use crate::account::Names;
use crate::admin::rules::Power;
use crate::daemon::Daemon;
use crate::store::{EventSelection, Store};
use apppw_admin::verbs::{Event, EventKind, Events, EventsArgs};
use apppw_admin::{AdminError, Code, MAX_LINE};

/// Events read for one page.
const PAGE: usize = 200;

/// No number is greater.
const GREATEST: u64 = i64::MAX as u64;

/// One page of events.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    args: EventsArgs,
) -> Result<Events, AdminError> {
    if args.last.is_some() && args.after.is_some() {
        return Err(AdminError::in_field(Code::Invalid, "last", "last doesn't go with after"));
    }
    let is_first = args.after.is_none();
    let Some(Asked { selection, user, nobody }) = selection(daemon, power, args).await? else {
        return Ok(Events { events: Vec::new(), cursor: 0, more: false, forgotten: None });
    };
    // Few wait, whoever provokes them; if the disk takes none they are shown all the same.
    let _ = daemon.write_events().await;
    if let Some(names) = nobody.filter(|_| is_first) {
        check_known(daemon, power, &names).await?;
    }
    let page = daemon.store.events(&selection, PAGE + 1).await?;
    let mut room = MAX_LINE - 1024;
    let mut events: Vec<Event> = Vec::new();
    let mut more = false;
    for event in page.events {
        let size = serde_json::to_string(&event).map_or(MAX_LINE, |text| text.len() + 1);
        if events.len() == PAGE || size > room {
            more = true;
            break;
        }
        room -= size;
        events.push(event);
    }
    let shown = events.last().and_then(|event| event.seq).unwrap_or(selection.after);
    let cursor = match power {
        Power::All if !more => page.last,
        // When others' events happen is nobody's business.
        _ => shown,
    };
    // With each answer, for they have no number to go on from.
    if !more {
        let pending = daemon.events.borrow();
        for event in pending.all().filter(|event| fits(power, &selection, user.as_ref(), event)) {
            let size = serde_json::to_string(event).map_or(MAX_LINE, |text| text.len() + 1);
            let Some(left) = room.checked_sub(size) else { break };
            room = left;
            events.push(event.clone());
        }
    }
    let forgotten = page.forgotten.filter(|_| *power == Power::All);
    Ok(Events { events, cursor, more, forgotten })
}

/// What is asked for.
struct Asked {
    selection: EventSelection,
    /// The account's name.
    user: Option<String>,
    /// No account is of these names.
    nobody: Option<Names>,
}

/// A name that no account has may have had one, or have been refused something: then there are
/// events of it.
async fn check_known<S: Store>(daemon: &Daemon<S>, power: &Power, names: &Names) -> Result<(), AdminError> {
    let of_name = EventSelection { user: Some(names.canonical.clone()), ..EventSelection::default() };
    let waiting = |event: &Event| event.user.as_ref() == Some(&names.canonical);
    let is_waiting = daemon.events.borrow().all().any(waiting);
    if is_waiting || !daemon.store.events(&of_name, 1).await?.events.is_empty() {
        return Ok(());
    }
    unknown::check_known(daemon, power, names).await
}

/// What is asked for; `None`: nobody has such events.
async fn selection<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    args: EventsArgs,
) -> Result<Option<Asked>, AdminError> {
    let EventsArgs { user, id, kinds, by, since, until, after, last } = args;
    let selection = EventSelection {
        account: None,
        user: None,
        id,
        kinds,
        by,
        since,
        until,
        after: after.unwrap_or(0).min(GREATEST),
        last,
    };
    let Some(user) = power.target(user.as_deref())? else {
        return Ok(Some(Asked { selection, user: None, nobody: None }));
    };
    let names = names(daemon, power, &user)?;
    let account = account_in_reach(daemon, power, &names).await?;
    let (account, name) = match account {
        Some(account) => (Some(account.id), account.name),
        None => (None, names.canonical.clone()),
    };
    let user = match power {
        // Also what befell others who had the name, and who was refused it.
        Power::All => Some(name.clone()),
        Power::Own { .. } if account.is_none() => return Ok(None),
        // The name may have been another person's.
        Power::Own { .. } => None,
    };
    let nobody = account.is_none().then_some(names);
    Ok(Some(Asked { selection: EventSelection { account, user, ..selection }, user: Some(name), nobody }))
}

/// Whether an event that is not in the store yet is asked for.
fn fits(power: &Power, selection: &EventSelection, user: Option<&String>, event: &Event) -> bool {
    let EventSelection { id, kinds, by, since, until, .. } = selection;
    // A refused verb is an administrator's business, whoever was meant.
    (*power == Power::All || event.kind == EventKind::RefusedUse)
        && (user.is_none() || user == event.user.as_ref())
        && (id.is_none() || *id == event.id)
        && (kinds.is_empty() || kinds.contains(&event.kind))
        && by.is_none_or(|by| event.actor.as_ref().is_some_and(|actor| actor.uid == by))
        && since.is_none_or(|since| event.at >= since)
        && until.is_none_or(|until| event.at < until)
}
