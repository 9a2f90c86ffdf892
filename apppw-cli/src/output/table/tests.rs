use super::*;

fn written(table: &Table, fit: Fit) -> String {
    let mut text = Text::new();
    table.write(&mut text, fit);
    text.as_str().to_owned()
}

fn devices() -> Table {
    let mut table = Table::new(vec![
        Column::kept("ID"),
        Column::cut("NAME", 6),
        Column::kept("MADE").optional(),
        Column::cut("LAST USED", 9),
    ]);
    let row = |cells: [&str; 4]| cells.map(Cell::from).to_vec();
    table.row(row(["ap-1", "Büro", "2027", "never used"]));
    table.row(row(["ap-2", "電話電話電話", "2027", "1 day ago"]));
    table.row(row(["ap-3", "a\x1b[31m", "", ""]));
    table.row(row(["ap-4", "e\u{301}", "2027", "x"]));
    table
}

#[test]
fn columns_are_aligned_whatever_is_in_them() {
    let expected = "\
ID    NAME          MADE  LAST USED
ap-1  Büro          2027  never used
ap-2  電話電話電話  2027  1 day ago
ap-3  a\\u{1b}[31m
ap-4  e\u{301}             2027  x
";
    assert_eq!(written(&devices(), Fit::UNLIMITED), expected);
    assert_eq!(written(&devices(), Fit::columns(36)), expected, "it fits to the column");
}

#[test]
fn long_cells_are_cut_visibly_and_what_was_made_visible_never() {
    let expected = "\
ID    NAME        MADE  LAST USED
ap-1  Büro        2027  never us…
ap-2  電話電話…   2027  1 day ago
ap-3  a\\u{1b}[31m
ap-4  e\u{301}           2027  x
";
    let shown = written(&devices(), Fit::columns(33));
    assert_eq!(shown, expected);
    assert!(shown.lines().all(|line| width(line) <= 33), "{shown}");
    assert!(
        written(&devices(), Fit::columns(30)).contains("\nap-3  a\\u{1b}[31m\n"),
        "wider than its column"
    );
}

#[test]
fn optional_columns_go_before_there_are_records() {
    let narrow = written(&devices(), Fit::columns(25));
    assert!(narrow.starts_with("ID    NAME") && !narrow.contains("MADE"), "{narrow}");
    let records = written(&devices(), Fit::columns(22));
    let first = "ID:         ap-1\nNAME:       Büro\nMADE:       2027\nLAST USED:  never used\n\nID:";
    assert!(records.starts_with(first), "{records}");
    assert!(
        records.contains("\n\nID:    ap-3\nNAME:  a\\u{1b}[31m\n\n"),
        "empty cells have no line: {records}"
    );
}

#[test]
fn the_widest_column_gives_first() {
    let mut table = Table::new(vec![Column::cut("A", 2), Column::cut("B", 2)]);
    table.row(vec!["aaaaaaaaaa".into(), "bbbb".into()]);
    assert_eq!(written(&table, Fit::columns(12)), "A       B\naaaaa…  bbbb\n");
    assert_eq!(written(&table, Fit::columns(8)), "A    B\naa…  bb…\n");
}

#[test]
fn a_short_form_stands_in_before_others_are_cut_and_is_never_cut() {
    let mut table = Table::new(vec![Column::cut("A", 2), Column::short("B")]);
    table.row(vec!["aaaaaaaaaa".into(), Cell::from("bbbb at length").or("bbbb")]);
    assert_eq!(written(&table, Fit::columns(26)), "A           B\naaaaaaaaaa  bbbb at length\n");
    assert_eq!(written(&table, Fit::columns(25)), "A           B\naaaaaaaaaa  bbbb\n");
    assert_eq!(written(&table, Fit::columns(12)), "A       B\naaaaa…  bbbb\n");
    assert_eq!(written(&table, Fit::columns(7)), "A:  aaaaaaaaaa\nB:  bbbb at length\n", "a record has room");
}

#[test]
fn paint_changes_no_column() {
    let mut table = Table::new(vec![Column::kept("ID"), Column::kept("STATE"), Column::kept("X")]);
    table.row(vec![Cell::painted(Paint::Id, "ap-1"), Cell::painted(Paint::Bad, "revoked"), "x".into()]);
    let mut text = Text::new();
    table.write(&mut text, Fit::UNLIMITED);
    assert_eq!(text.as_str(), "ID    STATE    X\nap-1  revoked  x\n");
    let painted = text.rendered(true);
    assert!(painted.contains("\x1b[1map-1\x1b[0m  \x1b[1m\x1b[31mrevoked\x1b[0m  x\n"), "{:?}", *painted);
}

#[test]
fn a_record_has_its_values_below_each_other() {
    let mut text = Text::new();
    record(&mut text, [("User", "alice"), ("Last used", "never\r\n")]);
    assert_eq!(text.as_str(), "User:       alice\nLast used:  never\\u{d}\\u{a}\n");
}
