//! Finding things by their beginnings.

use super::State;
use super::words::words;
use crate::AppPasswordId;
use serde::{Deserialize, Serialize};

words! {
    /// What is looked for.
    FindWhat,
    /// The word in the message.
    as_str:

    /// App passwords, by their ids.
    AppPassword => "app_password",
    /// Accounts, by their names.
    User => "user",
    /// Groups of services.
    Group => "group",
    /// Services and groups: what a scope may name.
    Service => "service",
    /// Presets of the configuration.
    Preset => "preset",
}

/// Arguments of [`super::Verb::Find`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindArgs {
    /// What.
    pub what: FindWhat,
    /// How it begins. An id with or without `ap-`; in its place the whole name of an own app
    /// password, or `USER/NAME`, is found too, among [`Found::near`].
    #[serde(default)]
    pub text: String,
    /// Of app passwords expired and revoked ones too.
    #[serde(default)]
    pub all: bool,
    /// At most so many; 8 unless given, never more than 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
}

/// Result of [`super::Verb::Find`]: what the caller may see of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Found {
    /// App passwords that begin so, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub app_passwords: Vec<Candidate>,
    /// Of everything else the names that begin so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// There may be more: what is told is not all, and one alone not the only one.
    #[serde(default)]
    pub more: bool,
    /// Where no id begins so: app passwords, of any state, that differ by a slip of the finger or
    /// bear the text as their name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<Candidate>,
}

/// What a person needs to tell one app password from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its id.
    pub id: AppPasswordId,
    /// Whose it is.
    pub user: String,
    /// Its label.
    pub name: String,
    /// Whether it is live.
    pub state: State,
}
