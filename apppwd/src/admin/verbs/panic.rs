//! `panic`

use super::cut;
use crate::admin::caller::Caller;
use crate::change::{self, ChangeError};
use crate::clock::{self, UnixSeconds};
use crate::daemon::Daemon;
use crate::journal::{Change, Record};
use crate::panic_switch::HOST;
use crate::store::Store;
use apppw_admin::nearest;
use apppw_admin::verbs::{Event, EventKind, PanicArgs, PanicSwitch as Message, PanicSwitches};
use apppw_admin::{AdminError, Code};

/// Turns a panic switch on or off.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    args: PanicArgs,
) -> Result<PanicSwitches, AdminError> {
    let PanicArgs { on, group } = args;
    if let Some(group) = &group {
        check_group(daemon, group, on)?;
    }
    let switch = group.unwrap_or_else(|| HOST.to_owned());
    let at = clock::now();
    let journal = daemon.journal.lock().await;
    let was_on = daemon.panic.borrow().0.contains_key(&switch);
    let switches = match daemon.store.set_panic(switch.clone(), on.then_some(at), caller.by(at)).await {
        Ok(switches) => switches,
        Err(error) if on => {
            if daemon.in_memory.borrow_mut().panic(&switch, at) {
                let services = Some(switch).filter(|switch| switch != HOST).into_iter().collect();
                let event = daemon.event_in_memory(EventKind::PanicOn, caller.actor());
                daemon.note(Event { services, ..event });
                tracing::error!("{caller} turned panic on, in memory only: {error}");
            }
            return Err(ChangeError::InMemory(error).into());
        }
        Err(error) => return Err(error.into()),
    };
    *daemon.panic.borrow_mut() = switches;
    let was_in_memory = daemon.in_memory.borrow_mut().forget_panic(&switch);
    if (was_on || was_in_memory) && !on {
        daemon.record.was_closed(at);
        daemon.record.mark(&daemon.store).await;
    }
    let what = if switch == HOST { "the host".to_owned() } else { format!("group {switch:?}") };
    if was_on != on {
        tracing::warn!("{caller} turned panic {} for {what}", if on { "on" } else { "off" });
    }
    let change = if on { Change::Panic(switch) } else { Change::Calm(switch) };
    let records = if was_on == on { Vec::new() } else { vec![Record { at, change }] };
    change::append(&journal, records).await?;
    Ok(PanicSwitches { panic: to_messages(daemon) })
}

/// A group that is not there can only be turned off, from a time when it was.
fn check_group<S>(daemon: &Daemon<S>, group: &str, on: bool) -> Result<(), AdminError> {
    let groups = &daemon.config.groups;
    if groups.has_group(group) || (!on && daemon.panic.borrow().0.contains_key(group)) {
        return Ok(());
    }
    let known = || groups.all().map(|(group, _)| group.as_str());
    let hint = nearest(group, known()).map_or_else(
        || format!("known are: {}", known().collect::<Vec<_>>().join(", ")),
        |near| format!("did you mean {near:?}?"),
    );
    let message = format!("there is no group {:?}; {hint}", cut(group));
    Err(AdminError::in_field(Code::Invalid, "group", message))
}

/// The switches that are on, as they are told.
pub(super) fn to_messages<S>(daemon: &Daemon<S>) -> Vec<Message> {
    let message = |(switch, since): (&String, &UnixSeconds)| Message {
        group: (switch != HOST).then(|| switch.clone()),
        group_is_gone: switch != HOST && !daemon.config.groups.has_group(switch),
        since: *since,
    };
    let (stored, in_memory) = (daemon.panic.borrow(), daemon.in_memory.borrow());
    let only_in_memory = in_memory.panics().0.iter().filter(|(switch, _)| !stored.0.contains_key(*switch));
    stored.0.iter().chain(only_in_memory).map(message).collect()
}
