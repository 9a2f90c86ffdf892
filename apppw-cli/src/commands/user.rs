//! `apppw user`.

use super::doveadm::Dovecot;
use super::kick::{self, Sessions};
use super::other_names::{OtherNames, account_of};
use super::{Session, mistaken, several};
use crate::cli::{Action, User};
use crate::exit::{Failure, Status};
use crate::output::number::thousands;
use crate::output::quote::word;
use crate::output::table::{Cell, record};
use crate::output::terminal::{self, Stream};
use crate::output::time::Clock;
use crate::output::{self, Fit, Paint, Text, json};
use apppw_admin::verbs::{Account, ListArgs, Listed, PrimaryPolicy, UserArgs, UserRenameArgs};
use apppw_admin::{AppPasswordId, Verb};

pub fn run(session: &mut Session, args: &User) -> Result<Status, Failure> {
    let (user, action) = args.user_and_action()?;
    let kick = args.kick.kick;
    if kick && !action.ends_access() {
        return Err(Failure::usage("--kick goes with lock, lockdown and delete only; nothing was changed"));
    }
    kick::check(kick)?;
    let clock = Clock::system();
    let named = UserArgs { user: user.map(str::to_owned) };
    if asks(&action) && !args.yes.yes {
        confirm(session, &named, &action, &clock)?;
    }
    // No name means an account that is gone. (What is opened in between under another name
    // isn't found; otherwise they are looked for when nothing can be opened any more.)
    let others = match (&named.user, &action) {
        (Some(user), Action::Delete) if kick => other_names(session, user),
        _ => None,
    };
    let not_reached = |failure| kick::not_reached(failure, kick);
    let for_another = match &action {
        Action::Lock | Action::Enroll => mistaken::for_another(session, user),
        _ => None,
    };
    let account: Account = match &action {
        Action::Show => session.ask(Verb::UserShow, &named)?,
        Action::Lock => session.change(Verb::UserLock, &named).map_err(not_reached)?,
        Action::Unlock => session.change(Verb::UserUnlock, &named)?,
        Action::Lockdown => session.change(Verb::UserLockdown, &named).map_err(not_reached)?,
        Action::Enroll => session.change(Verb::UserEnroll, &named)?,
        Action::Unenroll => session.change(Verb::UserUnenroll, &named)?,
        Action::Delete => session.change(Verb::UserDelete, &named).map_err(not_reached)?,
        Action::Rename(new) => {
            let user = named.user.clone().unwrap_or_default();
            session.change(Verb::UserRename, &UserRenameArgs { user, new: new.clone() })?
        }
    };
    // Dovecot may know the account by the name that was typed.
    let users = || named.user.iter().chain([&account.user]).cloned().collect();
    let sessions = kick.then(|| Sessions { users: users(), others, unknown: 0 });
    let text = || {
        let mut text = done(&account, &action, kick, &clock);
        if terminal::stdout_is_terminal()
            && let Some(back) = way_back(&account, &action, named.user.as_deref())
        {
            text.line(back);
        }
        text
    };
    let finished = kick::finish(session, sessions, text, |kicked| json::account(&account, kicked));
    if let Some(slip) = for_another {
        output::warn(&slip);
    }
    finished
}

/// The names of an account, as long as it is there.
fn other_names(session: &mut Session, user: &str) -> Option<OtherNames> {
    match account_of(session, user) {
        Ok(Some(account)) => {
            let names = [user.to_owned(), account].into();
            Some(OtherNames::find(session, &mut Dovecot::default(), &names))
        }
        Ok(None) => None,
        Err(failure) => Some(OtherNames::unknown(failure.message)),
    }
}

/// Whether it is asked before: what can't be taken back.
const fn asks(action: &Action) -> bool {
    matches!(action, Action::Lockdown | Action::Delete)
}

fn question(action: &Action, account: &Account) -> String {
    let user = word(&account.user);
    let its = match account.live {
        0 => String::new(),
        1 => ", revoke its app password".to_owned(),
        live => format!(", revoke all its {} app passwords", thousands(live)),
    };
    match action {
        Action::Delete => format!("Delete the account {user}{its}?"),
        _ => format!("Lock the account {user}{its} and refuse its primary password?"),
    }
}

/// How the account becomes what it was, to a person.
fn way_back(account: &Account, action: &Action, before: Option<&str>) -> Option<String> {
    let user = word(&account.user);
    let back = match action {
        Action::Show | Action::Unlock | Action::Delete => return None,
        Action::Lock => format!("apppw user {user} unlock"),
        // What was revoked is gone.
        Action::Lockdown => {
            return Some(format!(
                "What is revoked stays revoked; to let the account have new ones: apppw user {user} unlock"
            ));
        }
        Action::Enroll => format!("apppw user {user} unenroll"),
        Action::Unenroll => format!("apppw user {user} enroll"),
        Action::Rename(_) => format!("apppw user {user} rename {}", word(before?)),
    };
    Some(format!("To take it back: {back}"))
}

