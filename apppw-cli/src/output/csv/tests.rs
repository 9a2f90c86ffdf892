//! The columns of `docs/json.md`, to the byte.

use super::*;
use crate::commands::samples;

fn text(sheet: Result<Sheet, Failure>) -> String {
    String::from_utf8(sheet.unwrap().into_bytes().unwrap()).unwrap()
}

/// The cells of each row, as a program reads them.
fn read(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn a_list_has_every_field_in_a_column() {
    let expected = "\
id,name,user,state,services,networks,expires,pin_service,pin_network,successor,created,created_by_uid,\
created_by_login_uid,created_by_role,created_by_name,suspended,suspended_by_uid,suspended_by_login_uid,\
suspended_by_role,suspended_by_name,revoked,revoked_by_uid,revoked_by_login_uid,revoked_by_role,revoked_by_name,\
last_use_service,last_use_rhost,last_use_rhost_unproven,last_use_host,last_use_first,last_use_last,last_use_count
ap-0000002a,\"Thunderbird, laptop\",alice@example.org,live,mail,,,,,,2027-01-05T08:00:00Z,0,,admin,root,,,,,,,,,,,\
imap,192.0.2.7,false,mail1,2027-01-06T08:00:00Z,2027-01-12T08:00:00Z,12
ap-0000002b,old phone,bob,revoked,imap smtp,,,,,,2027-01-05T08:00:00Z,0,,admin,root,,,,,,2027-01-14T08:00:00Z,\
1000,,user,,,,,,,,
ap-0000002c,scanner,alice@example.org,live,smtp,192.0.2.0/24 2001:db8::/32,2027-04-15T08:00:00Z,to smtp,pending,,\
2027-01-05T08:00:00Z,0,,admin,root,,,,,,,,,,,imap,192.0.2.7,false,mail1,2027-01-06T08:00:00Z,\
2027-01-12T08:00:00Z,12
";
    assert_eq!(text(listed(&[samples::live(), samples::revoked(), samples::scoped()])), expected);
    let suspended = read(&text(listed(&[samples::suspended()])));
    assert_eq!(suspended[1][15..20], ["2027-01-14T08:00:00Z", "1000", "", "user", "alice"]);
}

#[test]
fn users_and_reports_and_events_have_theirs() {
    let expected = "\
user,uid,enrolled,locked,created,live,suspended,revoked,last_use_service,last_use_rhost,\
last_use_rhost_unproven,last_use_host,last_use_first,last_use_last,last_use_count
alice@example.org,1000,2027-01-05T08:00:00Z,,2027-01-04T08:00:00Z,3,1,2,imap,192.0.2.7,false,mail1,\
2027-01-06T08:00:00Z,2027-01-12T08:00:00Z,12
bob,,,2027-01-14T08:00:00Z,2027-01-04T08:00:00Z,0,0,0,,,,,,,
";
    assert_eq!(text(users(&samples::users())), expected);
    let expected = "\
user,service,rhost,rhost_unproven,host,would_be_refused,first,last,count
alice@example.org,imap,192.0.2.7,true,mail1,true,2027-01-06T08:00:00Z,2027-01-12T08:00:00Z,12
bob,imap,,false,mail1,false,2027-01-06T08:00:00Z,2027-01-12T08:00:00Z,1
";
    assert_eq!(text(primary_uses(&samples::primary_uses())), expected);
    let all = samples::events();
    let some = [&all[2], &all[4], &all[5], &all[10], &all[12]].map(Clone::clone);
    let rows = "\
3,2027-01-14T08:00:00Z,mail1,rename,0,,admin,root,alice@example.org,ap-0000002a,old phone,phone,,,false,,,1
5,2027-01-14T08:00:00Z,mail1,refused-use,,,,,alice@example.org,ap-0000002a,old phone,,imap,192.0.2.7,true,,revoked,3
6,2027-01-14T08:00:00Z,mail1,revoke,0,3999999999,admin,root,alice@example.org,ap-0000002a,old phone,,,,false,,,1
11,2027-01-14T08:00:00Z,mail1,denied,1001,,nobody,,bob,,,,,,false,user.delete,uid 1001 may do nothing here: only root and members may,17
,2027-01-14T08:00:00Z,mail1,end,998,,daemon,journal.log,alice@example.org,ap-0000002a,old phone,,,,false,,,1
";
    let heading = "seq,at,host,kind,actor_uid,actor_login_uid,actor_role,actor_name,user,id,name,was,services,rhost,\
                   rhost_unproven,verb,reason,count\n";
    assert_eq!(text(events(&some, true)), format!("{heading}{rows}"));
    assert_eq!(text(events(&some, false)), rows);
}

#[test]
fn nothing_is_a_heading_alone() {
    for sheet in [listed(&[]), users(&[]), primary_uses(&[]), events(&[], true)] {
        assert_eq!(text(sheet).lines().count(), 1);
    }
    assert_eq!(text(events(&[], false)), "");
}

#[test]
fn a_spreadsheet_finds_no_formula() {
    for (cell, written) in [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "\\u{9}=1"),
        ("\r=1", "\\u{d}=1"),
        ("a=1", "a=1"),
        ("'=1", "'=1"),
        ("\u{ff1d}1", "'\u{ff1d}1"),
        ("x;=1+1", "x;'=1+1"),
        ("x; =1; y", "x; '=1; y"),
        ("", ""),
    ] {
        assert_eq!(harmless(cell), written);
    }
}

#[test]
fn a_hostile_row_stays_on_its_line_and_in_its_cells() {
    let texts = [
        text(listed(&[samples::hostile()])),
        text(users(&[samples::hostile_user()])),
        text(events(&[samples::hostile_event(apppw_admin::verbs::EventKind::Create)], true)),
    ];
    for text in texts {
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(!text.chars().any(|c| c != '\n' && apppw_admin::text::is_deceptive(c)), "{text}");
        let rows = read(&text);
        assert_eq!(rows[0].len(), rows[1].len());
        let formula = |cell: &&String| cell.starts_with(['=', '+', '-', '@']);
        assert_eq!(rows[1].iter().find(formula), None);
        let shown = format!("'{}", visible(&samples::evil()));
        assert!(rows[1].contains(&shown), "{rows:?}");
    }
}

#[test]
fn the_document_names_the_columns() {
    const DOCUMENT: &str = include_str!("../../../../docs/json.md");
    for (command, sheet) in [
        ("list", listed(&[])),
        ("users", users(&[])),
        ("events", events(&[], true)),
        ("report", primary_uses(&[])),
    ] {
        let columns = text(sheet).trim_end().replace(',', "`, `");
        let row = format!("\n| `{command}` | `{columns}` |\n");
        assert!(DOCUMENT.contains(&row), "docs/json.md lacks {row}");
    }
}
