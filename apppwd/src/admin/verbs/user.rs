//! `user.show`, `user.lockdown`, `user.rename`, `user.delete`

use super::{
    MAX_IDS, Subject, account_in_reach, check_no_secret, cut, log_each, names, new_names, subject,
    uid_if_new, uid_of, unknown,
};
use crate::account::Names;
use crate::admin::caller::Caller;
use crate::admin::rules::Power;
use crate::auth::Reason;
use crate::change;
use crate::change::ChangeError;
use crate::clock;
use crate::daemon::Daemon;
use crate::journal::{Befell, Change, Record};
use crate::log;
use crate::policy;
use crate::store::{AccountRecord, AppPasswordRecord, Selection, Store, StoreError};
use apppw_admin::text::visible;
use apppw_admin::verbs::{Account, EventKind, UserArgs, UserRenameArgs};
use apppw_admin::{AdminError, AppPasswordId, Code};

/// One account.
///
/// # Errors
/// The closed list of codes.
pub async fn show<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    args: UserArgs,
) -> Result<Account, AdminError> {
    let user = power.target(args.user.as_deref())?.ok_or_else(say_whose)?;
    let names = names(daemon, power, &user)?;
    if let Some(account) = account_in_reach(daemon, power, &names).await? {
        return to_message(daemon, account, Vec::new()).await;
    }
    let Some(lost) = daemon.lost.borrow().find(&daemon.keys.now(), &names) else {
        if daemon.in_memory.borrow().has_account(&names.canonical) {
            let message = format!(
                "{user} is locked in memory only, for the disk took no writes; `apppw user {user} unlock` takes that back"
            );
            return Err(AdminError::in_field(Code::NotFound, "user", message));
        }
        return Err(unknown::no_such_account(daemon, power, &names.canonical).await);
    };
    let (what, back) = match (lost.enrolled, lost.locked) {
        (Some(_), None) => ("enrolled", "unenroll"),
        (None, _) => ("locked", "unlock"),
        (Some(_), Some(_)) => ("enrolled and locked", "delete"),
    };
    let message = format!(
        "{user} is not in the database, which is older, but the journal has it {what}: it stays so. \
         `apppw user {user} {back}` takes that back"
    );
    Err(AdminError::in_field(Code::NotFound, "user", message))
}

/// Locks an account and revokes all its app passwords, in one transaction.
///
/// # Errors
/// The closed list of codes.
pub async fn lock_down<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    args: UserArgs,
) -> Result<Account, AdminError> {
    let names = new_names(daemon, &Power::All, &args.user.ok_or_else(say_whose)?)?;
    let uid = uid_if_new(daemon, &names).await?;
    let at = clock::now();
    let journal = daemon.journal.lock().await;
    let Subject { account, is_new } = subject(daemon, &names, uid).await?;
    let done = daemon.store.lock_down(account.clone(), is_new, caller.by(at)).await;
    if done.is_ok() {
        // What was revoked in memory is now, or had been before that.
        let of_account = in_memory_of(daemon, &account).await;
        daemon.in_memory.borrow_mut().forget(&of_account, Reason::Revoked);
    }
    let revoked = match daemon.locked_or_in_memory(done, &account, EventKind::UserLockdown, caller.actor()) {
        Err(ChangeError::InMemory(error)) => return Err(revoked_in_memory(daemon, &account, error).await),
        done => done?,
    };
    let mut records = vec![Record::account(at, Befell::Lock, &account, &daemon.keys.now())];
    records.extend(revoked.iter().map(|id| Record { at, change: Change::Revoke(*id) }));
    let user = visible(log::user(&account.name)).into_owned();
    tracing::warn!("{caller} locked {user} down and revoked {}", log::count(revoked.len(), "app password"));
    let journaled = change::append(&journal, records).await;
    drop(journal);
    log_each(daemon, caller, "revoked", &revoked).await;
    journaled?;
    again(daemon, &account, revoked).await
}

/// What the account has that is refused in memory.
async fn in_memory_of<S: Store>(daemon: &Daemon<S>, account: &AccountRecord) -> Vec<AppPasswordId> {
    if !daemon.in_memory.borrow().has_app_passwords() {
        return Vec::new();
    }
    let ids = all_of(daemon, account).await.unwrap_or_default().into_iter().map(|record| record.id);
    ids.filter(|id| daemon.in_memory.borrow().reason(*id).is_some()).collect()
}

async fn all_of<S: Store>(
    daemon: &Daemon<S>,
    account: &AccountRecord,
) -> Result<Vec<AppPasswordRecord>, StoreError> {
    let all = Selection { accounts: Some(vec![account.id]), ..Selection::default() };
    daemon.store.app_passwords(&all, None, usize::MAX).await
}

