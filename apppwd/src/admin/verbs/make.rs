//! Making an app password: drawn, hashed, committed, journaled, and only then shown.

use super::{Subject, no_random, subject};
use crate::account::Names;
use crate::admin::caller::Caller;
use crate::auth::argon::{Owned, PoolError};
use crate::clock;
use crate::config::Overrides;
use crate::daemon::Daemon;
use crate::journal::{Befell, Change, Journal, Record};
use crate::key::Keyring;
use crate::log;
use crate::policy;
use crate::scope::Scope;
use crate::secret;
use crate::store::{
    AccountRecord, AppPasswordRecord, By, Created as Stored, Hash, Limits, NewAppPassword, Rotation, Store,
};
use apppw_admin::text::visible;
use apppw_admin::verbs::Created;
use apppw_admin::{AdminError, AppPasswordId, Code, SecretText};
use apppw_proto::secret::Secret;

/// Draws until id and tag are free: a second draw is needed once in many million creations.
const MAX_DRAWS: usize = 8;

/// For whom.
pub(super) enum ForWhom {
    /// Whoever has that name, or gets it by this; with the uid that a new account is bound to,
    /// and one that is there is compared with.
    Named(Names, Option<u32>),
    /// This account, whatever it is called: its app password is rotated.
    Same(AccountRecord, Rotation),
}

/// What is to be made.
pub(super) struct Wanted {
    /// For whom.
    pub whom: ForWhom,
    /// Who makes it for himself: the account must be bound to this uid.
    pub owner: Option<u32>,
    /// Its label.
    pub name: String,
    /// What it is good for.
    pub scope: Scope,
}

/// Makes it; the secret leaves only after it is durable.
///
/// # Errors
/// The closed list of codes.
pub(super) async fn run<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    wanted: &Wanted,
) -> Result<Created, AdminError> {
    let mut was_there = false;
    for _ in 0..MAX_DRAWS {
        let keys = daemon.keys.now();
        let (new, secret) = draw(daemon, caller, wanted, &keys).await?;
        if was_there && new.new_account {
            let message = format!(
                "the account {} was deleted meanwhile; nothing has changed",
                visible(&new.account.name)
            );
            return Err(AdminError::in_field(Code::NotFound, "user", message));
        }
        was_there = !new.new_account;
        // Held from the commit to the sync: see Daemon::journal.
        let journal = daemon.journal.lock().await;
        if !daemon.keys.are(&keys) {
            // Its key may have been retired meanwhile.
            continue;
        }
        // It may have been refused meanwhile.
        check_memory(daemon, &new)?;
        match daemon.store.create(new.clone()).await? {
            Stored::Collision => {}
            Stored::Done { account, newly_enrolled } => {
                journal_it(daemon, &journal, &new, &account, newly_enrolled).await?;
                drop(journal);
                let user = visible(log::user(&account.name));
                let place = new.rotates.map(|rotation| format!(" in the place of {}", rotation.old));
                let place = place.unwrap_or_default();
                tracing::info!("{caller} created {} {:?} for {user}{place}", new.id, new.name);
                return Ok(created(daemon, new, account, &secret, newly_enrolled).await);
            }
            refused => return Err(refusal(refused, &new)),
        }
    }
    Err(AdminError::new(Code::Busy, "could not find a free id; nothing has changed, try again"))
}

/// What was refused in memory only, for the disk took no writes, the store doesn't know.
fn check_memory<S>(daemon: &Daemon<S>, new: &NewAppPassword) -> Result<(), AdminError> {
    let in_memory = daemon.in_memory.borrow();
    let (field, what) = match new.rotates {
        Some(Rotation { old, .. }) if in_memory.reason(old).is_some() => {
            ("id", format!("{old} can't be rotated: it"))
        }
        _ if in_memory.has_account(&new.account.name) => {
            let user = visible(&new.account.name);
            ("user", format!("nothing can be made for {user}: the account"))
        }
        _ => return Ok(()),
    };
    let message = format!(
        "{what} is refused in memory only, for the disk took no writes; make room on it, then give that command again"
    );
    Err(AdminError::in_field(Code::NotFound, field, message))
}

