//! `make try`: the main job, shown with a real mail server that nobody else sees.

use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::bin;
use apppw_tests::clients::{Attempt, Imap, MailLogin, imap::Mechanism};
use apppw_tests::servers::dovecot::Dovecot;
use apppw_tests::servers::host::{Endpoint, MailServer};
use apppw_tests::servers::inside::Inside;
use apppw_tests::servers::tree::{Suite, Tree};
use apppw_tests::servers::{Failure, Result, rootless};
use std::process::{Command, ExitCode};

const USER: &str = "alice@example.org";

fn main() -> ExitCode {
    match try_it() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nmake try failed: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn try_it() -> Result<()> {
    say("1. A Dovecot of your distribution, unpacked below target/ and run in namespaces of its own;");
    say(
        "   it asks PAM, PAM asks pam_apppw.so, and that asks apppwd. Your own services and /etc stay untouched.",
    );
    let tree = Tree::unpack(Suite::Own)?
        .ok_or_else(|| Failure("no Debian or Ubuntu mirror in this machine's apt sources".into()))?;
    let daemon = start_daemon();
    let dovecot = start_dovecot(&tree, &daemon)?;
    let imap = dovecot.address(Endpoint::Imap).ok_or_else(|| Failure("Dovecot has no IMAP port".into()))?;
    let imap = Imap { address: imap, mechanism: Mechanism::Login };

    say("\n2. An app password for a virtual user, who has no Unix account:");
    let secret = apppw(&daemon, &["create", USER, "Thunderbird, laptop"])?;
    let secret = secret.trim();

    say("\n3. A mail program logs in with it over IMAP:");
    login(&imap, secret, true)?;

    say("\n4. It has left a trace:");
    let list = apppw(&daemon, &["list", USER])?;
    let id = list.split_whitespace().find(|word| word.starts_with("ap-"));
    let id = id.ok_or_else(|| Failure("the list has no id".into()))?.to_owned();

    say("\n5. The laptop is lost:");
    apppw(&daemon, &["revoke", &id])?;
    login(&imap, secret, false)?;

    say("\n6. What the daemon logged (never a secret):");
    for line in daemon.log().lines() {
        say(&format!("   {line}"));
    }
    if daemon.log().contains(secret) {
        return Err(Failure("the daemon's log has the secret in it".into()));
    }
    say("\nThat's all of it. Nothing is left running; README.md says how to install it.");
    Ok(())
}

/// In a user namespace of its own where there is no root: there its user is root, as the
/// system's is in earnest.
fn start_daemon() -> Apppwd {
    let site = Site::new("");
    if !rootless() {
        return site.start();
    }
    let plain = site.command();
    let mut command = Command::new("unshare");
    command.arg("--map-root-user").arg(plain.get_program()).args(plain.get_args()).env_clear();
    site.start_by(command)
}

fn start_dovecot(tree: &Tree, daemon: &Apppwd) -> Result<MailServer> {
    let inside = Inside::new()
        .module(tree, bin::module())?
        .socket_dir(daemon.socket_dir())
        .stack(&Inside::packaging("pam/app-passwords-only")?);
    Dovecot::new(tree.dovecot()?).start(tree, &inside)
}

/// Runs the command line and shows it as a person would have typed it.
fn apppw(daemon: &Apppwd, args: &[&str]) -> Result<String> {
    let typed: Vec<String> = args.iter().map(|arg| quoted(arg)).collect();
    say(&format!("   $ apppw {}", typed.join(" ")));
    let output = daemon.cli(args).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for line in text.lines() {
        say(&format!("   {line}"));
    }
    if !output.status.success() {
        return Err(Failure(format!("apppw {args:?}: {}", String::from_utf8_lossy(&output.stderr))));
    }
    Ok(text)
}

fn quoted(arg: &str) -> String {
    if arg.contains([' ', ',']) { format!("\"{arg}\"") } else { arg.to_owned() }
}

fn login(imap: &Imap, secret: &str, expected: bool) -> Result<()> {
    say(&format!("   C: a login {USER} {secret}"));
    let answer = imap.login(&Attempt::new(USER, secret))?;
    say(&format!("   S: {}", without_capabilities(&answer.last_line)));
    if answer.accepted() != expected {
        return Err(Failure(format!(
            "the login should have been {}",
            if expected { "accepted" } else { "refused" }
        )));
    }
    Ok(())
}

/// Half a page of what Dovecot can do besides.
fn without_capabilities(line: &str) -> String {
    match (line.find("[CAPABILITY"), line.find("] ")) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &line[..from], &line[to + 2..]),
        _ => line.to_owned(),
    }
}

fn say(line: &str) {
    println!("{line}");
}
