//! `apppw setup`, where it can't or won't.

use super::super::page::{Desk, Page};
use crate::host::{How, Who, mail_server};
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use tempfile::TempDir;

const DOVECOT: &[&str] = &["setup", "dovecot"];
const YES: &[&str] = &["setup", "dovecot", "--yes"];
const DRY: &[&str] = &["setup", "dovecot", "--dry-run"];
const UNDO: &[&str] = &["setup", "dovecot", "--undo", "--yes"];

pub fn play(page: &mut Page) {
    page.title(
        "Setting up a mail server",
        "Nothing is half written: where something fails, everything is as it was before.",
    );
    play_begin(page);
    play_dovecot(page);
    play_sources(page);
    play_places(page);
    play_written(page);
    play_undo(page);
    play_postfix(page);
    play_others(page);
}

/// Nobody behind the socket: only `--undo` and the rest of the host count here.
fn at(page: &mut Page, server: &TempDir, play: impl FnOnce(&mut Page, &Desk<'_>)) {
    let place = tempfile::tempdir().expect("a folder");
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
    let how = How { mail_server: Some(server.path()), ..How::default() };
    play(page, &Desk::without_daemon(place.path()).with(how));
}

fn write(server: &TempDir, name: &str, text: &str) {
    let path = server.path().join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn program(server: &TempDir, name: &str, text: &str) {
    let name = format!("usr-local/sbin/{name}");
    write(server, &name, &format!("#!/bin/sh\n{text}\n"));
    fs::set_permissions(server.path().join(name), fs::Permissions::from_mode(0o755)).expect("its mode");
}

fn play_begin(page: &mut Page) {
    let place = tempfile::tempdir().expect("a folder");
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
    page.fails(&Desk::without_daemon(place.path()), Who::Alice, DOVECOT, "Somebody else than root.");
    let server = mail_server();
    at(page, &server, |page, desk| {
        page.fails(desk, Who::Root, DOVECOT, "In a script, without `--yes`.");
        write(&server, "var-lib/apppw-setup/lock", "");
        let lock = File::open(server.path().join("var-lib/apppw-setup/lock")).expect("a file");
        lock.try_lock().expect("nobody has it");
        page.fails(desk, Who::Root, YES, "At the same time as another one.");
    });
}

fn play_dovecot(page: &mut Page) {
    let server = mail_server();
    at(page, &server, |page, desk| {
        program(&server, "doveconf", "echo 'doveconf: Fatal: Error in configuration file' >&2; exit 89");
        page.fails(desk, Who::Root, DRY, "Dovecot doesn't like its own configuration.");
        for (text, what) in [
            ("echo '# 2.2.36 (1f10bfa63): /etc/dovecot/dovecot.conf'", "A Dovecot of another version."),
            ("echo '# 2.3.19.1 (9b53102964)'", "One that doesn't say where its configuration is."),
            ("echo '# 2.3.19.1 (9b): /etc/dovecot/dovecot.conf'; echo '}'", "What it prints makes no sense."),
            (
                "[ \"$1\" = -n ] || echo '}'; echo '# 2.3.19.1 (9b): /etc/dovecot/dovecot.conf'",
                "Its protocols make no sense.",
            ),
        ] {
            program(&server, "doveconf", text);
            page.fails(desk, Who::Root, DRY, what);
        }
        fs::remove_file(server.path().join("usr-local/sbin/doveconf")).expect("it is there");
        page.fails(desk, Who::Root, DRY, "No Dovecot.");
    });
}

fn play_sources(page: &mut Page) {
    let server = mail_server();
    at(page, &server, |page, desk| {
        for (text, what) in [
            ("passdb { driver = pam }\n", "Configuration that isn't understood is left alone."),
            ("ssl = no\n}\n", "A block that ends before it began."),
            ("passdb {\n", "One that doesn't end."),
            ("passdb {\n!include x\n}\n", "A file included within a block."),
            ("!include /[a-z]/x.conf\n", "A pattern."),
            ("!include x.conf\n", "A file that isn't there."),
            ("ssl = no\n!include dovecot.conf\n", "Files that include each other."),
        ] {
            write(&server, "etc/dovecot/dovecot.conf", text);
            page.shows(desk, Who::Root, DRY, what);
        }
    });
}

fn play_places(page: &mut Page) {
    let server = mail_server();
    let dovecot = server.path().join("etc/dovecot");
    let imap = server.path().join("etc/pam.d/imap");
    at(page, &server, |page, desk| {
        symlink("common-auth", &imap).expect("a link");
        page.shows(desk, Who::Root, DRY, "A link in the place of a file.");
        fs::remove_file(&imap).expect("it is there");
        fs::create_dir(&imap).expect("a folder");
        page.shows(desk, Who::Root, DRY, "A folder.");
        fs::remove_dir(&imap).expect("it is empty");
        fs::hard_link(dovecot.join("dovecot.conf"), dovecot.join("twin")).expect("a link");
        page.shows(desk, Who::Root, DRY, "A file with two names.");
        fs::remove_file(dovecot.join("twin")).expect("it is there");
        for (service, stack) in [("imap", "app-passwords-only"), ("doveadm", "primary-where-permitted")] {
            let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/pam").join(stack);
            fs::copy(ours, imap.with_file_name(service)).expect("a copy");
        }
        page.shows(desk, Who::Root, DRY, "Two stacks of ours, and no word which of them is meant.");
        for service in ["imap", "doveadm"] {
            fs::remove_file(imap.with_file_name(service)).expect("it is there");
        }
        chown(&dovecot, Some(1001), None).expect("root may");
        page.shows(desk, Who::Root, DRY, "Files in a folder of somebody else's.");
        chown(&dovecot, Some(0), None).expect("root may");
        fs::set_permissions(&dovecot, fs::Permissions::from_mode(0o777)).expect("its mode");
        page.shows(desk, Who::Root, DRY, "Files in a folder that everybody may write to.");
        fs::set_permissions(&dovecot, fs::Permissions::from_mode(0o755)).expect("its mode");
        fs::remove_dir_all(server.path().join("etc/pam.d")).expect("it is there");
        let args = &["setup", "dovecot", "--stack", "app-passwords-only", "--dry-run"];
        page.shows(desk, Who::Root, args, "A folder that isn't there.");
    });
}

fn play_written(page: &mut Page) {
    let server = mail_server();
    at(page, &server, |page, desk| {
        let asked = fs::read_to_string(server.path().join("usr-local/sbin/doveconf")).expect("a file");
        let refuses =
            "if [ -e /etc/dovecot/auth-apppw.conf.ext ]; then echo 'doveconf: Fatal: Error' >&2; exit 89; fi";
        program(&server, "doveconf", &format!("{refuses}\n{asked}"));
        page.fails(desk, Who::Root, YES, "Dovecot doesn't like what was written: everything is put back.");
        program(&server, "doveconf", &asked);
        write(&server, "var-lib/apppw-setup/dovecot", "");
        page.fails(desk, Who::Root, YES, "What is there can't be kept for `--undo`.");
    });
    let server = mail_server();
    write(&server, "var-lib/apppw-setup", "");
    at(page, &server, |page, desk| page.fails(desk, Who::Root, YES, "Nor the folder for that be made."));
}

const KEPT: &str =
    r#"{"schema": 1, "files": [{"path": "/etc/pam.d/imap", "existed": false, "changed": true}]}"#;

fn play_undo(page: &mut Page) {
    let server = mail_server();
    let keep = |target: &str, manifest: &str| {
        write(&server, &format!("var-lib/apppw-setup/{target}/1/manifest.json"), manifest);
        write(&server, &format!("var-lib/apppw-setup/{target}/1/0.after"), "auth required pam_apppw.so\n");
    };
    at(page, &server, |page, desk| {
        page.fails(desk, Who::Root, UNDO, "Nothing to undo.");
        keep("dovecot", &KEPT.replace("\"schema\": 1", "\"schema\": 2"));
        page.fails(desk, Who::Root, UNDO, "A later version wrote down what it did.");
        keep("dovecot", KEPT);
        write(&server, "etc/pam.d/imap", "auth required pam_apppw.so\n");
        keep("postfix-dovecot", KEPT);
        page.fails(desk, Who::Root, UNDO, "Another target needs a file.");
        fs::remove_dir_all(server.path().join("var-lib/apppw-setup/postfix-dovecot")).expect("it is there");
        write(&server, "etc/pam.d/imap", "auth required pam_apppw.so debug\n");
        page.shows(desk, Who::Root, UNDO, "Somebody has changed a file since.");
    });
}

fn play_others(page: &mut Page) {
    let server = mail_server();
    let args: &[&str] = &["setup", "prosody", "--dry-run"];
    at(page, &server, |page, desk| {
        // Whatever the machine has.
        program(&server, "prosodyctl", "exit 0");
        program(&server, "saslauthd", "exit 0");
        write(&server, "usr-local/lib/prosody/modules/mod_auth_cyrus.lua", "");
        write(&server, "usr-local/lib/lua/5.4/cyrussasl.so", "");
        write(&server, "etc/sasl/prosody.conf", "pwcheck_method: saslauthd\n");
        write(&server, "etc/group", "sasl:x:45:prosody\n");
        for (text, what) in [
            ("x = \"a\n", "Prosody's configuration isn't understood, either, if a string doesn't end."),
            ("x =\n", "Nor if a value is missing."),
            ("Include \"/[a-z]/x\"\n", "A pattern."),
            ("Include \"prosody.cfg.lua\"\n", "Files that include each other."),
        ] {
            write(&server, "etc/prosody/prosody.cfg.lua", text);
            page.shows(desk, Who::Root, args, what);
        }
        let args: &[&str] = &["setup", "apache", "--dry-run"];
        for (text, what) in [
            ("<Location /x>\n", "The same with Apache's: a section that doesn't end."),
            ("</Location>\n", "One that ends before it began."),
            ("ServerName a \\", "A line that goes on in none."),
            ("Include apache2.conf\n", "Files that include each other."),
        ] {
            write(&server, "etc/apache2/apache2.conf", text);
            page.shows(desk, Who::Root, args, what);
        }
    });
}

fn play_postfix(page: &mut Page) {
    let server = mail_server();
    let args: &[&str] = &["setup", "postfix-saslauthd", "--dry-run"];
    at(page, &server, |page, desk| {
        page.fails(desk, Who::Root, args, "No Postfix.");
        fs::create_dir_all(server.path().join("etc/exim4/exim4.conf.template")).expect("a folder");
        page.fails(
            desk,
            Who::Root,
            &["setup", "exim", "--dry-run"],
            "Something else where a file of Exim should be.",
        );
        page.fails(desk, Who::Root, &["setup", "cyrus", "--dry-run"], "No Cyrus IMAP.");
        page.fails(desk, Who::Root, &["setup", "prosody", "--dry-run"], "No Prosody.");
        page.fails(desk, Who::Root, &["setup", "apache", "--dry-run"], "No Apache.");
        write(&server, "etc/postfix/main.cf", "");
        write(&server, "etc/postfix/master.cf", "");
        program(&server, "postconf", "echo 'postconf: fatal: bad string length 0 < 1' >&2; exit 1");
        page.fails(desk, Who::Root, args, "Postfix doesn't like its own configuration.");
    });
    assert!(Path::new("/etc/passwd").exists(), "all that happened elsewhere");
}