/// Why the store did not take it.
fn refusal(refused: Stored, new: &NewAppPassword) -> AdminError {
    let user = &new.account.name;
    let old = new.rotates.map_or_else(String::new, |rotation| rotation.old.to_string());
    let (code, field, message) = match refused {
        Stored::NameTaken(id) => {
            let name = &new.name;
            let message =
                format!("{user} has an app password named {name:?} already ({id}); choose another name");
            (Code::Exists, "name", message)
        }
        Stored::TooManyLive => {
            let most = new.limits.live;
            let message = format!(
                "{user} may have {most} app passwords and has no room for another (per_account in [limits] \
                 or in what overrides it); revoke one first"
            );
            (Code::Limit, "user", message)
        }
        Stored::TooManyToday => {
            let most = new.limits.per_day.unwrap_or_default();
            let message = format!(
                "{most} app passwords were made for {user} today (UTC), which is the limit ([limits] \
                 creations_per_day); try tomorrow, or ask root, for whom there is none"
            );
            (Code::Limit, "user", message)
        }
        Stored::NotRotatable => {
            let message = format!(
                "{old} can't be rotated: it is expired, suspended or revoked, or was rotated already, or its account was deleted; create another"
            );
            (Code::NotFound, "id", message)
        }
        Stored::TooManyHalves => {
            let message = format!(
                "{old} can't be rotated now: two old ones of it still live after earlier rotations; wait until their \
                 grace is over, or revoke it and create another"
            );
            (Code::Limit, "id", message)
        }
        Stored::NotBound => {
            (Code::Denied, "user", format!("the account {user} is not bound to you; ask an administrator"))
        }
        Stored::Locked => (
            Code::Denied,
            "user",
            format!("the account {user} is locked; unlock it first: apppw user {user} unlock"),
        ),
        Stored::OtherUid(kept) => {
            let found = new.account.uid.map_or("no uid".to_owned(), |uid| format!("uid {uid}"));
            let message = format!(
                "the account {user} is bound to uid {kept}, and {user} is {found} now: another person? Its app \
                 passwords are in `apppw list {user} --all`, and `apppw user {user} delete` ends them"
            );
            (Code::Denied, "user", message)
        }
        Stored::Done { .. } | Stored::Collision => {
            return AdminError::new(Code::Busy, "internal fault; try again");
        }
    };
    AdminError::in_field(code, field, message)
}

/// Journals the enrolment that came with a creation, and the end of what was rotated. If that
/// fails the creation is taken back: nobody has seen its secret.
async fn journal_it<S: Store>(
    daemon: &Daemon<S>,
    journal: &Journal,
    new: &NewAppPassword,
    account: &AccountRecord,
    newly_enrolled: bool,
) -> Result<(), AdminError> {
    let at = new.at;
    let enrolled = newly_enrolled.then(|| Record::account(at, Befell::Enroll, account, &daemon.keys.now()));
    let retired =
        new.rotates.map(|rotation| Record { at, change: Change::End(rotation.old, rotation.until) });
    let records: Vec<Record> = enrolled.into_iter().chain(retired).collect();
    if records.is_empty() {
        return Ok(());
    }
    let Err(error) = journal.append_or_forget(records).await else { return Ok(()) };
    let by = By::actor(new.by.clone(), clock::now());
    let message = match daemon.store.undo_create(new.clone(), newly_enrolled, by).await {
        Ok(()) => format!("{error}; nothing has changed"),
        Err(undo) => format!("{error}; and taking {} back failed: {undo}. Revoke it", new.id),
    };
    tracing::error!("{message}");
    Err(AdminError::new(Code::ReadOnly, message))
}

