//! `[limits]`: how many there may be, and for how long.

use super::{Life, Overrides};
use apppw_admin::span::Span;
use serde::Deserialize;

/// `[limits]`. A group's or a user's overrides stand in `[policy.group.NAME]` and
/// `[policy.user."NAME"]`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Most live app passwords of one account. Default 20.
    pub per_account: u32,
    /// Most creations for one account in one day (UTC), revoked ones included; root is
    /// exempt. Default 100.
    pub creations_per_day: u32,
    /// Suspends an app password that was not used for that long. Default `"never"`.
    pub suspend_unused: Life,
    /// Revokes an app password that was made that long ago and never used. Default `"never"`.
    pub drop_never_used: Life,
    /// How long a revoked app password is remembered, so that its use can be named in the
    /// log. Default `"2y"`.
    pub tombstones: Life,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            per_account: 20,
            creations_per_day: 100,
            suspend_unused: Life::Never,
            drop_never_used: Life::Never,
            tombstones: Life::For(Span::days(2 * 365)),
        }
    }
}

impl LimitsConfig {
    /// The spans by which housekeeping acts, with those of `overrides`.
    pub fn spans<'a>(&self, overrides: impl Iterator<Item = &'a Overrides>) -> impl Iterator<Item = Life> {
        let own = [self.suspend_unused, self.drop_never_used, self.tombstones];
        let more: Vec<Life> =
            overrides.flat_map(|o| [o.suspend_unused, o.drop_never_used]).flatten().collect();
        own.into_iter().chain(more)
    }
}