/// What can't be written down is revoked in memory, and stays so when the lock goes.
async fn revoked_in_memory<S: Store>(
    daemon: &Daemon<S>,
    account: &AccountRecord,
    error: StoreError,
) -> AdminError {
    match all_of(daemon, account).await {
        Ok(records) => {
            let live = records.iter().filter(|record| record.revoked.is_none());
            let ids: Vec<AppPasswordId> = live.map(|record| record.id).collect();
            daemon.in_memory.borrow_mut().app_passwords(&ids, Reason::Revoked);
            ChangeError::InMemory(error).into()
        }
        Err(_) => ChangeError::WithoutAppPasswords(error).into(),
    }
}

/// Gives an account another name; its app passwords stay.
///
/// # Errors
/// The closed list of codes.
pub async fn rename<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    args: UserRenameArgs,
) -> Result<Account, AdminError> {
    let old = names(daemon, &Power::All, &args.user)?;
    let new =
        names(daemon, &Power::All, &args.new).map_err(|e| AdminError { field: Some("new".into()), ..e })?;
    check_no_secret("new", &args.new)?;
    if args.new.contains(char::is_whitespace) {
        let message = format!("the new name {:?} has a space in it, which no user has", cut(&args.new));
        return Err(AdminError::in_field(Code::Invalid, "new", message));
    }
    let uid = uid_of(daemon, &new.canonical).await?;
    let at = clock::now();
    let journal = daemon.journal.lock().await;
    let Some(account) = daemon.account(&old).await? else {
        // Who repeats the command because its record could not be written has it written now.
        change::append(&journal, Vec::new()).await?;
        drop(journal);
        return Err(unknown::no_such_account(daemon, &Power::All, &old.canonical).await);
    };
    if daemon.in_memory.borrow().has_account(&account.name) {
        let message = format!(
            "{} is locked in memory only, for the disk took no writes: make room on it and lock the account again",
            account.name
        );
        return Err(AdminError::in_field(Code::ReadOnly, "user", message));
    }
    if let (Some(bound), Some(found)) = (account.uid, uid)
        && bound != found
    {
        let message = format!(
            "{} is uid {found}, and the account {} is bound to uid {bound}: another person? Choose another name",
            new.canonical, account.name
        );
        return Err(AdminError::in_field(Code::Denied, "new", message));
    }
    let taken = || {
        let message = format!(
            "there is an account {} already, and accounts are never merged; choose another name",
            new.canonical
        );
        AdminError::in_field(Code::Exists, "new", message)
    };
    if daemon.account(&new).await?.is_some_and(|other| other.id != account.id) {
        return Err(taken());
    }
    // A start tells by it whether the database is ahead of the journal or a backup, where a name that
    // was given back may be another person's.
    let run = daemon.record.count_on();
    let renamed = daemon.store.rename_account(account.id, new.canonical.clone(), run, caller.by(at)).await;
    if !matches!(renamed, Ok(true)) {
        daemon.record.renumber(run.wrapping_sub(1));
    }
    if !renamed? {
        return Err(taken());
    }
    let (from, to) = (visible(log::user(&account.name)).into_owned(), visible(log::user(&new.canonical)));
    tracing::info!("{caller} renamed the account {from} to {to}");
    let renamed = AccountRecord { name: new.canonical.clone(), given: new.canonical.clone(), ..account };
    let record = Record::account(at, Befell::Rename, &renamed, &daemon.keys.now());
    change::append(&journal, vec![record, Record { at, change: Change::Start(run) }]).await?;
    drop(journal);
    again(daemon, &renamed, Vec::new()).await
}

