//! `rotate`

use super::make::{self, ForWhom, Wanted};
use super::{record_in_reach, scope};
use crate::admin::caller::Caller;
use crate::admin::rules::Power;
use crate::clock;
use crate::daemon::Daemon;
use crate::store::{Rotation, Store};
use apppw_admin::span::Span;
use apppw_admin::verbs::{Created, RotateArgs};
use apppw_admin::{AdminError, Code};

/// How long the old half lives on unless it is said otherwise.
const GRACE: Span = Span::days(1);

/// How long it may live on: it is outside the limits.
const LONGEST_GRACE: Span = Span::days(30);

/// Makes a new app password in the place of another, which lives for its grace.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    power: &Power,
    args: RotateArgs,
) -> Result<Created, AdminError> {
    let old = record_in_reach(daemon, power, args.id).await?;
    let grace = args.grace.unwrap_or(GRACE);
    if grace > LONGEST_GRACE {
        let message = format!("a grace of {grace} is too long, at most {LONGEST_GRACE}");
        return Err(AdminError::in_field(Code::Invalid, "grace", message));
    }
    let account = daemon.store.account_by_id(&old.account).await?;
    let account =
        account.ok_or_else(|| AdminError::new(Code::NotFound, "it can't be rotated: its account is gone"))?;
    let now = clock::now();
    let before = old.scope.expires;
    let until = before.into_iter().chain([now + grace.seconds()]).min().unwrap_or(now);
    let scope = scope::rotated(&daemon.config, &old.user, &old.scope, now)?;
    let owner = match power {
        Power::Own { uid, .. } => Some(*uid),
        Power::All => None,
    };
    let whom = ForWhom::Same(account, Rotation { old: old.id, until, before });
    make::run(daemon, caller, &Wanted { whom, owner, name: old.name, scope }).await
}
