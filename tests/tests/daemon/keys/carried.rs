//! Server keys taken to another machine, or kept as a systemd credential.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("another_machine", another_machine),
        Case::new("an_import_orphans_nothing", orphans),
        Case::new("files_with_keys_are_nobody_elses", files),
        Case::new("a_credential_is_not_changed_but_what_to_do_is_said", credential),
    ]
}

fn another_machine() {
    let here = site(POLICY).start();
    let (old, new) = (create(&here, "old", json!({})), {
        done(&here, "key.rotate", json!({}));
        create(&here, "new", json!({}))
    });
    let out = here.path("apppwd.key");
    let out = out.to_str().expect("UTF-8");
    let (status, told, warned) = run(&here, &["key", "export", out]);
    assert_eq!((status, warned.as_str()), (Some(0), ""), "{told}");
    assert!(told.starts_with(&format!("Wrote server key 2, 1 to {out}\n")), "{told}");
    assert_eq!(fs::read_to_string(out).expect("the file"), key_file(&here), "as it is in server.key");
    for secret in secrets_of(&key_file(&here)) {
        assert!(!told.contains(&secret) && !here.log().contains(&secret));
    }
    let event = &events(&here, &["key.export"])[0];
    assert_eq!((&event["was"], &event["actor"]["uid"]), (&json!("2 1"), &json!(0)));
    // The other one has begun with a key of its own.
    let there = site(POLICY).start();
    let own = key_file(&there);
    let (status, told, _) = run(&there, &["key", "import", out]);
    assert_eq!(status, Some(0), "{told}");
    assert!(told.contains("Key 2 is active now"), "{told}");
    assert_eq!(key_file(&there), key_file(&here));
    assert_ne!(key_file(&there), own);
    assert_eq!(events(&there, &["key.import"])[0]["was"], "2 1");
    let made = create_for(&there, OTHER, "phone", json!({}));
    assert_eq!(login(&there, OTHER, &made.secret, "imap", ""), "accepted", "without a restart");
    let there = there.kill().start();
    assert_eq!(login(&there, OTHER, &made.secret, "imap", ""), "accepted");
    // Then its database comes.
    let (_, there) = there.stop();
    let (_, here) = here.stop();
    fs::remove_dir_all(there.path("state")).expect("the state");
    apppw_tests::apppwd::copy(&here.path("state"), &there.path("state"));
    let there = there.start();
    assert_eq!([&old, &new].map(|one| imap(&there, one)), ["accepted", "accepted"]);
}

fn orphans() {
    let daemon = site("").start();
    let made = create(&daemon, "phone", json!({}));
    let before = key_file(&daemon);
    let text = |id: u32| format!("{id} {}\n", "cd".repeat(32));
    for (wrong, why) in [
        (text(1), "has another key of that number"),
        (text(2), "lacks it"),
        ("nothing".to_owned(), "has no key in line 1"),
        (String::new(), "holds no key"),
        ((1..=4).map(text).collect(), "holds more than 3 keys"),
        (format!("{}{}", text(1), text(1)), "has key 1 twice"),
    ] {
        let error = ask(&daemon, "key.import", json!({"text": wrong}))["error"].clone();
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("invalid"), &json!("text")),
            "{wrong}: {error}"
        );
        let message = error["message"].to_string();
        assert!(message.contains(why) && message.contains("nothing has changed"), "{wrong}: {message}");
        assert!(!message.contains("cdcd"), "{message}");
        assert_eq!(key_file(&daemon), before);
    }
    // With what is needed among them others may come, and go.
    let more = format!("{}{before}", text(7));
    let told = done(&daemon, "key.import", json!({"text": more}));
    assert_eq!((&told["new"], &told["gone"]), (&json!([7]), &json!(null)));
    assert_eq!(imap(&daemon, &made), "accepted");
    wait_until("its hash is made with the newest", || keys(&daemon) == [(7, 1), (1, 0)]);
    assert_eq!(refused(&daemon, "key.import", json!({"text": before})).0, "invalid");
    let told = done(&daemon, "key.import", json!({"text": text(7)}));
    assert_eq!((&told["new"], &told["gone"]), (&json!(null), &json!([1])));
    // The same again is nothing new.
    let told = done(&daemon, "key.import", json!({"text": text(7)}));
    assert_eq!((&told["new"], &told["gone"]), (&json!(null), &json!(null)));
    assert_eq!(events(&daemon, &["key.import"]).len(), 2);
    let daemon = daemon.kill().start();
    assert_eq!(imap(&daemon, &made), "accepted");
    // Without anything that depends on them all may go.
    done(&daemon, "revoke", json!({"ids": [made.id]}));
    let told = done(&daemon, "key.import", json!({"text": text(3)}));
    assert_eq!((&told["new"], &told["gone"]), (&json!([3]), &json!([7])));
    let made = create(&daemon, "tablet", json!({}));
    let daemon = daemon.kill().start();
    assert_eq!(imap(&daemon, &made), "accepted");
}

