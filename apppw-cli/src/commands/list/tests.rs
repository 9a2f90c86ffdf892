use super::*;
use crate::commands::{golden, samples};

fn listed(records: &[AppPassword], columns: Columns, fit: Fit) -> Text {
    text(records, columns, &Refused::default(), &samples::clock(), fit)
}

const ALL: Columns = Columns { user: true, state: true, expires: true, limits: false };

#[test]
fn a_list_of_several_accounts_in_every_state() {
    let records =
        [samples::live(), samples::scoped(), samples::rotated(), samples::suspended(), samples::expired()];
    let expected = "\
ID           USER               NAME                 STATE                   SERVICES  EXPIRES           CREATED     LAST USED
ap-0000002a  alice@example.org  Thunderbird, laptop  live                    mail      never             2027-01-05  3 days ago via imap from 192.0.2.7
ap-0000002c  alice@example.org  scanner              live                    smtp      2027-04-15        2027-01-05  3 days ago via imap from 192.0.2.7
ap-0000002d  alice@example.org  Thunderbird, laptop  until 2027-01-16 09:00  mail      2027-01-16 09:00  2027-01-05  3 days ago via imap from 192.0.2.7
ap-0000002e  alice@example.org  Thunderbird, laptop  suspended 1 day ago     mail      never             2027-01-05  3 days ago via imap from 192.0.2.7
ap-0000002f  alice@example.org  Thunderbird, laptop  expired 1 day ago       mail      2027-01-14        2027-01-05  3 days ago via imap from 192.0.2.7
";
    assert_eq!(listed(&records, ALL, Fit::UNLIMITED).as_str(), expected);
}

#[test]
fn a_list_with_tombstones() {
    let some = Columns { expires: false, ..ALL };
    let expected = "\
ID           USER               NAME                 STATE              SERVICES   CREATED     LAST USED
ap-0000002a  alice@example.org  Thunderbird, laptop  live               mail       2027-01-05  3 days ago via imap from 192.0.2.7
ap-0000002b  bob                old phone            revoked 1 day ago  imap,smtp  2027-01-05  never used
";
    assert_eq!(listed(&[samples::live(), samples::revoked()], some, Fit::UNLIMITED).as_str(), expected);
}

#[test]
fn the_list_of_one_account() {
    let few = Columns { user: false, state: false, expires: false, limits: false };
    let expected = "\
ID           NAME                 SERVICES  CREATED     LAST USED
ap-0000002a  Thunderbird, laptop  mail      2027-01-05  3 days ago via imap from 192.0.2.7
";
    assert_eq!(listed(&[samples::live()], few, Fit::UNLIMITED).as_str(), expected);
}

#[test]
fn an_empty_list_says_of_what() {
    let list = |user: Option<&str>, all, unused| List {
        user: user.map(str::to_owned),
        all,
        unused: Option::map(unused, apppw_admin::span::Span::days),
        csv: crate::cli::Csv { csv: false },
    };
    for (args, said) in [
        (list(None, false, None), "No app passwords (--all shows expired and revoked ones too)\n"),
        (list(Some("bob"), true, None), "No app passwords of bob\n"),
        (list(Some("bob"), false, Some(90)), "No app passwords of bob not used for 90d\n"),
    ] {
        assert_eq!(none(&args).as_str(), said);
    }
}

#[test]
fn a_hostile_record_stays_on_its_line() {
    let text = listed(&[samples::hostile()], ALL, Fit::UNLIMITED);
    assert_eq!(text.as_str().lines().count(), 2);
    assert!(!text.as_str().chars().any(|c| c != '\n' && apppw_admin::text::is_deceptive(c)));
}

#[test]
fn a_panic_is_told_beside_the_list() {
    let told = |group: Option<&str>, group_is_gone| {
        let switch = PanicSwitch { group: group.map(str::to_owned), group_is_gone, since: samples::NOW };
        in_panic(&switch, &samples::clock())
    };
    assert!(told(None, false).ends_with(": every app password of this host is refused"));
    assert!(told(Some("mail"), false).ends_with(": every app password is refused for the services of mail"));
    assert!(told(Some("mail"), true).ends_with(": every app password of this host is refused"));
}

#[test]
fn locked_accounts_are_told_beside_the_list() {
    let told = |users: &[&str]| locked(&users.iter().map(|user| (*user).to_owned()).collect());
    assert_eq!(told(&[]), None);
    let way_back = "; apppw user USER unlock takes that back";
    assert_eq!(
        told(&["bob"]).unwrap(),
        format!("the account bob is locked: its app passwords are refused{way_back}")
    );
    assert_eq!(
        told(&["a", "b c", "d", "e"]).unwrap(),
        format!("4 accounts are locked (a, \"b c\", d, ...): their app passwords are refused{way_back}")
    );
}

#[test]
fn ones_own_list_needs_no_user() {
    let records = [samples::live(), samples::live()];
    assert!(all_of(&records, Some("alice@example.org")));
    assert!(!all_of(&records, Some("root")));
    assert!(!all_of(&records, None));
    assert!(!all_of(&[samples::live(), samples::revoked()], Some("bob")));
}

#[test]
fn on_terminals_of_all_widths() {
    let wide = AppPassword { name: "電話 of my grandmother, the old one".into(), ..samples::live() };
    let records = [
        samples::live(),
        samples::scoped(),
        samples::rotated(),
        samples::suspended(),
        samples::expired(),
        samples::revoked(),
        wide,
    ];
    let columns = Columns { expires: false, limits: true, ..ALL };
    let refused = Refused { locked: ["bob".to_owned()].into(), switches: vec![] };
    golden::check("list-all", |fit| text(&records, columns, &refused, &samples::clock(), fit));
    let own = Columns { user: false, state: false, ..columns };
    let refused = Refused { locked: [].into(), switches: samples::switches() };
    golden::check("list", |fit| text(&records[..2], own, &refused, &samples::clock(), fit));
    let plain = Columns { user: false, state: false, expires: false, limits: false };
    let refused = Refused::default();
    golden::check("list-plain", |fit| text(&records[..1], plain, &refused, &samples::clock(), fit));
}

#[test]
fn no_row_is_wider_than_its_terminal_unless_something_had_to_be_made_visible() {
    let records = [samples::live(), samples::scoped(), samples::suspended(), samples::revoked()];
    let columns = Columns { expires: false, limits: true, ..ALL };
    for width in 80..160 {
        let text = text(&records, columns, &Refused::default(), &samples::clock(), Fit::columns(width));
        assert!(text.as_str().starts_with("ID "), "{width}: {}", text.as_str());
        let widest = text.as_str().lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= width, "{widest} in {width}: {}", text.as_str());
        for whole in ["ap-0000002a", "ap-0000002e", "suspended", "3 days ago"] {
            assert!(text.as_str().contains(whole), "{whole} in {width}: {}", text.as_str());
        }
    }
}
