//! `apppw create`.

use super::Session;
use crate::cli::Create;
use crate::exit::{Failure, Status};
use crate::output::{self, Text, json, terminal};
use apppw_admin::Verb;
use apppw_admin::verbs::{CreateArgs, Created, PrimaryPolicy};
use zeroize::Zeroizing;

pub fn run(session: &mut Session, args: Create) -> Result<Status, Failure> {
    let (user, name) = args.user_and_name()?;
    let services = args.services;
    let created: Created = session.change(Verb::Create, &CreateArgs { user, name, services })?;
    let result = if session.json {
        json::document(&json::created(&created))?
    } else if terminal::stdout_is_terminal() {
        Zeroizing::new(framed(&created).as_str().as_bytes().to_vec())
    } else {
        Zeroizing::new([created.secret.expose().as_bytes(), b"\n"].concat())
    };
    // Whoever doesn't read a list has no need of it. Whoever doesn't read the secret has lost
    // it: here a closed pipe is a failure too.
    output::write_stdout(&result).map_err(|e| {
        let id = created.app_password.id;
        Failure::io(format!(
            "{id} was created, but its secret can't be written ({e}) and isn't shown again; \
             take it away: apppw revoke {id}, then create another"
        ))
    })?;
    if let Some(warning) = warning(&created).filter(|_| !session.json) {
        output::warn(&warning);
    }
    Ok(Status::Done)
}

/// What a person at a terminal sees.
fn framed(created: &Created) -> Text {
    let record = &created.app_password;
    let secret = created.secret.expose();
    let edge = format!("  +{}+", "-".repeat(secret.chars().count() + 4));
    let mut text = Text::new();
    text.line(format!(
        "{}: \"{}\" of {}, for {}",
        record.id,
        record.name,
        record.user,
        record.services.join(", ")
    ));
    text.line("");
    text.line(&edge);
    text.line_of(&["  |  ", secret, "  |"]);
    text.line(&edge);
    text.line("");
    text.line(format!("Type it into the mail program (as user {}) in place of the password;", record.user));
    text.line("spaces, hyphens and upper case don't matter. It isn't shown again.");
    text.line(format!("To take it away: apppw revoke {}", record.id));
    text
}

/// What a person must know who has just made the first app password of an account.
fn warning(created: &Created) -> Option<String> {
    let stops = created.newly_enrolled && created.primary == PrimaryPolicy::RefuseEnrolled;
    stops.then(|| {
        format!(
            "this is the first app password of {user}: from now on the account's primary password no longer \
             opens the services that ask apppwd, and every program that still uses it there needs an app password",
            user = created.app_password.user
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;

    #[test]
    fn the_secret_is_framed() {
        let expected = r#"ap-0000002a: "Thunderbird, laptop" of alice@example.org, for mail

  +-----------------------+
  |  abcd-efgh-jkmn-pqrs  |
  +-----------------------+

Type it into the mail program (as user alice@example.org) in place of the password;
spaces, hyphens and upper case don't matter. It isn't shown again.
To take it away: apppw revoke ap-0000002a
"#;
        assert_eq!(framed(&samples::created()).as_str(), expected);
    }

    #[test]
    fn only_the_first_one_under_refuse_enrolled_warns() {
        let warns = |newly_enrolled, primary| {
            warning(&Created { newly_enrolled, primary, ..samples::created() }).is_some()
        };
        assert!(warns(true, PrimaryPolicy::RefuseEnrolled));
        assert!(!warns(false, PrimaryPolicy::RefuseEnrolled));
        assert!(!warns(true, PrimaryPolicy::Refuse));
        assert!(!warns(true, PrimaryPolicy::Allow));
    }
}
