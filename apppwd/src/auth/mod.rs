//! The hot path: from a frame on `auth.sock` to a verdict.
//!
//! [`decide`] is pure; [`check`] reads the store, asks [`decide`], computes Argon2id if that
//! is needed and asks again; [`serve`] does the bytes.

pub mod argon;
pub mod check;
pub mod decide;
mod facts;
pub mod memo;
pub mod peers;
pub mod reason;
pub mod serve;
pub mod uses;
pub mod wire;

pub use reason::Reason;

use crate::clock::UnixSeconds;
use apppw_admin::AppPasswordId;
use apppw_proto::frame::{Detail, Verdict};

/// A verdict, why, and on which app password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What the module is told.
    pub verdict: Verdict,
    /// Why: for the log only.
    pub reason: Reason,
    /// What the module may log if it is unavailable.
    pub detail: Detail,
    /// The app password that the secret belongs to.
    pub app_password: Option<Owner>,
    /// The account, where it is not called as was typed.
    pub account: Option<String>,
}

/// The app password that a secret belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its public name.
    pub id: AppPasswordId,
    /// Its label.
    pub name: String,
    /// When it was revoked.
    pub revoked: Option<UnixSeconds>,
    /// Why it accepts nobody, whoever asks for what.
    pub dead: Option<Reason>,
}

impl Answer {
    /// An answer that concerns no app password.
    #[must_use]
    pub const fn new(reason: Reason) -> Self {
        Self { verdict: reason.verdict(), reason, detail: reason.detail(), app_password: None, account: None }
    }
}
