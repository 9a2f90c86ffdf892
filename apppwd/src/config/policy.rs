//! `[policy]`: what is allowed, and what overrides it for a group of services or a user.

use super::{Groups, UsersConfig};
use crate::account;
use crate::address::Networks;
use apppw_admin::span::Span;
use apppw_admin::verbs::PrimaryPolicy;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `[policy]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyConfig {
    /// What the primary password may do. Default `"refuse"`.
    pub primary: PrimaryPolicy,
    /// Networks from which the primary password stays permitted whatever `primary` says:
    /// webmail behind two-step sign-in. Default none.
    pub primary_networks: Networks,
    /// Lets primary passwords through that `primary` would refuse, and counts them for
    /// `apppw report`. Default false.
    pub report_only: bool,
    /// What `create` without `--service` allows. Default `["mail"]`.
    pub default_services: Vec<String>,
    /// What users may do for themselves besides list, show, verify, rename and revoke.
    pub self_service: SelfService,
    /// How long an app password lives unless its creation says otherwise. Default `"never"`
    /// ends.
    pub default_life: Life,
    /// The longest life that a creation may ask for. Default `"never"` ends.
    pub longest_life: Life,
    /// For services: where a service is in several groups, the strictest counts.
    pub group: BTreeMap<String, Overrides>,
    /// For accounts, by canonical name: comes before the groups.
    pub user: BTreeMap<String, Overrides>,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self {
            primary: PrimaryPolicy::Refuse,
            primary_networks: Networks::default(),
            report_only: false,
            default_services: vec!["mail".to_owned()],
            self_service: SelfService::Revoke,
            default_life: Life::Never,
            longest_life: Life::Never,
            group: BTreeMap::new(),
            user: BTreeMap::new(),
        }
    }
}

/// `[policy] self_service`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SelfService {
    /// Users see, rename and revoke their own app passwords.
    Revoke,
    /// They also create and rotate them.
    Create,
}

/// A span of time, or without an end. The shorter one is the stricter one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum Life {
    /// That long.
    For(Span),
    /// For ever; for what happens after a while: not at all.
    Never,
}

impl Life {
    /// In seconds, unless it never ends.
    #[must_use]
    pub const fn seconds(self) -> Option<i64> {
        match self {
            Self::For(span) => Some(span.seconds()),
            Self::Never => None,
        }
    }
}

impl std::fmt::Display for Life {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::For(span) => span.fmt(f),
            Self::Never => f.write_str("never"),
        }
    }
}

impl TryFrom<String> for Life {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self::Never);
        }
        text.parse().map(Self::For).map_err(|e| format!("{text:?} is {e}, or \"never\""))
    }
}

/// `[policy.group.NAME]` or `[policy.user."NAME"]`: each key overrides the one of the same
/// name in `[policy]` or `[limits]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Overrides {
    /// `[policy] primary`
    pub primary: Option<PrimaryPolicy>,
    /// `[policy] primary_networks`
    pub primary_networks: Option<Networks>,
    /// `[policy] report_only`
    pub report_only: Option<bool>,
    /// `[policy] default_services`; for users only.
    pub default_services: Option<Vec<String>>,
    /// `[policy] default_life`
    pub default_life: Option<Life>,
    /// `[policy] longest_life`
    pub longest_life: Option<Life>,
    /// `[limits] per_account`
    pub per_account: Option<u32>,
    /// `[limits] creations_per_day`
    pub creations_per_day: Option<u32>,
    /// `[limits] suspend_unused`
    pub suspend_unused: Option<Life>,
    /// `[limits] drop_never_used`
    pub drop_never_used: Option<Life>,
}

impl PolicyConfig {
    /// Those of the groups, and those of the users.
    pub fn overrides(&self) -> impl Iterator<Item = &Overrides> {
        self.group.values().chain(self.user.values())
    }

    /// The value of one key: the user's, else the strictest of the groups', else `global`.
    /// `stricter` gives the stricter of two values.
    pub fn resolve<'a, 'g, T: 'a>(
        &'a self,
        user: &str,
        groups: impl Iterator<Item = &'g str>,
        key: impl Fn(&'a Overrides) -> Option<T>,
        stricter: impl Fn(T, T) -> T,
        global: T,
    ) -> T {
        if let Some(value) = self.user.get(user).and_then(&key) {
            return value;
        }
        // Each login asks; to find the groups of its service costs more than all the rest of its policy.
        if self.group.is_empty() {
            return global;
        }
        groups.filter_map(|group| self.group.get(group)).filter_map(&key).reduce(stricter).unwrap_or(global)
    }

