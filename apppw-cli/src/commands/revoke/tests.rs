use super::*;
use crate::cli::{Kick, Yes};
use crate::commands::{golden, samples};
use apppw_admin::AppPasswordId;
use apppw_admin::span::Span;
use jiff::civil::{Date, date};

fn nothing() -> Revoke {
    Revoke {
        ids: vec![],
        users: vec![],
        all: false,
        unused: None,
        created_before: None,
        service: None,
        dry_run: false,
        kick: Kick { kick: false },
        yes: Yes { yes: false },
    }
}

#[test]
fn each_id_is_sent_once_and_no_call_is_too_long() {
    let id = AppPasswordId::from_bits;
    let ids = (0..2500).chain(0..2500).map(id).collect();
    let sent = batches(&nothing(), ids, &samples::clock()).unwrap();
    assert_eq!(sent.iter().map(|batch| batch.ids.len()).collect::<Vec<_>>(), [1000, 1000, 500]);
    let ids: Vec<_> = sent.into_iter().flat_map(|batch| batch.ids).collect();
    assert_eq!(ids, (0..2500).map(id).collect::<Vec<_>>());
}

#[test]
fn a_selection_is_one_call() {
    let args = Revoke {
        users: vec!["alice".into(), "bob".into()],
        unused: Some(Span::days(180)),
        created_before: Some(date(2027, 1, 15)),
        service: Some("imap".into()),
        ..nothing()
    };
    let [sent] = batches(&args, Vec::new(), &samples::clock()).unwrap().try_into().unwrap();
    assert_eq!((sent.users.len(), sent.unused, sent.all), (2, Some(Span::days(180)), false));
    assert_eq!(sent.created_before, Some(samples::NOW - 9 * 3600), "the day's beginning at +01:00");
    let beyond = Revoke { created_before: Some(Date::MIN), ..nothing() };
    let failure = batches(&beyond, Vec::new(), &samples::clock()).unwrap_err();
    assert_eq!(failure.field.as_deref(), Some("created_before"));
}

#[test]
fn what_was_done_is_said() {
    let some = samples::revocation();
    let clock = samples::clock();
    assert_eq!(
        text(&some, false, &clock, Fit::UNLIMITED).as_str(),
        "ap-0000002a revoked: \"Thunderbird, laptop\" of alice@example.org\nap-0000002b had been revoked before\n"
    );
    let unknown = Revoked { app_passwords: vec![], ..samples::revocation() };
    assert!(text(&unknown, false, &clock, Fit::UNLIMITED).as_str().starts_with("ap-0000002a revoked\n"));
    let none = Revoked { count: 0, ids: vec![], app_passwords: vec![], already: vec![], record_since: None };
    assert_eq!(text(&none, false, &clock, Fit::UNLIMITED).as_str(), "no app passwords to revoke\n");
    assert_eq!(
        text(&none, true, &clock, Fit::UNLIMITED).as_str(),
        "0 app passwords would be revoked; nothing was changed\n"
    );
}

#[test]
fn a_dry_run_shows_a_table_and_counts() {
    let expected = "\
ID           USER               NAME                 CREATED     LAST USED
ap-0000002a  alice@example.org  Thunderbird, laptop  2027-01-05  3 days ago via imap from 192.0.2.7
ap-0000002b had been revoked before
1 app password would be revoked; nothing was changed
";
    assert_eq!(text(&samples::revocation(), true, &samples::clock(), Fit::UNLIMITED).as_str(), expected);
}

#[test]
fn of_very_many_the_rest_is_counted() {
    let many = Revoked { count: 1200, already: vec![], ..samples::revocation() };
    let clock = samples::clock();
    assert!(
        text(&many, false, &clock, Fit::UNLIMITED)
            .as_str()
            .ends_with(" of alice@example.org\nand 1199 more revoked\n")
    );
    let dry = text(&many, true, &clock, Fit::UNLIMITED);
    let expected = "\nand 1199 more\n1200 app passwords would be revoked; nothing was changed\n";
    assert!(dry.as_str().ends_with(expected), "{}", dry.as_str());
}

#[test]
fn on_terminals_of_all_widths() {
    let both = vec![samples::live(), samples::revoked()];
    let ids = both.iter().map(|record| record.id).collect();
    let some =
        Revoked { count: 2, ids, app_passwords: both, already: vec![], record_since: Some(samples::NOW) };
    golden::check("revoke", |fit| {
        let mut about = Text::new();
        write_table(&mut about, &some, &samples::clock(), fit);
        several::write_extent(&mut about, some.count, &some.app_passwords, &samples::clock());
        about
    });
}
