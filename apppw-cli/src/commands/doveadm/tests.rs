use super::*;

fn outcome(code: i32, said: &str) -> Outcome {
    Outcome { code: Some(code), stdout: String::new(), stderr: said.to_owned() }
}

#[test]
fn the_answers_of_dovecot_2_3_and_2_4_to_kick() {
    let refused = "Fatal: net_connect_unix(/run/dovecot/anvil) failed: Connection refused\n";
    let shared = "warning: other connections would also be kicked from following users:\nbob\n\
                  Use the '-f' option to enforce the disconnect.\n";
    for (code, said, told) in [
        (0, "alice kicked connections from the following users:\n\n", Ok("open sessions ended")),
        (68, "no users kicked\n", Ok("no open sessions")),
        (0, "1 connections kicked\n", Ok("open sessions ended")),
        (0, "10 connections kicked\n", Ok("open sessions ended")),
        (0, "0 connections kicked\n", Ok("no open sessions")),
        (75, refused, Err("net_connect_unix")),
        (0, refused, Err("net_connect_unix")),
        (0, shared, Err("kick -f")),
        (64, "kick: invalid option -- 'v'\nusage: ...\n", Err("usage")),
        (1, "", Err("ended with status 1")),
    ] {
        match (ended(&outcome(code, said)), told) {
            (Ok(got), Ok(expected)) => assert_eq!(got, expected, "{said}"),
            (Err(got), Err(part)) => assert!(got.contains(part), "{got}"),
            (got, _) => panic!("{code} {said}: {got:?}"),
        }
    }
}

#[test]
fn a_flush_that_failed_ends_with_0_too() {
    assert_eq!(flushed(&outcome(0, "0 cache entries flushed\n")), Ok(()));
    assert_eq!(flushed(&outcome(0, "doveconf: Warning: old setting\n3 cache entries flushed\n")), Ok(()));
    let said = "Error: auth-master: auth cache flush: connect(/run/dovecot/auth-master) failed: Connection refused\n\
                0 cache entries flushed\n";
    assert!(flushed(&outcome(0, said)).unwrap_err().contains("Connection refused"));
    let killed = Outcome { code: None, ..outcome(0, "") };
    assert!(flushed(&killed).unwrap_err().contains("was killed"));
}

#[test]
fn who_has_sessions_in_dovecot_2_3_and_2_4() {
    let said = |stdout: &str, stderr| listed(&Outcome { stdout: stdout.to_owned(), ..outcome(0, stderr) });
    let names = |names: &[&str]| Ok(names.iter().map(|&name| name.to_owned()).collect());
    let v2_3 = r#"[{"username":"U1","service":"imap","pid":"50","ip":"127.0.0.1"},{"username":"u1@example.net","service":"imap","pid":"48","ip":"127.0.0.1"},{"username":"U1","service":"imap","pid":"52","ip":"127.0.0.1"}]"#;
    assert_eq!(said(v2_3, "doveconf: Warning: old setting\n"), names(&["U1", "u1@example.net"]));
    let v2_4 =
        r#"[{"username":"a \"b\": Error: c","service":"imap","pid":"46","ip":"127.0.0.1","dest_ip":""}]"#;
    assert_eq!(said(v2_4, ""), names(&["a \"b\": Error: c"]));
    assert_eq!(said("[]\n", ""), names(&[]));
    for none in ["", &v2_3[..70], r#"[{"name":"alice"}]"#] {
        assert!(said(none, "").unwrap_err().starts_with("doveadm who can't be understood: "), "{none}");
    }
    let refused = "Fatal: net_connect_unix(/run/dovecot/anvil) failed: Connection refused\n";
    for code in [0, 75] {
        let told = listed(&Outcome { stdout: "[]".to_owned(), ..outcome(code, refused) });
        assert_eq!(told.unwrap_err(), format!("doveadm who: {}", refused.trim()));
    }
}

#[test]
fn a_name_that_is_no_name_to_doveadm_is_known() {
    for name in
        ["alice", "alice@example.org", "-v", "--", "20231234", "007", "fe80", "a b", "é", "1.2.3.4.5", "a.b"]
    {
        assert_eq!(misread(name), None, "{name}");
    }
    for name in ["*", "al?ce", "a\\*", "a\\b"] {
        assert_eq!(misread(name), Some("a pattern"), "{name}");
    }
    for name in ["10.0.0.1", "1.2", "0x7f", "10/8", "::1", "2001:db8::/32", "[::1]", "fe80::1%eth0", "0x1.2"]
    {
        assert_eq!(misread(name), Some("an address"), "{name}");
    }
}

#[test]
fn a_program_is_heard_out_and_not_waited_for_too_long() {
    let sh = |script, ms| run("sh", &["-c", script], Duration::from_millis(ms));
    let ended = sh("echo out; echo err >&2; exit 3", 60_000).ok().unwrap();
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(3), "out\n", "err\n"));
    let much = sh("head -c 20000000 /dev/zero", 60_000).ok().unwrap();
    assert_eq!((much.code, u64::try_from(much.stdout.len()).unwrap()), (Some(0), run::MAX_OUTPUT));
    for script in ["exec sleep 600", "exec >&- 2>&-; exec sleep 600"] {
        let hung = sh(script, 300).err().unwrap();
        assert!(hung.contains("did not end"), "{hung}");
    }
    let missing = run("no-such-program-anywhere", &[], TIMEOUT).err().unwrap();
    assert!(missing.contains("isn't in PATH"), "{missing}");
}
