//! `create`

use super::{cut, new_user, uid_of};
use crate::admin::caller::Caller;
use crate::admin::rules::Power;
use crate::auth::argon::{Owned, PoolError};
use crate::clock;
use crate::daemon::Daemon;
use crate::journal::{Journal, Record};
use crate::log;
use crate::secret;
use crate::store::{AccountRecord, AppPasswordRecord, Created as Stored, NewAppPassword, Store};
use apppw_admin::text::{check_field, check_name, visible};
use apppw_admin::verbs::{CreateArgs, Created};
use apppw_admin::{AdminError, AppPasswordId, Code, SecretText};
use apppw_proto::secret::Secret;
use apppw_proto::services::is_never_opened;

/// Draws until id and tag are free: a second draw is needed once in many million creations.
const MAX_DRAWS: usize = 8;

/// Most services and groups in one scope.
const MAX_SERVICES: usize = 64;

/// Makes an app password; the secret leaves only after it is durable.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    power: &Power,
    args: CreateArgs,
) -> Result<Created, AdminError> {
    let user = power
        .target(args.user.as_deref())?
        .ok_or_else(|| AdminError::in_field(Code::Invalid, "user", "say for whom: apppw create USER NAME"))?;
    let user = new_user(&user)?;
    check_name(&args.name).map_err(|e| {
        AdminError::in_field(Code::Invalid, "name", format!("the name {:?} {e}", cut(&args.name)))
    })?;
    let services = check_services(daemon, args.services)?;
    // A user without an account here makes one, bound to the uid.
    if let Some(account) = daemon.store.account(&user).await? {
        power.check(&account)?;
    }
    let uid = match power {
        Power::Own { uid, .. } => Some(*uid),
        Power::All => uid_of(daemon, &user).await?,
    };
    for _ in 0..MAX_DRAWS {
        let (new, secret) = draw(daemon, caller, &user, uid, &args.name, &services).await?;
        // Held from the commit to the sync: see Daemon::journal.
        let journal = daemon.journal.lock().await;
        match daemon.store.create(new.clone()).await? {
            Stored::Collision => {}
            Stored::Done { account, newly_enrolled } => {
                if newly_enrolled {
                    enrol(daemon, &journal, &new, &account).await?;
                }
                drop(journal);
                tracing::info!(
                    "{caller} created {} {:?} for {}",
                    new.id,
                    new.name,
                    visible(log::user(&account.name))
                );
                return created(daemon, new, account, &secret, newly_enrolled).await;
            }
            refused => return Err(refusal(daemon, refused, &new)),
        }
    }
    Err(AdminError::new(Code::Busy, "could not find a free id; nothing has changed, try again"))
}

/// Why the store did not take it.
fn refusal<S>(daemon: &Daemon<S>, refused: Stored, new: &NewAppPassword) -> AdminError {
    let user = &new.account.name;
    match refused {
        Stored::NameTaken(id) => {
            let message = format!(
                "{user} has an app password named {:?} already ({id}); choose another name",
                new.name
            );
            AdminError::in_field(Code::Exists, "name", message)
        }
        Stored::TooManyLive => {
            let most = daemon.config.limits.per_account;
            let message = format!(
                "{user} has {most} app passwords, which is the limit ([limits] per_account); revoke one first"
            );
            AdminError::in_field(Code::Limit, "user", message)
        }
        Stored::OtherUid(kept) => {
            let found = new.account.uid.map_or("no uid".to_owned(), |uid| format!("uid {uid}"));
            let message = format!(
                "the account {user} is bound to uid {kept}, and {user} is {found} now: another person? Its app \
                 passwords are in `apppw list {user} --all`"
            );
            AdminError::in_field(Code::Denied, "user", message)
        }
        Stored::Done { .. } | Stored::Collision => AdminError::new(Code::Busy, "internal fault; try again"),
    }
}

