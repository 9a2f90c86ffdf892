//! `apppw user`.

use super::doveadm::Dovecot;
use super::kick::{self, Sessions};
use super::other_names::{OtherNames, account_of};
use super::{Session, several};
use crate::cli::{Action, User};
use crate::exit::{Failure, Status};
use crate::output::table::record;
use crate::output::time::Clock;
use crate::output::{Text, json, terminal};
use apppw_admin::Verb;
use apppw_admin::verbs::{Account, PrimaryPolicy, UserArgs, UserRenameArgs};

pub fn run(session: &mut Session, args: &User) -> Result<Status, Failure> {
    let (user, action) = args.user_and_action()?;
    let kick = args.kick.kick;
    if kick && !action.ends_access() {
        return Err(Failure::usage("--kick goes with lock, lockdown and delete only; nothing was changed"));
    }
    kick::check(kick)?;
    let clock = Clock::system();
    let named = UserArgs { user: user.map(str::to_owned) };
    if let Some(question) = question(&action).filter(|_| !args.yes.yes) {
        confirm(session, &named, question, &clock)?;
    }
    // No name means an account that is gone. (What is opened in between under another name
    // isn't found; otherwise they are looked for when nothing can be opened any more.)
    let others = match (&named.user, &action) {
        (Some(user), Action::Delete) if kick => other_names(session, user),
        _ => None,
    };
    let not_reached = |failure| kick::not_reached(failure, kick);
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
    let text = || done(&account, &action, kick, &clock);
    kick::finish(session, sessions, text, |kicked| json::account(&account, kicked))
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

/// What is asked before what can't be taken back.
const fn question(action: &Action) -> Option<&'static str> {
    match action {
        Action::Lockdown => {
            Some("Lock the account, revoke all its app passwords and refuse its primary password?")
        }
        Action::Delete => Some("Delete the account and revoke all its app passwords?"),
        _ => None,
    }
}

fn confirm(session: &mut Session, named: &UserArgs, question: &str, clock: &Clock) -> Result<(), Failure> {
    if !terminal::stdin_is_terminal() {
        return Err(Failure::usage(
            "this needs --yes, since there is no terminal to ask on; nothing was changed",
        ));
    }
    let account: Account = session.ask(Verb::UserShow, named)?;
    session.hang_up();
    if terminal::confirm(&text(&account, clock), question)? {
        Ok(())
    } else {
        Err(Failure::declined("nothing was changed"))
    }
}

/// The account after the action, or what is left to say of one that is gone.
fn done(account: &Account, action: &Action, kick: bool, clock: &Clock) -> Text {
    let mut text = match action {
        Action::Delete => {
            let mut text = Text::new();
            text.line(format!("The account {} is deleted", account.user));
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
    let mut fields = vec![("User", account.user.clone())];
    fields.extend(account.uid.map(|uid| ("Unix uid", uid.to_string())));
    fields.extend(account.other_uid.map(|uid| ("OTHER UID", other(uid, &account.user))));
    fields.extend(account.locked.map(|time| ("LOCKED", since(time))));
    fields.extend([
        ("Enrolled", account.enrolled.map_or_else(|| "no".to_owned(), since)),
        ("Primary", primary(account)),
        ("App passwords", format!("{} live, {} revoked", account.live, account.revoked)),
        ("Known since", clock.exact(account.created)),
    ]);
    let mut text = Text::new();
    record(&mut text, &fields);
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
mod tests {
    use super::*;
    use crate::commands::samples;

    #[test]
    fn an_account() {
        let expected = "\
User:           alice
Unix uid:       1000
Enrolled:       since 2027-01-05 09:00:00 +01:00
Primary:        refused (refuse-enrolled)
App passwords:  2 live, 1 revoked
Known since:    2027-01-04 09:00:00 +01:00
";
        assert_eq!(text(&samples::account(), &samples::clock()).as_str(), expected);
    }

    #[test]
    fn an_account_without_app_passwords() {
        let account = Account { uid: None, enrolled: None, ..samples::account() };
        let text = text(&account, &samples::clock());
        assert!(text.as_str().contains("Enrolled:       no\n"), "{}", text.as_str());
        assert!(text.as_str().contains("allowed until enrolled"));
        assert!(!text.as_str().contains("uid"));
    }

    #[test]
    fn another_person_under_the_name_is_not_overlooked() {
        let account = Account { other_uid: Some(1001), ..samples::account() };
        let text = text(&account, &samples::clock());
        let line = "OTHER UID:      the system gives this name uid 1001 now: perhaps another person; to forget the \
                    old one: apppw user alice delete\n";
        assert!(text.as_str().contains(line), "{}", text.as_str());
    }

    #[test]
    fn a_lock_is_not_overlooked() {
        let account = Account {
            locked: Some(samples::NOW),
            primary: PrimaryPolicy::Allow,
            revoked_now: vec![samples::live().id],
            revoked_count: 1,
            ..samples::account()
        };
        let text = done(&account, &Action::Lockdown, false, &samples::clock());
        for line in [
            "LOCKED:         since 2027-01-15 09:00:00 +01:00\n",
            "Primary:        refused (locked)\n",
            "\nRevoked now: 1 app password\nSessions that are open stay open",
        ] {
            assert!(text.as_str().contains(line), "{line}: {}", text.as_str());
        }
        let text = done(&account, &Action::Delete, false, &samples::clock());
        assert!(
            text.as_str().starts_with("The account alice is deleted\n\nRevoked now:"),
            "{}",
            text.as_str()
        );
        let text = done(&account, &Action::Lock, false, &samples::clock());
        assert!(text.as_str().contains("+01:00\n\nSessions that are open stay open"), "{}", text.as_str());
        assert_eq!(
            done(&account, &Action::Lock, true, &samples::clock()).as_str(),
            self::text(&account, &samples::clock()).as_str(),
            "what came of the kick is told by the kick"
        );
    }

    #[test]
    fn only_what_cant_be_taken_back_is_asked() {
        for action in [Action::Lockdown, Action::Delete] {
            assert!(question(&action).is_some());
        }
        for action in [Action::Show, Action::Lock, Action::Unlock, Action::Enroll, Action::Unenroll] {
            assert!(question(&action).is_none());
        }
        assert!(question(&Action::Rename("x".into())).is_none());
    }
}
