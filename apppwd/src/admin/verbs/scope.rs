//! The scope of a new app password: what was asked for, within what policy allows. Pure.

use super::cut;
use crate::address::parse_network;
use crate::clock::UnixSeconds;
use crate::config::{Config, Life, PresetConfig};
use crate::scope::{Pin, Scope};
use apppw_admin::nearest;
use apppw_admin::span::Span;
use apppw_admin::text::check_field;
use apppw_admin::verbs::{CreateArgs, Expiry, PinKind};
use apppw_admin::{AdminError, Code};
use apppw_proto::services::is_never_opened;
use ipnet::IpNet;

/// Most services and groups in one scope.
const MAX_SERVICES: usize = 64;

/// Most networks in one scope.
const MAX_NETWORKS: usize = 64;

/// The scope that `args` ask for; `user` is the account's canonical name.
///
/// # Errors
/// [`Code::Invalid`], or [`Code::Limit`] for a life that policy doesn't allow.
pub(crate) fn of(
    config: &Config,
    user: &str,
    args: &CreateArgs,
    now: UnixSeconds,
) -> Result<Scope, AdminError> {
    let preset = args.preset.as_deref().map(|name| preset(config, name)).transpose()?;
    let preset = preset.cloned().unwrap_or_default();
    let services = [&args.services, &preset.services].into_iter().find(|services| !services.is_empty());
    let services = services.map_or_else(|| config.policy.default_services(user), Vec::as_slice);
    let services = check_services(config, services)?;
    let networks = if args.networks.is_empty() { preset.networks.0 } else { check_networks(&args.networks)? };
    let expires = expires(config, user, &services, args.expires, preset.life, now)?;
    let pins = if args.pin.is_empty() { preset.pin } else { args.pin.clone() };
    Ok(Scope {
        services,
        networks,
        expires,
        pin_service: pin(&pins, PinKind::Service),
        pin_network: pin(&pins, PinKind::Network),
    })
}

/// The scope of the new half of a rotation: the old one's, as far as policy allows it still.
///
/// # Errors
/// [`Code::Invalid`] if nothing is left that it could match.
pub(super) fn rotated(
    config: &Config,
    user: &str,
    old: &Scope,
    now: UnixSeconds,
) -> Result<Scope, AdminError> {
    let known = |name: &String| is_of_use(config, name);
    if !old.services.iter().any(known) {
        let message = format!(
            "it can't be rotated: its services ({}) are in no group any more ([groups]), so a new secret would match nothing; \
             create another",
            old.services.join(", ")
        );
        return Err(AdminError::in_field(Code::Invalid, "id", message));
    }
    let longest = longest(config, user, &old.services).seconds().map(|seconds| now + seconds);
    let expires = [old.expires, longest].into_iter().flatten().min();
    Ok(Scope { expires, ..old.clone() })
}

fn pin<T>(pins: &[PinKind], kind: PinKind) -> Pin<T> {
    if pins.contains(&kind) { Pin::Pending } else { Pin::No }
}

fn invalid(field: &str, message: String) -> AdminError {
    AdminError::in_field(Code::Invalid, field, message)
}

fn preset<'c>(config: &'c Config, name: &str) -> Result<&'c PresetConfig, AdminError> {
    config.presets.get(name).ok_or_else(|| {
        let known = || config.presets.keys().map(String::as_str);
        let hint = match nearest(name, known()) {
            Some(near) => format!("did you mean {near:?}?"),
            None if config.presets.is_empty() => "[presets] has none".to_owned(),
            None => format!("[presets] has {}", known().collect::<Vec<_>>().join(", ")),
        };
        invalid("preset", format!("there is no preset {:?}; {hint}", cut(name)))
    })
}

/// Whether a scope with that name can match anything: a service in a group, or a group with
/// services.
fn is_of_use(config: &Config, name: &str) -> bool {
    let groups = &config.groups;
    groups.has_service(name) || groups.all().any(|(group, services)| group == name && !services.is_empty())
}

