//! `[events]`: how long the trail is kept.

use super::Life;
use apppw_admin::span::Span;
use serde::Deserialize;

/// Fewer would not tell what happened today.
const FEWEST: u64 = 1000;

/// `[events]`
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventsConfig {
    /// How long an event is kept. Default `"2y"`.
    pub keep: Life,
    /// How many are kept at most, 1,000 or more; of those that anybody can provoke (`denied`,
    /// `refused-use`) a quarter of that. An event takes some 250 bytes. Default 1,000,000.
    pub most: u64,
}

impl Default for EventsConfig {
    fn default() -> Self {
        Self { keep: Life::For(Span::days(2 * 365)), most: 1_000_000 }
    }
}

impl EventsConfig {
    /// What no type expresses.
    pub(super) fn check(&self) -> Result<(), (String, String)> {
        if self.most < FEWEST {
            return Err(("[events] most".into(), format!("is {}, allowed are {FEWEST} and more", self.most)));
        }
        Ok(())
    }
}