fn files() {
    let daemon = site("").start();
    let path = |name: &str| daemon.path(name).to_str().expect("UTF-8").to_owned();
    let out = path("out.key");
    assert_eq!(run(&daemon, &["key", "export", &out]).0, Some(0));
    assert_eq!(fs::metadata(&out).expect("the file").permissions().mode() & 0o7777, 0o600);
    let before = fs::read(&out).expect("the file");
    let (status, _, told) = run(&daemon, &["key", "export", &out]);
    assert_eq!((status, told.contains("is there already")), (Some(1), true), "{told}");
    assert_eq!(fs::read(&out).expect("the file"), before);
    let (status, _, told) = run(&daemon, &["key", "export", &path("nowhere/out.key")]);
    assert_eq!((status, told.contains("can't make")), (Some(1), true), "{told}");
    // Into a pipe and nothing else; never where others could read it.
    let (status, piped, warned) = run(&daemon, &["key", "export", "-"]);
    assert_eq!((status, piped), (Some(0), key_file(&daemon)));
    assert!(warned.contains("warning: ") && warned.contains("keep the two apart"), "{warned}");
    let open = fs::File::create(path("open")).expect("a file");
    fs::set_permissions(path("open"), fs::Permissions::from_mode(0o644)).expect("a mode");
    let ran = daemon.cli(&["key", "export", "-"]).stdout(open).output().expect("apppw runs");
    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!((ran.status.code(), told.contains("others could read")), (Some(2), true), "{told}");
    assert_eq!(fs::read(path("open")).expect("the file"), b"");
    // A refused one leaves no file, and no event.
    let (status, ..) = run(&daemon, &["key", "export", &path("not.key"), "--without", "1"]);
    assert_eq!((status, daemon.path("not.key").exists()), (Some(2), false));
    assert_eq!(events(&daemon, &["key.export"]).len(), 2);
    // What is read is said to be open.
    fs::set_permissions(&out, fs::Permissions::from_mode(0o640)).expect("a mode");
    let (status, _, warned) = run(&daemon, &["key", "import", &out]);
    assert_eq!((status, warned.contains("others may read")), (Some(0), true), "{warned}");
    fs::write(path("large"), "# ".repeat(16 << 10)).expect("a file");
    let (status, _, told) = run(&daemon, &["key", "import", &path("large")]);
    assert_eq!((status, told.contains("longer than server keys")), (Some(2), true), "{told}");
    let (status, _, told) = run(&daemon, &["key", "import", &path("missing")]);
    assert_eq!((status, told.contains("can't read")), (Some(1), true), "{told}");
    // Where the daemon doesn't run for want of its key, the way in is another.
    let (_, site) = daemon.stop();
    let command = std::process::Command::new(apppw_tests::bin::apppw())
        .arg("--socket")
        .arg(site.admin_socket())
        .args(["key", "import", &out])
        .output()
        .expect("apppw runs");
    let told = String::from_utf8_lossy(&command.stderr).into_owned();
    assert_eq!((command.status.code(), told.contains("install -o apppwd")), (Some(3), true), "{told}");
}

/// The site's daemon with the credential in a folder of systemd's.
fn with_credential(site: Site, text: &str) -> Apppwd {
    let folder = site.path("credentials");
    fs::create_dir_all(&folder).expect("a folder");
    // Read-only, as systemd has it.
    let file = folder.join("apppwd.key");
    let _ = fs::remove_file(&file);
    fs::write(&file, text).expect("the credential");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).expect("its mode");
    let mut command = site.command();
    command.env("CREDENTIALS_DIRECTORY", &folder);
    site.start_by(command)
}