/// Known groups and services, each once.
fn check_services(config: &Config, asked: &[String]) -> Result<Vec<String>, AdminError> {
    let invalid = |message| invalid("services", message);
    let groups = &config.groups;
    if asked.len() > MAX_SERVICES {
        let message = format!("{} services are too many, at most {MAX_SERVICES}; name a group", asked.len());
        return Err(invalid(message));
    }
    let mut services: Vec<String> = Vec::with_capacity(asked.len());
    for name in asked {
        check_field(name).map_err(|e| invalid(format!("service {:?} {e}", cut(name))))?;
        if is_never_opened(name) {
            return Err(invalid(format!("app passwords never open {name:?}; leave it out")));
        }
        if !groups.has_group(name) && !groups.has_service(name) {
            let hint = nearest(name, groups.names()).map_or_else(
                || format!("known are: {}", groups.names().collect::<Vec<_>>().join(", ")),
                |near| format!("did you mean {near:?}?"),
            );
            return Err(invalid(format!("{name:?} is neither a group nor a service in one; {hint}")));
        }
        if !is_of_use(config, name) {
            return Err(invalid(format!(
                "the group {name:?} has no services, so it would match nothing; name another"
            )));
        }
        if !services.contains(name) {
            services.push(name.clone());
        }
    }
    Ok(services)
}

fn check_networks(asked: &[String]) -> Result<Vec<IpNet>, AdminError> {
    if asked.len() > MAX_NETWORKS {
        let message = format!("{} networks are too many, at most {MAX_NETWORKS}", asked.len());
        return Err(invalid("networks", message));
    }
    let mut networks: Vec<IpNet> = Vec::with_capacity(asked.len());
    for text in asked {
        let net = parse_network(text).map_err(|e| invalid("networks", e.to_string()))?;
        if !networks.contains(&net) {
            networks.push(net);
        }
    }
    Ok(networks)
}

fn longest(config: &Config, user: &str, services: &[String]) -> Life {
    let Config { policy, groups, .. } = config;
    policy.resolve_scope(user, groups, services, |o| o.longest_life, std::cmp::min, policy.longest_life)
}

/// When it expires. What is asked for beyond the longest life is refused; what is only a
/// default is cut down to it.
fn expires(
    config: &Config,
    user: &str,
    services: &[String],
    asked: Option<Expiry>,
    preset: Option<Life>,
    now: UnixSeconds,
) -> Result<Option<UnixSeconds>, AdminError> {
    let policy = &config.policy;
    let longest = longest(config, user, services);
    let last = longest.seconds().map(|seconds| now + seconds);
    let wanted = match asked {
        None => {
            let (groups, key) = (&config.groups, |o: &crate::config::Overrides| o.default_life);
            let default =
                policy.resolve_scope(user, groups, services, key, std::cmp::min, policy.default_life);
            let life = preset.unwrap_or(default).min(longest);
            return Ok(life.seconds().map(|seconds| now + seconds));
        }
        Some(Expiry::Never) => None,
        Some(Expiry::At(at)) if at <= now => {
            return Err(invalid(
                "expires",
                "the end is in the past, so it could never be used; give a later one".to_owned(),
            ));
        }
        Some(Expiry::At(at)) => Some(at.min(now + Span::MAX_SECONDS)),
        Some(Expiry::After(span)) => Some(now + span.seconds()),
    };
    match (wanted, last) {
        (None, Some(_)) => Err(too_long("an app password has to expire here", longest)),
        (Some(wanted), Some(last)) if wanted > last => Err(too_long("that life is too long", longest)),
        _ => Ok(wanted),
    }
}

fn too_long(what: &str, longest: Life) -> AdminError {
    let message =
        format!("{what}: at most {longest} from now (longest_life in [policy] or in what overrides it)");
    AdminError::in_field(Code::Limit, "expires", message)
}

#[cfg(test)]
mod tests;