/// Forgets an account with all its app passwords: what a deluser hook calls. Answers with the
/// account as it was.
///
/// # Errors
/// The closed list of codes.
pub async fn delete<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    args: UserArgs,
) -> Result<Account, AdminError> {
    let names = names(daemon, &Power::All, &args.user.ok_or_else(say_whose)?)?;
    // Whoever has to ask the system does so before others wait.
    let mut message = match daemon.account(&names).await? {
        Some(account) => to_message(daemon, account, Vec::new()).await?,
        None => nobody(daemon, &names),
    };
    let at = clock::now();
    let journal = daemon.journal.lock().await;
    let mut records = Vec::new();
    match daemon.account(&names).await? {
        Some(account) => {
            // Uses of its primary password are kept by name: none may be on their way.
            let _nothing_is_written = daemon.flushing.lock().await;
            let of_account = in_memory_of(daemon, &account).await;
            let revoked = daemon.store.delete_account(account.id, caller.by(at)).await?;
            daemon.primary_uses.borrow_mut().forget(&account.name);
            daemon.in_memory.borrow_mut().forget_account(&account.name);
            daemon.in_memory.borrow_mut().forget(&of_account, Reason::Revoked);
            records.push(Record::account(at, Befell::Delete, &account, &daemon.keys.now()));
            message = revoked_now(message, revoked);
        }
        None if daemon.lost.borrow().find(&daemon.keys.now(), &names).is_some() => {
            daemon.note_of_nobody(EventKind::UserDelete, caller.actor(), &names.canonical).await?;
        }
        None => {
            // Who repeats the command because its record could not be written has it written now.
            change::append(&journal, Vec::new()).await?;
            drop(journal);
            return Err(unknown::no_such_account(daemon, &Power::All, &names.canonical).await);
        }
    }
    let forgotten = daemon.lost.borrow_mut().forget(&daemon.keys.now(), &names, Befell::Delete);
    records.extend(forgotten.into_iter().map(|change| Record { at, change }));
    let user = visible(log::user(&message.user)).into_owned();
    let had = match message.revoked_count {
        0 => "no app password".to_owned(),
        1..=20 => message.revoked_now.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        n => format!("{n} app passwords"),
    };
    tracing::info!("{caller} deleted the account {user}, which had {had}");
    change::append(&journal, records).await?;
    Ok(message)
}

async fn again<S: Store>(
    daemon: &Daemon<S>,
    account: &AccountRecord,
    revoked: Vec<AppPasswordId>,
) -> Result<Account, AdminError> {
    match daemon.store.account_by_id(&account.id).await? {
        Some(account) => to_message(daemon, account, revoked).await,
        None => Err(unknown::no_such_account(daemon, &Power::All, &account.name).await),
    }
}

/// The account as it is told.
pub(super) async fn to_message<S: Store>(
    daemon: &Daemon<S>,
    account: AccountRecord,
    revoked: Vec<AppPasswordId>,
) -> Result<Account, AdminError> {
    let counts = daemon.store.counts(Some(&account.id), clock::now()).await?;
    // Whether the name is still that person's; a directory that is away keeps nobody from looking.
    let found = match account.uid {
        Some(_) => daemon.people.uid_of(&account.name).await.unwrap_or_default(),
        None => None,
    };
    let names = Names::exact(&account.name);
    let lost = daemon.lost.borrow().find(&daemon.keys.now(), &names);
    let in_memory = daemon.in_memory.borrow().has_account(&account.name).then(clock::now);
    let message = Account {
        primary: policy::global(&daemon.config.policy, &account.name),
        primary_in: policy::by_group(&daemon.config.policy, &account.name),
        report_only: policy::global_report_only(&daemon.config.policy, &account.name),
        user: account.name,
        uid: account.uid,
        other_uid: found.filter(|found| account.uid != Some(*found)),
        enrolled: account.enrolled.or(lost.and_then(|lost| lost.enrolled)),
        locked: account.locked.or(lost.and_then(|lost| lost.locked)).or(in_memory),
        created: account.created,
        live: counts.live,
        revoked: counts.revoked,
        revoked_now: Vec::new(),
        revoked_count: 0,
    };
    Ok(revoked_now(message, revoked))
}

/// With what was revoked: all are counted, and as many told as fit into a line.
fn revoked_now(message: Account, mut revoked: Vec<AppPasswordId>) -> Account {
    let revoked_count = u64::try_from(revoked.len()).unwrap_or(u64::MAX);
    revoked.truncate(MAX_IDS);
    Account { revoked_now: revoked, revoked_count, ..message }
}

/// One that only the journal, or only memory, knew.
pub(super) fn nobody<S>(daemon: &Daemon<S>, names: &Names) -> Account {
    let lost = daemon.lost.borrow().find(&daemon.keys.now(), names);
    Account {
        user: names.canonical.clone(),
        uid: None,
        other_uid: None,
        enrolled: lost.and_then(|lost| lost.enrolled),
        locked: lost.and_then(|lost| lost.locked),
        created: lost.and_then(|lost| lost.enrolled.or(lost.locked)).unwrap_or_default(),
        live: 0,
        revoked: 0,
        primary: policy::global(&daemon.config.policy, &names.canonical),
        primary_in: policy::by_group(&daemon.config.policy, &names.canonical),
        report_only: policy::global_report_only(&daemon.config.policy, &names.canonical),
        revoked_now: Vec::new(),
        revoked_count: 0,
    }
}

pub(super) fn say_whose() -> AdminError {
    AdminError::in_field(Code::Invalid, "user", "say which user: apppw user USER ACTION")
}
