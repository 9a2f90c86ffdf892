//! Making app passwords.

use super::{AppPassword, ClientSettings, PrimaryPolicy};
use crate::span::Span;
use crate::{AppPasswordId, SecretText};
use serde::{Deserialize, Serialize};

/// Arguments of [`super::Verb::Create`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateArgs {
    /// Whose; left out by a user who acts for himself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The label: 1 to 80 characters, unique among the account's live ones.
    pub name: String,
    /// Services and groups; empty: `[policy] default_services`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Networks in CIDR notation; empty: from anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
    /// Until when; none: `[policy] default_life`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Expiry>,
    /// What the first use locks it to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pin: Vec<PinKind>,
    /// A preset of `[presets]`; what is given beside it comes before what it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
}

/// Until when an app password is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expiry {
    /// Until it is revoked.
    Never,
    /// Until that second; at it, it is expired.
    At(i64),
    /// That long from its creation on.
    After(Span),
}

/// What a pin locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinKind {
    /// The PAM service.
    Service,
    /// The network around the client's address: IPv4 /24, IPv6 /64.
    Network,
}

/// Arguments of [`super::Verb::Rotate`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateArgs {
    /// Which.
    pub id: AppPasswordId,
    /// How long the old one lives beside the new one; none: one day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<Span>,
}

/// Result of [`super::Verb::Create`] and [`super::Verb::Rotate`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Created {
    /// The secret with its hyphens: the only time that it is shown.
    pub secret: SecretText,
    /// The record.
    pub app_password: AppPassword,
    /// This was the account's first: it is enrolled from now on.
    pub newly_enrolled: bool,
    /// What the primary password may still do for this account, where no group of services
    /// says otherwise.
    pub primary: PrimaryPolicy,
    /// Groups of services that the primary password opened until now and no longer opens,
    /// because the account is enrolled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary_ends: Vec<String>,
    /// What to type into the mail program beside it; none: it is not configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientSettings>,
}
