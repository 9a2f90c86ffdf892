//! `create`

use super::make::{self, ForWhom, Wanted};
use super::{account_in_reach, check_no_secret, cut, new_names, scope, uid_if_known, uid_of, uid_of_new};
use crate::admin::caller::Caller;
use crate::admin::rules::Power;
use crate::clock;
use crate::daemon::Daemon;
use crate::store::Store;
use apppw_admin::text::check_name;
use apppw_admin::verbs::{CreateArgs, Created};
use apppw_admin::{AdminError, Code};

/// Makes an app password.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    power: &Power,
    args: CreateArgs,
) -> Result<Created, AdminError> {
    let user = power
        .target(args.user.as_deref())?
        .ok_or_else(|| AdminError::in_field(Code::Invalid, "user", "say for whom: apppw create USER NAME"))?;
    let names = new_names(daemon, power, &user)?;
    check_label(&args.name)?;
    let account = account_in_reach(daemon, power, &names).await?;
    if daemon.standing(&names, account.as_ref()).locked {
        let message = format!("the account {user} is locked; unlock it first: apppw user {user} unlock");
        return Err(AdminError::in_field(Code::Denied, "user", message));
    }
    let (uid, owner) = match (power, &account) {
        // A user without an account here makes one, bound to the uid.
        (Power::Own { uid, name, .. }, _) => {
            if names.canonical != *name {
                check_not_anothers(daemon, &names.canonical, *uid).await?;
            }
            (Some(*uid), Some(*uid))
        }
        (Power::All, Some(_)) => (uid_if_known(daemon, &names).await, None),
        (Power::All, None) => (uid_of_new(daemon, &names).await?, None),
    };
    let user = account.map_or_else(|| names.canonical.clone(), |account| account.name);
    let scope = scope::of(&daemon.config, &user, &args, clock::now())?;
    let whom = ForWhom::Named(names, uid);
    make::run(daemon, caller, &Wanted { whom, owner, name: args.name, scope }).await
}

/// A name that is folded may be the Unix name of somebody else.
async fn check_not_anothers<S>(daemon: &Daemon<S>, name: &str, uid: u32) -> Result<(), AdminError> {
    match uid_of(daemon, name).await? {
        Some(other) if other != uid => {
            let message =
                format!("by [users] your name means {name}, who is uid {other}; ask an administrator");
            Err(AdminError::in_field(Code::Denied, "user", message))
        }
        _ => Ok(()),
    }
}

/// Checks the name of an app password.
pub(super) fn check_label(name: &str) -> Result<(), AdminError> {
    check_no_secret("name", name)?;
    check_name(name)
        .map_err(|e| AdminError::in_field(Code::Invalid, "name", format!("the name {:?} {e}", cut(name))))
}
