//! The server keys.

use crate::{AppPasswordId, SecretText};
use serde::{Deserialize, Serialize};

/// Result of [`super::Verb::Keys`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Keys {
    /// The active keys, newest first.
    pub keys: Vec<Key>,
    /// The file that they are in.
    pub path: String,
    /// It is a systemd credential: the daemon can't change it.
    #[serde(default)]
    pub credential: bool,
}

/// A server key; never what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Its number.
    pub id: u32,
    /// Since when it is active on this host; none: nobody knows any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// App passwords that can't be checked without it: live and suspended ones.
    pub app_passwords: u64,
    /// Accounts that only the journal knows, enrolled or locked by names that nobody can read without it.
    #[serde(default)]
    pub lost_accounts: u64,
}

/// Result of [`super::Verb::KeyRotate`] and [`super::Verb::KeyImport`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeysChanged {
    /// The keys that are active now.
    pub keys: Keys,
    /// Numbers of keys that were not active before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new: Vec<u32>,
    /// Numbers of keys that are not active any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<u32>,
}

/// Arguments of [`super::Verb::KeyRetire`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRetireArgs {
    /// Which.
    pub id: u32,
}

/// Result of [`super::Verb::KeyRetire`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyRetired {
    /// The keys that are active now. One that is in a credential stays until that is changed and the daemon
    /// started anew.
    pub keys: Keys,
    /// How many app passwords were revoked with it.
    pub count: u64,
    /// Their ids, at most 1,000.
    pub revoked: Vec<AppPasswordId>,
}

/// Arguments of [`super::Verb::KeyExport`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyExportArgs {
    /// With a new key before the others, which is not taken into use.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub with_new: bool,
    /// Without this one, on which nothing depends any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<u32>,
}

/// Result of [`super::Verb::KeyExport`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyExported {
    /// The numbers of the keys, newest first.
    pub ids: Vec<u32>,
    /// The keys themselves, as `server.key` has them.
    pub text: SecretText,
}

/// Arguments of [`super::Verb::KeyImport`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyImportArgs {
    /// As [`KeyExported::text`].
    pub text: SecretText,
}