    /// The value of one key for an app password with that scope: the user's, else for each of
    /// its services the strictest of the groups', or `global`; and of all services the strictest.
    /// So neither a wider scope nor a laxer group beside evades what one service asks for.
    pub fn resolve_scope<'a, T: Copy + 'a>(
        &'a self,
        user: &str,
        groups: &Groups,
        scope: &[String],
        key: impl Fn(&'a Overrides) -> Option<T>,
        stricter: impl Fn(T, T) -> T,
        global: T,
    ) -> T {
        let named = scope.iter().flat_map(|name| groups.services_of(name).map(String::as_str));
        let services = named.chain(scope.iter().map(String::as_str).filter(|name| groups.has_service(name)));
        services
            .map(|service| self.resolve(user, groups.of_service(service), &key, &stricter, global))
            .reduce(&stricter)
            .unwrap_or_else(|| self.resolve(user, std::iter::empty(), &key, &stricter, global))
    }

    /// What `create` without `--service` allows this account.
    #[must_use]
    pub fn default_services(&self, user: &str) -> &[String] {
        let own = self.user.get(user).and_then(|overrides| overrides.default_services.as_deref());
        own.unwrap_or(&self.default_services)
    }

    /// What is wrong with the values: the key and the sentence.
    pub(super) fn check(&self, groups: &Groups, users: &UsersConfig) -> Result<(), (String, String)> {
        check_services("[policy] default_services", &self.default_services, groups)?;
        for (group, overrides) in &self.group {
            let table = format!("[policy.group.{}]", apppw_admin::text::visible(group));
            if !groups.has_group(group) {
                let near = apppw_admin::nearest(group, groups.names().filter(|name| groups.has_group(name)));
                let hint = near.map_or(String::new(), |near| format!("; did you mean {near:?}?"));
                return Err((table, format!("is for a group that is not in [groups]{hint}")));
            }
            if overrides.default_services.is_some() {
                return Err((table, "has default_services, which are for [policy] and for users".into()));
            }
            self.check_lives(&table, overrides.default_life, overrides.longest_life)?;
        }
        for (user, overrides) in &self.user {
            let table = format!("[policy.user.{user:?}]");
            match account::canonical(user, users) {
                Ok(canonical) if canonical == *user => {}
                // A Unix account has its bare name, also where there is a default domain.
                Ok(_) if account::canonical_of(user, true, users) == *user => {}
                Ok(canonical) => {
                    return Err((table, format!("is for {canonical:?} by [users]; write it so")));
                }
                Err(e) => return Err((table, format!("is for a user whose name {e}"))),
            }
            if let Some(services) = &overrides.default_services {
                check_services(&format!("{table} default_services"), services, groups)?;
            }
            self.check_lives(&table, overrides.default_life, overrides.longest_life)?;
        }
        let said = Some(self.default_life).filter(|life| *life != Life::Never);
        self.check_lives("[policy]", said, None)
    }

    /// A stricter longest life alone is no contradiction: the default is cut down to it.
    fn check_lives(
        &self,
        table: &str,
        default: Option<Life>,
        longest: Option<Life>,
    ) -> Result<(), (String, String)> {
        let longest = longest.unwrap_or(self.longest_life);
        match default {
            Some(default) if default > longest => {
                let message = format!("is {default}, longer than longest_life, which is {longest}");
                Err((format!("{table} default_life"), message))
            }
            _ => Ok(()),
        }
    }
}

/// What is wrong with a list of services and groups.
pub(super) fn check_services(
    key: &str,
    services: &[String],
    groups: &Groups,
) -> Result<(), (String, String)> {
    if services.is_empty() {
        return Err((key.to_owned(), "is empty; name at least one group or service".into()));
    }
    for name in services {
        if !groups.has_group(name) && !groups.has_service(name) {
            let near = apppw_admin::nearest(name, groups.names());
            let hint = near.map_or(String::new(), |near| format!("; did you mean {near:?}?"));
            let message = format!("names {name:?}, which is neither a group nor a service in one{hint}");
            return Err((key.to_owned(), message));
        }
    }
    Ok(())
}
