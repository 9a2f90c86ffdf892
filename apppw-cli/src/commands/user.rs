//! `apppw user`.

use super::Session;
use crate::cli::{Action, User};
use crate::exit::{Failure, Status};
use crate::output::table::record;
use crate::output::time::Clock;
use crate::output::{Text, json};
use apppw_admin::Verb;
use apppw_admin::verbs::{Account, PrimaryPolicy, UserArgs};

pub fn run(session: &mut Session, args: &User) -> Result<Status, Failure> {
    let (user, action) = args.user_and_action()?;
    let args = UserArgs { user };
    let account: Account = match action {
        Action::Show => session.ask(Verb::UserShow, &args)?,
        Action::Enroll => session.change(Verb::UserEnroll, &args)?,
        Action::Unenroll => session.change(Verb::UserUnenroll, &args)?,
    };
    if session.json {
        json::print(&json::account(&account))?;
    } else {
        text(&account, &Clock::system()).print()?;
    }
    Ok(Status::Done)
}

fn text(account: &Account, clock: &Clock) -> Text {
    let mut fields = vec![("User", account.user.clone())];
    fields.extend(account.uid.map(|uid| ("Unix uid", uid.to_string())));
    fields.extend([
        (
            "Enrolled",
            account.enrolled.map_or_else(|| "no".to_owned(), |time| format!("since {}", clock.exact(time))),
        ),
        ("Primary", primary(account).to_owned()),
        ("App passwords", format!("{} live, {} revoked", account.live, account.revoked)),
        ("Known since", clock.exact(account.created)),
    ]);
    let mut text = Text::new();
    record(&mut text, &fields);
    text
}

/// What the policy means for this account.
const fn primary(account: &Account) -> &'static str {
    match (account.primary, account.enrolled) {
        (PrimaryPolicy::Refuse, _) => "refused",
        (PrimaryPolicy::RefuseEnrolled, Some(_)) => "refused (refuse-enrolled)",
        (PrimaryPolicy::RefuseEnrolled, None) => "allowed until enrolled (refuse-enrolled)",
        (PrimaryPolicy::Allow, _) => "allowed",
    }
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
}