fn credential() {
    let daemon = site("").start();
    let made = create(&daemon, "phone", json!({}));
    let (_, first, _) = run(&daemon, &["key", "export", "-"]);
    let (_, site) = daemon.stop();
    // It wins over the file, which is named.
    let daemon = with_credential(site, &first);
    daemon.wait_for_line(&["warning: ", "the server key is the credential", "server.key is not used"]);
    let (_, site) = daemon.stop();
    // Back to the file, and it doesn't count as a credential any more.
    let (_, site) = site.start().stop();
    let said = site.path("key/server.key.is-a-credential");
    assert!(!said.exists());
    let (_, site) = with_credential(site, &first).stop();
    assert!(said.exists());
    fs::remove_file(site.path("key/server.key")).expect("the file");
    // By hand, where the credential isn't seen, it isn't taken for lost.
    for args in [&[][..], &["--key-lost"], &["--init"]] {
        let mut command = site.command();
        expect(
            command.args(args),
            78,
            &["are the systemd credential apppwd.key", "-p LoadCredentialEncrypted=apppwd.key"],
        );
        assert!(!site.path("key/server.key").exists());
    }
    fs::remove_file(site.path("log")).expect("the log");
    let daemon = with_credential(site, &first);
    assert!(!daemon.log().contains("warning"), "{}", daemon.log());
    assert_eq!(imap(&daemon, &made), "accepted");
    let (_, told, _) = run(&daemon, &["key", "show"]);
    assert!(told.contains("In the systemd credential ") && told.contains("credentials/apppwd.key"), "{told}");
    // What can't be changed isn't, and each command that does it is said.
    let (status, told, how) = run(&daemon, &["key", "rotate"]);
    assert_eq!((status, told.as_str()), (Some(1), ""));
    for part in [
        "apppw key export --with-new /run/apppwd.key &&",
        "systemd-creds encrypt --name=apppwd.key",
        "systemctl restart apppwd",
    ] {
        assert!(how.contains(part), "{part}: {how}");
    }
    for (verb, args) in [("key.rotate", json!({})), ("key.import", json!({"text": first}))] {
        assert_eq!(refused(&daemon, verb, args).0, "unsupported", "{verb}");
    }
    assert!(!daemon.path("key/server.key").exists());
    // Done so, the next start has both.
    let next = daemon.path("next.key").to_str().expect("UTF-8").to_owned();
    let (status, told, _) = run(&daemon, &["key", "export", "--with-new", &next]);
    assert_eq!((status, told.starts_with("Wrote server key 2, 1")), (Some(0), true), "{told}");
    assert_eq!(keys(&daemon), [(1, 1)], "it is not in use");
    let next = fs::read_to_string(next).expect("the file");
    let (_, site) = daemon.stop();
    let daemon = with_credential(site, &next);
    assert_eq!(keys(&daemon), [(2, 0), (1, 1)]);
    let event = &events(&daemon, &["key.rotate"])[0];
    assert_eq!((&event["was"], &event["actor"]["name"]), (&json!("2"), &json!("server.key")));
    // Retiring revokes, and says how the key itself goes.
    let (status, told, _) = run(&daemon, &["key", "retire", "1", "--yes"]);
    assert_eq!(status, Some(0), "{told}");
    assert!(
        told.contains("1 app password") && told.contains("apppw key export --without 1 /run/apppwd.key &&"),
        "{told}"
    );
    assert_eq!(imap(&daemon, &made), "revoked", "the key is there still");
    let last = daemon.path("last.key").to_str().expect("UTF-8").to_owned();
    assert_eq!(run(&daemon, &["key", "export", "--without", "1", &last]).0, Some(0));
    let last = fs::read_to_string(last).expect("the file");
    assert_eq!(last, next.lines().next().expect("a line").to_owned() + "\n");
    let (_, site) = daemon.stop();
    let daemon = with_credential(site, &last);
    assert_eq!(keys(&daemon), [(2, 0)]);
    assert_eq!(imap(&daemon, &made), "unknown-secret");
    // Once more what was retired: nothing depends on it, and nothing comes back.
    let (_, site) = daemon.stop();
    let daemon = with_credential(site, &next);
    assert_eq!(keys(&daemon), [(2, 0), (1, 0)]);
    assert_eq!(imap(&daemon, &made), "revoked");
    // Another machine's is refused as a file is.
    let (_, site) = daemon.stop();
    let mut command = site.command();
    let folder = site.path("credentials");
    fs::write(folder.join("other"), "").expect("a file");
    fs::remove_file(folder.join("apppwd.key")).expect("the credential");
    fs::write(folder.join("apppwd.key"), format!("2 {}\n", "ef".repeat(32))).expect("the credential");
    command.env("CREDENTIALS_DIRECTORY", &folder);
    expect(&command, 78, &["credentials/apppwd.key is not the one", "check value of key 2 differs"]);
    // Who has lost it says so by removing the file.
    fs::remove_file(&said).expect("the file");
    expect(site.command().arg("--key-lost"), 0, &["made a new server key"]);
}
