//! `show`

use super::{record_in_reach, to_message};
use crate::admin::rules::Power;
use crate::daemon::Daemon;
use crate::store::Store;
use apppw_admin::AdminError;
use apppw_admin::verbs::{ShowArgs, Shown};

/// One app password, whole.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(daemon: &Daemon<S>, power: &Power, args: ShowArgs) -> Result<Shown, AdminError> {
    let record = record_in_reach(daemon, power, args.id).await?;
    let uses = daemon.uses_of(record.id).await?;
    Ok(Shown { app_password: to_message(daemon, record).await?, uses })
}