async fn created<S: Store>(
    daemon: &Daemon<S>,
    new: NewAppPassword,
    account: AccountRecord,
    secret: &Secret,
    newly_enrolled: bool,
) -> Created {
    let config = &daemon.config;
    let primary_ends = if newly_enrolled {
        policy::ends_by_enrolment(&config.policy, &config.groups, &account.name)
    } else {
        Vec::new()
    };
    let primary = policy::global(&config.policy, &account.name);
    // Pins and end may be the old half's as they were in the transaction. Whatever goes wrong
    // from here on must not cost the secret.
    let stored = daemon.store.app_password(new.id).await.ok().flatten();
    let record = stored.unwrap_or(AppPasswordRecord {
        id: new.id,
        account: account.id,
        user: account.name,
        name: new.name,
        scope: new.scope,
        expired: None,
        created: new.at,
        created_by: new.by,
        successor: None,
        suspended: None,
        suspended_by: None,
        resumed: None,
        revoked: None,
        revoked_by: None,
    });
    let client = config.client.settings(&config.groups, &record.scope, &record.user);
    Created {
        secret: SecretText::new(secret.display()),
        app_password: super::with_last_use(daemon, record, None),
        newly_enrolled,
        primary,
        primary_ends,
        client,
    }
}

async fn draw<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    wanted: &Wanted,
    keys: &Keyring,
) -> Result<(NewAppPassword, Secret), AdminError> {
    let (account, is_new, rotates) = match &wanted.whom {
        ForWhom::Same(account, rotation) => (account.clone(), false, Some(*rotation)),
        ForWhom::Named(names, uid) => {
            let Subject { account, is_new } = subject(daemon, names, *uid).await?;
            // The store compares the uid with the one that the account is bound to.
            (AccountRecord { uid: uid.or(account.uid), ..account }, is_new, None)
        }
    };
    let id: AppPasswordId = secret::draw_id().map_err(no_random)?;
    let secret = secret::draw(daemon.config.secret.length).map_err(no_random)?;
    let template = daemon.hash_template(keys).map_err(no_random)?;
    let owned = Owned { id, account: account.id };
    let mut new = NewAppPassword {
        id,
        limits: limits(daemon, caller, &account.name, &wanted.scope.services),
        tag: keys.newest().tag(&account.id, &secret),
        account,
        new_account: is_new,
        owner: wanted.owner,
        name: wanted.name.clone(),
        scope: wanted.scope.clone(),
        hash: template,
        at: clock::now(),
        by: caller.actor(),
        rotates,
    };
    // What will be refused is not worth an Argon2id.
    match daemon.store.check_creation(&new).await? {
        None | Some(Stored::Collision) => {}
        Some(refused) => return Err(refusal(refused, &new)),
    }
    check_memory(daemon, &new)?;
    new.hash = compute(daemon, &template, owned, &secret).await?;
    new.at = clock::now();
    Ok((new, secret))
}

async fn compute<S>(
    daemon: &Daemon<S>,
    template: &Hash,
    owned: Owned,
    secret: &Secret,
) -> Result<Hash, AdminError> {
    let _permit = daemon.creations.acquire().await;
    daemon.argon.compute(template, owned, secret).await.map_err(|error| match error {
        PoolError::Overloaded | PoolError::Abandoned => {
            AdminError::new(Code::Busy, "too many logins are being checked; nothing has changed, try again")
        }
        PoolError::BadHash => AdminError::new(Code::Busy, "Argon2id refused its parameters; see [argon2]"),
    })
}

/// What the account may have: root alone makes as many in a day as he likes.
fn limits<S>(daemon: &Daemon<S>, caller: &Caller, user: &str, services: &[String]) -> Limits {
    Limits {
        live: strictest(daemon, user, services, |o| o.per_account, daemon.config.limits.per_account),
        per_day: (caller.uid != 0).then(|| creations_per_day(daemon, user, services)),
    }
}

/// How many may be made for that user in one day, for these services.
pub(super) fn creations_per_day<S>(daemon: &Daemon<S>, user: &str, services: &[String]) -> u32 {
    let global = daemon.config.limits.creations_per_day;
    strictest(daemon, user, services, |o| o.creations_per_day, global)
}

fn strictest<S>(
    daemon: &Daemon<S>,
    user: &str,
    services: &[String],
    key: fn(&Overrides) -> Option<u32>,
    global: u32,
) -> u32 {
    let config = &daemon.config;
    config.policy.resolve_scope(user, &config.groups, services, key, std::cmp::min, global)
}
