//! `[limits]`

use serde::Deserialize;

/// How many there may be.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Most live app passwords of one account. Default 20.
    pub per_account: u32,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { per_account: 20 }
    }
}
