//! The frame as it is seen, on wide terminals and narrow ones.

use super::*;
use crate::commands::samples;

fn seen(created: &Created, columns: usize) -> String {
    let clock = samples::clock();
    let text = format!("{}{}", above(created, &clock, columns).as_str(), below(created, columns).as_str());
    for line in text.lines() {
        let is_one_word = line.trim().split(' ').count() == 1;
        assert!(line.chars().count() <= columns || is_one_word, "{columns} columns: {line}");
    }
    text
}

fn with_client(client: ClientSettings) -> Created {
    Created { client: Some(client), ..samples::created() }
}

#[test]
fn the_secret_is_framed() {
    let expected = r#"ap-0000002a: "Thunderbird, laptop" of alice@example.org, for mail

  +-----------------------+
  |  abcd-efgh-jkmn-pqrs  |
  +-----------------------+

Type it into the mail program (as user alice@example.org) in place of the
password; spaces, hyphens and upper case don't matter. It isn't shown again.
To take it away: apppw revoke ap-0000002a
"#;
    assert_eq!(seen(&samples::created(), 80), expected);
}

#[test]
fn beside_it_stands_what_to_type_into_the_program() {
    let expected = r#"ap-0000002a: "Thunderbird, laptop" of alice@example.org, for mail

  +-----------------------+
  |  abcd-efgh-jkmn-pqrs  |
  +-----------------------+

Type this into the program:

  User name             alice@example.org
  Password              as in the frame above
  Incoming mail (IMAP)  imap.example.org, port 993, SSL/TLS
  Outgoing mail (SMTP)  smtp.example.org, port 587, STARTTLS
  Calendar (CalDAV)     https://dav.example.org/alice@example.org/

Spaces, hyphens and upper case in the password don't matter. It isn't shown
again.
Questions: ring 42
Help: https://help.example.org/mail
To take it away: apppw revoke ap-0000002a
"#;
    assert_eq!(seen(&with_client(samples::client()), 80), expected);
}

#[test]
fn a_narrow_terminal_breaks_nothing_that_is_typed() {
    let expected = r#"ap-0000002a: "Thunderbird, laptop" of
alice@example.org, for mail

  +-----------------------+
  |  abcd-efgh-jkmn-pqrs  |
  +-----------------------+

Type this into the program:

  User name:
    alice@example.org
  Password:
    as in the frame above
  Incoming mail (IMAP):
    imap.example.org, port 993, SSL/TLS
  Outgoing mail (SMTP):
    smtp.example.org, port 587, STARTTLS
  Calendar (CalDAV):
    https://dav.example.org/alice@example.org/

Spaces, hyphens and upper case in the
password don't matter. It isn't shown
again.
Questions: ring 42
Help: https://help.example.org/mail
To take it away: apppw revoke
ap-0000002a
"#;
    assert_eq!(seen(&with_client(samples::client()), 40), expected);
}

#[test]
fn where_the_frame_does_not_fit_the_secret_stands_alone_in_its_groups() {
    let lines = |columns| {
        let text = above(&samples::created(), &samples::clock(), columns).as_str().to_owned();
        text.split_once("\n\n").unwrap().1.to_owned()
    };
    assert_eq!(lines(27).lines().count(), 4);
    assert_eq!(lines(26), "  abcd-efgh-jkmn-pqrs\n\n");
    assert_eq!(lines(20), "  abcd-efgh-jkmn-\n  pqrs\n\n");
    assert_eq!(lines(12), "  abcd-efgh-\n  jkmn-pqrs\n\n");
    assert_eq!(lines(1), "  abcd-\n  efgh-\n  jkmn-\n  pqrs\n\n");
}

#[test]
fn who_gets_no_server_is_told_as_ever_with_the_sites_own_words() {
    let client = ClientSettings { imap: None, smtp: None, caldav: None, ..samples::client() };
    let seen = seen(&with_client(client), 80);
    assert!(seen.contains("Type it into the mail program (as user alice@example.org)"), "{seen}");
    assert!(
        seen.contains("Questions: ring 42\nHelp: https://help.example.org/mail\nTo take it away"),
        "{seen}"
    );
}

#[test]
fn nothing_from_the_daemon_deceives_the_terminal() {
    let evil = samples::evil();
    let server = MailServer { host: evil.clone(), ..samples::client().imap.unwrap() };
    let client = ClientSettings {
        user: evil.clone(),
        imap: Some(server),
        caldav: Some(evil.clone()),
        help: Some(evil.clone()),
        note: Some(evil),
        ..samples::client()
    };
    let created = Created { app_password: samples::hostile(), ..with_client(client) };
    let text = format!("{}{}", above(&created, &samples::clock(), 80).as_str(), below(&created, 80).as_str());
    assert!(!text.replace('\n', "").chars().any(apppw_admin::text::is_deceptive), "{text:?}");
}

#[test]
fn limits_are_told_above_the_frame() {
    let created = Created { app_password: samples::scoped(), ..samples::created() };
    let expected = r#"ap-0000002c: "scanner" of alice@example.org, for smtp
Good from 192.0.2.0/24, 2001:db8::/32 only
Expires 2027-04-15 09:00:00 +01:00
Locked to the service smtp
Its first use locks it to the network of that use

  +--"#;
    let text = seen(&created, 80);
    assert!(text.starts_with(expected), "{text}");
}
