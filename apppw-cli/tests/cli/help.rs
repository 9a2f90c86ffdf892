//! Help, and where wrong use is sent to.

use crate::support::refusing;
use apppw_admin::Code;

#[test]
fn help_is_done_and_reaches_nobody() {
    let daemon = refusing(Code::Denied, "no");
    for args in [&["help"][..], &["--help"], &["-h"], &["help", "create"], &["create", "-h"], &["--version"]]
    {
        let run = daemon.run(args);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{args:?}");
        assert!(run.stdout.ends_with('\n') && !run.stdout.ends_with("\n\n"), "{run:?}");
    }
    assert_eq!(daemon.run(&["help", "user", "lock"]).stdout, daemon.run(&["user", "--help"]).stdout);
    assert_eq!(daemon.calls(), []);
}

#[test]
fn wrong_use_ends_with_where_to_read_on_and_other_failures_do_not() {
    let daemon = refusing(Code::Denied, "no");
    for (args, last) in [
        (&["create"][..], "See `apppw help create`."),
        (&["user", "alice", "drop"], "See `apppw help user`."),
        (&["list", "--frobnicate"], "See `apppw help list`."),
        (&["frobnicate"], "See `apppw help`."),
        (&["help", "revok"], "See `apppw help`."),
    ] {
        let run = daemon.run(args);
        assert_eq!((run.status, run.stderr.lines().last()), (2, Some(last)), "{run:?}");
        let run = daemon.run(&[args, &["--json"]].concat());
        assert!(!run.stderr.contains(last), "a program has no use for it: {run:?}");
    }
    assert_eq!(daemon.run(&["list"]).stderr, "apppw: no\n");
    assert!(daemon.run(&["help", "revok"]).stderr.contains("did you mean 'revoke'?"));
}
