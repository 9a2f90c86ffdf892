//! `report`

use crate::account::Names;
use crate::address::Address;
use crate::daemon::Daemon;
use crate::policy;
use crate::store::{Store, Uses};
use apppw_admin::verbs::{PrimaryUse, Report, ReportArgs};
use apppw_admin::{AdminError, Code};

/// Records of one page: the answer is one line, whatever is in them.
const PAGE: usize = 25;

/// One page of the uses of primary passwords.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(daemon: &Daemon<S>, args: ReportArgs) -> Result<Report, AdminError> {
    let offset: usize = match args.cursor {
        None => {
            // The first page comes with what is not written yet.
            daemon.flush_uses_if_writable().await;
            0
        }
        Some(cursor) => cursor
            .parse()
            .map_err(|_| AdminError::in_field(Code::Invalid, "cursor", "not a cursor that report gave"))?,
    };
    let mut found = daemon.store.primary_uses(offset, PAGE + 1).await?;
    let next = (found.len() > PAGE).then(|| (offset + PAGE).to_string());
    found.truncate(PAGE);
    let mut uses = Vec::with_capacity(found.len());
    for used in found {
        uses.push(to_message(daemon, used).await?);
    }
    Ok(Report { uses, next })
}

async fn to_message<S: Store>(daemon: &Daemon<S>, used: Uses<String>) -> Result<PrimaryUse, AdminError> {
    let names = Names::exact(&used.whose);
    let account = daemon.account(&names).await?;
    let standing = daemon.standing(&names, account.as_ref());
    let account = policy::Account { user: &used.whose, enrolled: standing.enrolled, locked: standing.locked };
    let address = Address::from_rhost(&used.rhost, !used.unproven);
    let config = &daemon.config;
    let would_be_refused =
        policy::would_refuse(&config.policy, &config.groups, &account, &used.service, address);
    Ok(PrimaryUse {
        would_be_refused,
        user: used.whose,
        service: used.service,
        rhost: (!used.rhost.is_empty()).then_some(used.rhost),
        rhost_unproven: used.unproven,
        host: used.host,
        first: used.first,
        last: used.last,
        count: used.count,
    })
}
