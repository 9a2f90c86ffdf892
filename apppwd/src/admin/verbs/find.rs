//! `find`

use super::messages::candidate;
use super::{cut, names, unknown};
use crate::admin::caller::Caller;
use crate::admin::rules::{self, Power};
use crate::clock;
use crate::daemon::Daemon;
use crate::store::{AppPasswordRecord, Selection, Store};
use apppw_admin::text::MAX_FIELD_BYTES;
use apppw_admin::verbs::{Candidate, FindArgs, FindWhat, Found};
use apppw_admin::{AdminError, Code, IdPrefix, Verb};

/// How many are told unless something else is asked for, and at most: they fit into a line,
/// whatever is in them.
const MOST: (u32, u32) = (8, 50);

/// Of those that are near.
const MOST_NEAR: usize = 3;

/// App passwords of one account in which a name is looked for.
const LOOKED_THROUGH: usize = 1000;

/// What begins so, as far as the caller may see it.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    power: &Power,
    args: FindArgs,
) -> Result<Found, AdminError> {
    // A user and a name.
    if args.text.len() > 2 * MAX_FIELD_BYTES {
        let message = format!("{:?} is too long to be the beginning of anything", cut(&args.text));
        return Err(AdminError::in_field(Code::Invalid, "text", message));
    }
    let most = usize::try_from(args.most.unwrap_or(MOST.0).min(MOST.1)).unwrap_or_default();
    let config = &daemon.config;
    match args.what {
        FindWhat::AppPassword => app_passwords(daemon, power, &args, most).await,
        FindWhat::User => users(daemon, power, &args.text, most).await,
        FindWhat::Group => {
            Ok(beginning(config.groups.all().map(|(name, _)| name.as_str()), &args.text, most))
        }
        FindWhat::Service => Ok(beginning(config.groups.names(), &args.text, most)),
        FindWhat::Preset => {
            // They are for those who create.
            let may = rules::authorize(caller, Verb::Create, config.policy.self_service, &config.users);
            let names = config.presets.keys().map(String::as_str).filter(|_| may.is_ok());
            Ok(beginning(names, &args.text, most))
        }
    }
}

fn beginning<'a>(names: impl Iterator<Item = &'a str>, text: &str, most: usize) -> Found {
    one_more(names.filter(|name| name.starts_with(text)).take(most + 1).map(str::to_owned).collect(), most)
}

/// Names of which one more than `most` was asked for.
fn one_more(mut names: Vec<String>, most: usize) -> Found {
    let more = names.len() > most;
    names.truncate(most);
    Found { names, more, ..Found::default() }
}

async fn users<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    text: &str,
    most: usize,
) -> Result<Found, AdminError> {
    let folded = if daemon.config.users.fold_case { text.to_ascii_lowercase() } else { text.to_owned() };
    match power {
        Power::All => Ok(one_more(daemon.store.account_names(&folded, most + 1).await?, most)),
        Power::Own { name, canonical, .. } => {
            let own = Some(name.as_str()).filter(|name| name.starts_with(text));
            Ok(beginning(own.or(Some(canonical.as_str())).into_iter(), text, most))
        }
    }
}

async fn app_passwords<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    args: &FindArgs,
    most: usize,
) -> Result<Found, AdminError> {
    let mut found = Found::default();
    let Some(account) = unknown::reach(daemon, power).await else { return Ok(found) };
    let prefix: Option<IdPrefix> = args.text.parse().ok();
    if let Some(prefix) = prefix {
        let live_at = (!args.all).then(clock::now);
        let ids = daemon.store.ids_found(prefix, account, live_at, most).await?;
        found.app_passwords = to_candidates(daemon, ids.records);
        found.more = ids.more;
    }
    if found.app_passwords.is_empty() {
        let mut near = called(daemon, power, &args.text).await?;
        if let Some(prefix) = prefix {
            near.extend(unknown::near_ids(daemon, power, prefix, MOST_NEAR).await);
        }
        near.truncate(MOST_NEAR);
        found.near = to_candidates(daemon, near);
    }
    Ok(found)
}

/// Those of that name: one's own, or for who may see all accounts `USER/NAME`.
async fn called<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    text: &str,
) -> Result<Vec<AppPasswordRecord>, AdminError> {
    let (account, name) = match power {
        Power::Own { .. } => (unknown::reach(daemon, power).await.flatten(), text),
        Power::All => {
            let Some((user, name)) = text.split_once('/') else { return Ok(Vec::new()) };
            let Ok(names) = names(daemon, power, user) else { return Ok(Vec::new()) };
            (daemon.account(&names).await?.map(|account| account.id), name)
        }
    };
    let Some(account) = account else { return Ok(Vec::new()) };
    let of_account = Selection { accounts: Some(vec![account]), ..Selection::default() };
    let mut records = daemon.store.app_passwords(&of_account, None, LOOKED_THROUGH).await?;
    let name = name.to_lowercase();
    records.retain(|record| record.name.to_lowercase() == name);
    // Who types a name means what lives, or else what ended last.
    records.sort_by_key(|record| (record.revoked.is_some(), std::cmp::Reverse(record.created)));
    Ok(records)
}

fn to_candidates<S>(daemon: &Daemon<S>, records: Vec<AppPasswordRecord>) -> Vec<Candidate> {
    records.into_iter().map(|record| candidate(daemon, record)).collect()
}
