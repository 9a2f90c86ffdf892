//! `rename`

use super::create::check_label;
use super::make::creations_per_day;
use super::{record_in_reach, to_message};
use crate::admin::caller::Caller;
use crate::admin::rules::Power;
use crate::clock;
use crate::daemon::Daemon;
use crate::log::{self, Provoked};
use crate::store::{Renamed, Store};
use apppw_admin::text::visible;
use apppw_admin::verbs::{AppPassword, RenameArgs};
use apppw_admin::{AdminError, Code};
use std::time::Instant;

/// Gives an app password another name.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    power: &Power,
    args: RenameArgs,
) -> Result<AppPassword, AdminError> {
    let RenameArgs { id, name } = args;
    check_label(&name)?;
    let before = record_in_reach(daemon, power, id).await?;
    if before.name == name && before.revoked.is_none() && before.expired.is_none() {
        // Nothing to be written: anyone could have the disk synced as often as he likes.
        return to_message(daemon, before).await;
    }
    // What an owner does adds to the trail, which others need.
    let per_day = match power {
        Power::All => None,
        Power::Own { .. } => Some(creations_per_day(daemon, &before.user, &before.scope.services)),
    };
    match daemon.store.rename(id, name.clone(), per_day, caller.by(clock::now())).await? {
        Renamed::Done => {}
        Renamed::NameTaken(other) => {
            let message = format!(
                "{} has an app password named {name:?} already ({other}); choose another name",
                before.user
            );
            return Err(AdminError::in_field(Code::Exists, "name", message));
        }
        Renamed::TooManyToday => {
            let message = format!(
                "app passwords of {} were renamed {} times today (UTC), which is the limit ([limits] \
                 creations_per_day); try tomorrow, or ask an administrator",
                before.user,
                per_day.unwrap_or_default()
            );
            return Err(AdminError::in_field(Code::Limit, "id", message));
        }
        Renamed::NotLive => {
            let message = format!(
                "{id} can't be renamed: it has ended (expired or revoked), and its name is part of the record"
            );
            return Err(AdminError::in_field(Code::NotFound, "id", message));
        }
    }
    // Anyone may rename his own as often as he likes.
    let left_out = match power {
        Power::All => Some(0),
        Power::Own { uid, .. } => daemon.throttle.may_say(Provoked::Renamed, *uid, Instant::now()),
    };
    let user = visible(log::user(&before.user));
    if let Some(left_out) = left_out {
        tracing::info!(
            "{caller} renamed {id} of {user} from {:?} to {name:?}{}",
            before.name,
            log::left_out(left_out, "more")
        );
    }
    to_message(daemon, record_in_reach(daemon, power, id).await?).await
}
