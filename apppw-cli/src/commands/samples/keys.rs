//! Server keys.

use super::{DAY, NOW};
use apppw_admin::verbs::{Key, Keys};

/// A new one, and one of old times.
pub fn keys() -> Keys {
    Keys {
        keys: vec![
            Key { id: 2, since: Some(NOW - DAY), app_passwords: 1_234, lost_accounts: 0 },
            Key { id: 1, since: None, app_passwords: 1, lost_accounts: 2 },
        ],
        path: "/var/lib/apppwd-key/server.key".into(),
        credential: false,
    }
}