fn confirm(session: &mut Session, named: &UserArgs, action: &Action, clock: &Clock) -> Result<(), Failure> {
    if !terminal::stdin_is_terminal() {
        return Err(Failure::usage(
            "this needs --yes, since there is no terminal to ask on; nothing was changed",
        ));
    }
    let account: Account = session.ask(Verb::UserShow, named)?;
    let mut about = text(&account, clock);
    if account.live > 0 {
        write_live(session, &mut about, &account, clock);
    }
    session.hang_up();
    if terminal::confirm(&about, &question(action, &account))? {
        Ok(())
    } else {
        Err(Failure::declined("nothing was changed"))
    }
}

/// What is to be revoked, as far as a page of it goes. That it can't be had mustn't keep anybody from
/// a lockdown.
fn write_live(session: &mut Session, text: &mut Text, account: &Account, clock: &Clock) {
    let args = ListArgs { user: Some(account.user.clone()), ..ListArgs::default() };
    let Ok(Listed { app_passwords, .. }) = session.ask(Verb::List, &args) else { return };
    let ids: Vec<AppPasswordId> = app_passwords.iter().map(|record| record.id).collect();
    text.line("");
    several::write_table(text, &ids, &app_passwords, clock, Fit::of(Stream::Stderr));
    several::write_extent(text, account.live, &app_passwords, clock);
}

/// The account after the action, or what is left to say of one that is gone.
fn done(account: &Account, action: &Action, kick: bool, clock: &Clock) -> Text {
    let mut text = match action {
        Action::Delete => {
            let mut text = Text::new();
            text.line(format!("The account {} is deleted", word(&account.user)));
            text
        }
        _ => self::text(account, clock),
    };
    let mut besides = Vec::new();
    if matches!(action, Action::Delete | Action::Lockdown) {
        besides.push(format!("Revoked now: {}", several::count(account.revoked_count)));
    }
    if action.ends_access() && !kick {
        besides.push(
            "Sessions that are open stay open; in Dovecot, doveadm kick ends them (or --kick)".to_owned(),
        );
    }
    if !besides.is_empty() {
        text.line("");
    }
    besides.iter().for_each(|line| text.line(line));
    text
}

fn text(account: &Account, clock: &Clock) -> Text {
    let since = |time: i64| format!("since {}", clock.exact(time));
    let mut fields = vec![("User", Cell::from(&account.user))];
    fields.extend(account.uid.map(|uid| ("Unix uid", Cell::from(uid.to_string()))));
    let bad = |text| Cell::painted(Paint::Bad, text);
    fields.extend(account.other_uid.map(|uid| ("OTHER UID", bad(other(uid, &account.user)))));
    fields.extend(account.locked.map(|time| ("LOCKED", bad(since(time)))));
    fields.extend([
        ("Enrolled", Cell::from(account.enrolled.map_or_else(|| "no".to_owned(), since))),
        ("Primary", Cell::from(primary(account))),
        ("App passwords", Cell::from(format!("{} live, {} revoked", account.live, account.revoked))),
        ("Known since", Cell::from(clock.exact(account.created))),
    ]);
    let mut text = Text::new();
    record(&mut text, fields);
    text
}

/// What is to be thought of a name that the system gives another uid.
fn other(uid: u32, user: &str) -> String {
    format!(
        "the system gives this name uid {uid} now: perhaps another person; to forget the old one: apppw user {user} \
         delete"
    )
}

/// What the policy means for this account.
fn primary(account: &Account) -> String {
    let means = |policy| match (policy, account.enrolled) {
        (PrimaryPolicy::Refuse, _) => "refused",
        (PrimaryPolicy::RefuseEnrolled, Some(_)) => "refused (refuse-enrolled)",
        (PrimaryPolicy::RefuseEnrolled, None) => "allowed until enrolled (refuse-enrolled)",
        (PrimaryPolicy::Allow, _) => "allowed",
    };
    if account.locked.is_some() {
        return "refused (locked)".to_owned();
    }
    let only = if account.report_only { ", but that is only reported (report_only)" } else { "" };
    let elsewhere =
        account.primary_in.iter().map(|(group, policy)| format!("; for {group}: {}", means(*policy)));
    format!("{}{only}{}", means(account.primary), elsewhere.collect::<String>())
}

#[cfg(test)]
mod tests;