/// Journals the enrolment that came with a creation. If that fails the creation is taken
/// back: nobody has seen its secret.
async fn enrol<S: Store>(
    daemon: &Daemon<S>,
    journal: &Journal,
    new: &NewAppPassword,
    account: &AccountRecord,
) -> Result<(), AdminError> {
    let record = Record::enrolment(new.at, account.id, &account.name, daemon.keys.newest(), true);
    let Err(error) = journal.append_or_forget(vec![record]).await else { return Ok(()) };
    let message = match daemon.store.undo_create(new.id, new.new_account).await {
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
) -> Result<Created, AdminError> {
    let record = AppPasswordRecord {
        id: new.id,
        account: account.id,
        user: account.name,
        name: new.name,
        services: new.services,
        created: new.at,
        created_by: new.by,
        revoked: None,
        revoked_by: None,
    };
    Ok(Created {
        secret: SecretText::new(secret.display()),
        app_password: super::to_message(daemon, record).await?,
        newly_enrolled,
        primary: daemon.config.policy.primary,
    })
}

async fn draw<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    user: &str,
    uid: Option<u32>,
    name: &str,
    services: &[String],
) -> Result<(NewAppPassword, Secret), AdminError> {
    let no_random =
        |e: getrandom::Error| AdminError::new(Code::Busy, format!("the system gives no random bytes: {e}"));
    let at = clock::now();
    let known = daemon.store.account(user).await?;
    let new_account = known.is_none();
    let account = match known {
        // The store compares the uid with the one that the account is bound to.
        Some(account) => AccountRecord { uid: uid.or(account.uid), ..account },
        None => {
            let id = secret::draw_account().map_err(no_random)?;
            AccountRecord { id, name: user.to_owned(), uid, enrolled: None, created: at }
        }
    };
    let id: AppPasswordId = secret::draw_id().map_err(no_random)?;
    let secret = secret::draw(daemon.config.secret.length).map_err(no_random)?;
    let template = daemon.hash_template().map_err(no_random)?;
    let permit = daemon.creations.acquire().await;
    let hash = daemon.argon.compute(&template, Owned { id, account: account.id }, &secret).await.map_err(
        |error| match error {
            PoolError::Overloaded | PoolError::Abandoned => AdminError::new(
                Code::Busy,
                "too many logins are being checked; nothing has changed, try again",
            ),
            PoolError::BadHash => {
                AdminError::new(Code::Busy, "Argon2id refused its parameters; see [argon2]")
            }
        },
    )?;
    drop(permit);
    let tag = daemon.keys.newest().tag(&account.id, &secret);
    let new = NewAppPassword {
        id,
        account,
        new_account,
        name: name.to_owned(),
        services: services.to_vec(),
        tag,
        hash,
        at,
        by: caller.actor(),
        most_live: daemon.config.limits.per_account,
    };
    Ok((new, secret))
}

/// The scope: known groups and services, each once.
fn check_services<S>(daemon: &Daemon<S>, asked: Vec<String>) -> Result<Vec<String>, AdminError> {
    let invalid = |message: String| AdminError::in_field(Code::Invalid, "services", message);
    let groups = &daemon.config.groups;
    let asked = if asked.is_empty() { daemon.config.policy.default_services.clone() } else { asked };
    if asked.len() > MAX_SERVICES {
        return Err(invalid(format!(
            "{} services are too many, at most {MAX_SERVICES}; name a group",
            asked.len()
        )));
    }
    let mut services: Vec<String> = Vec::with_capacity(asked.len());
    for name in asked {
        if let Err(e) = check_field(&name) {
            return Err(invalid(format!("{:?} {e}", cut(&name))));
        }
        if is_never_opened(&name) {
            return Err(invalid(format!("app passwords never open {name:?}")));
        }
        if !groups.has_group(&name) && !groups.has_service(&name) {
            let near = crate::config::nearest(&name, groups.names());
            let hint = near.map_or_else(
                || format!("known are: {}", groups.names().collect::<Vec<_>>().join(", ")),
                |near| format!("did you mean {near:?}?"),
            );
            return Err(invalid(format!("{name:?} is neither a group nor a service in one; {hint}")));
        }
        if !services.contains(&name) {
            services.push(name);
        }
    }
    Ok(services)
}
