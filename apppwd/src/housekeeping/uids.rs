//! Whether Unix names still have the uids that their accounts are bound to.

use crate::daemon::Daemon;
use crate::store::{Store, StoreError};
use apppw_admin::text::visible;

/// Read at once.
const PAGE: usize = 100;

/// Most lines of one look.
const MAX_LINES: usize = 100;

/// Says which names belong to another uid now: whoever has it may be another person.
pub(super) async fn look<S: Store>(daemon: &Daemon<S>) -> Result<(), StoreError> {
    let mut after = String::new();
    let mut said = 0;
    loop {
        let page = daemon.store.bound_accounts(&after, PAGE).await?;
        for account in &page {
            let Some(bound) = account.uid else { continue };
            let found = match daemon.people.uid_of(&account.name).await {
                Ok(found) => found,
                Err(error) => {
                    // A directory that hangs would hang once for each name.
                    tracing::warn!("can't look at the uids of accounts: {error}; tomorrow again");
                    return Ok(());
                }
            };
            if let Some(found) = found.filter(|found| *found != bound)
                && said < MAX_LINES
            {
                let name = visible(crate::log::user(&account.name));
                said += 1;
                tracing::warn!(
                    "{name} is uid {found} now, but the account is bound to uid {bound}: perhaps another person. \
                     Its app passwords still work; `apppw user {name} delete` ends them"
                );
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after.clone_from(&last.name),
            _ => return Ok(()),
        }
    }
}
