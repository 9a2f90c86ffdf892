//! `apppw setup` on servers as their packages leave them: after it app passwords open them and primary passwords don't,
//! and `--undo` leaves no byte changed.

#[path = "setup/apache.rs"]
mod apache;
#[path = "setup/order.rs"]
mod order;
#[path = "setup/xmpp.rs"]
mod xmpp;

use super::lab::{Absent, Lab};
use apppw_tests::activate::DAEMON_UID;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::bin;
use apppw_tests::clients::{Attempt, MailLogin, Smtp, smtp};
use apppw_tests::fakes::bind_as;
use apppw_tests::servers::Failure;
use apppw_tests::servers::distribution::{Configured, Distributed, Distribution, VIRTUAL};
use apppw_tests::servers::dovecot::Version;
use apppw_tests::servers::inside::Inside;
use apppw_tests::servers::tree::Suite;
use libtest_mimic::{Completion, Failed, Trial};
use serde_json::Value;
use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take to do what it was told.
const PATIENCE: Duration = Duration::from_secs(20);

/// Alice has a Unix account with this password in the trees.
const UNIX: (&str, &str) = ("alice", "primary-of-alice");

/// A host and what is set up there.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    target: &'static str,
    suite: Suite,
    servers: Distribution,
    who: (&'static str, &'static str),
    /// What the server is told after files have changed.
    reload: &'static str,
    /// Whether the file with the passdb is a mount of its own.
    busy: bool,
}

const DEBIAN_2_3: Distribution =
    Distribution { dovecot: Some((Version::V2_3, Configured::ByDebian)), ..Distribution::NONE };

const fn dovecot(name: &'static str, version: Version, configured: Configured) -> Case {
    let suite = match version {
        Version::V2_3 => Suite::Own,
        Version::V2_4 => Suite::Trixie,
    };
    let who = match configured {
        Configured::ByDebian => UNIX,
        Configured::ByHand => VIRTUAL,
    };
    let servers = Distribution { dovecot: Some((version, configured)), ..DEBIAN_2_3 };
    Case { name, target: "dovecot", suite, servers, who, reload: "doveadm reload", busy: false }
}

const CASES: [Case; 9] = [
    dovecot("dovecot-2.3", Version::V2_3, Configured::ByDebian),
    dovecot("dovecot-2.4", Version::V2_4, Configured::ByDebian),
    dovecot("dovecot-2.3-by-hand", Version::V2_3, Configured::ByHand),
    dovecot("dovecot-2.4-by-hand", Version::V2_4, Configured::ByHand),
    Case {
        name: "postfix-dovecot",
        target: "postfix-dovecot",
        suite: Suite::Own,
        servers: Distribution { postfix: true, ..DEBIAN_2_3 },
        who: UNIX,
        reload: "doveadm reload; postfix reload",
        busy: false,
    },
    Case {
        name: "postfix-saslauthd",
        target: "postfix-saslauthd",
        suite: Suite::Own,
        servers: Distribution { postfix: true, saslauthd: true, ..Distribution::NONE },
        who: VIRTUAL,
        reload: concat!(
            "for p in /proc/[0-9]*; do case $(readlink $p/exe) in */saslauthd) kill -KILL ${p#/proc/};; esac; done; ",
            "postfix reload"
        ),
        busy: false,
    },
    Case {
        name: "cyrus",
        target: "cyrus",
        suite: Suite::Cyrus,
        servers: Distribution { saslauthd: true, cyrus: true, ..Distribution::NONE },
        who: UNIX,
        reload: "for p in /proc/[0-9]*; do case $(readlink $p/exe) in */saslauthd) kill -KILL ${p#/proc/};; esac; done",
        busy: false,
    },
    Case {
        name: "exim",
        target: "exim",
        suite: Suite::Exim,
        servers: Distribution { exim: true, ..DEBIAN_2_3 },
        who: UNIX,
        reload: "doveadm reload; \
                 for p in /proc/[0-9]*; do case $(readlink $p/exe) in */exim4) kill -KILL ${p#/proc/};; esac; done",
        busy: false,
    },
    Case {
        name: "prosody",
        target: "prosody",
        suite: Suite::Others,
        servers: Distribution { saslauthd: true, prosody: true, ..Distribution::NONE },
        who: VIRTUAL,
        reload: "for p in /proc/[0-9]*; do case $(readlink $p/exe) in */saslauthd | */lua5*) kill -KILL ${p#/proc/};; esac; done",
        busy: false,
    },
];

/// One for each host, and what goes wrong.
pub fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    let one = |case: Case, what: &str, run: fn(&Stage) -> Result<(), Failed>| {
        let lab = Arc::clone(lab);
        Trial::ignorable_test(format!("setup/{}/{what}", case.name), move || on(&lab, case, run))
    };
    let mut trials: Vec<_> = CASES.map(|case| one(case, "there-and-back", there_and_back)).into();
    trials.push(one(apache::CASE, "there-and-back", apache::there_and_back));
    let [debian, ..] = CASES;
    trials.push(one(debian, "refused-by-checker", refused_by_checker));
    trials.push(one(Case { busy: true, ..debian }, "busy-file", busy_file));
    trials.push(one(debian, "changed-since", changed_since));
    trials.push(one(debian, "own-lines", own_lines));
    trials.push(one(debian, "foreign-listener", foreign_listener));
    let through = CASES.into_iter().find(|case| case.name == "postfix-dovecot");
    trials.extend(through.map(|case| one(case, "newest-first", order::newest_first)));
    trials
}

/// A host that runs.
struct Stage {
    case: Case,
    /// Some cases start it anew.
    daemon: RefCell<Apppwd>,
    host: Distributed,
}

fn on(lab: &Lab, case: Case, run: fn(&Stage) -> Result<(), Failed>) -> Result<Completion, Failed> {
    let tree = match lab.root_tree(case.suite)? {
        Ok(tree) => tree,
        Err(Absent(why)) => return Ok(Completion::ignored_with(why)),
    };
    let wanted = case.servers.dovecot.map_or(Version::V2_3, |(version, _)| version);
    match tree.dovecot() {
        _ if case.servers.dovecot.is_none() && !case.servers.postfix => {}
        Ok(found) if found == wanted => {}
        found => return Ok(Completion::ignored_with(format!("this machine's release has {found:?}"))),
    }
    let daemon = Site::new(CHEAP_ARGON2).start_activated(DAEMON_UID);
    let busy = tempfile::NamedTempFile::new()?;
    let name = "dovecot/conf.d/auth-system.conf.ext";
    let inside = if case.busy {
        std::fs::copy(tree.path().join("usr/share").join(name), busy.path())?;
        Inside::new().bind(busy.path(), format!("/etc/{name}"))
    } else if case.servers.apache {
        apache::with_daemon(Inside::new())
    } else {
        Inside::new()
    };
    let inside = inside
        .module(&tree, bin::module())
        .map(|inside| inside.bind(bin::apppw(), "/usr/local/bin/apppw").socket_dir(daemon.socket_dir()));
    let host = inside.and_then(|inside| case.servers.start(&tree, &inside)).map_err(|Failure(why)| why)?;
    run(&Stage { case, daemon: RefCell::new(daemon), host })?;
    Ok(Completion::Completed)
}

impl Stage {
    /// What a shell inside says, and its status.
    fn shell(&self, script: &str) -> Result<(i32, String), Failed> {
        let output = self.host.server.command("sh")?.args(["-c", script]).output()?;
        let text = [output.stdout, output.stderr].concat();
        Ok((output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned()))
    }

    fn shell_done(&self, script: &str) -> Result<String, Failed> {
        match self.shell(script)? {
            (0, text) => Ok(text),
            (status, text) => Err(format!("{script}: {status}: {text}").into()),
        }
    }

    /// `apppw setup TARGET ARGS --json`, its status, and the document on standard output.
    fn setup(&self, args: &[&str]) -> Result<(i32, Value), Failed> {
        self.setup_of(self.case.target, args)
    }

    fn setup_of(&self, target: &str, args: &[&str]) -> Result<(i32, Value), Failed> {
        let mut command = self.host.server.command("apppw")?;
        let output = command.args(["setup", target, "--json"]).args(args).output()?;
        let text = if output.stdout.is_empty() { &output.stderr } else { &output.stdout };
        let told =
            serde_json::from_slice(text).map_err(|e| format!("{e}: {}", String::from_utf8_lossy(text)))?;
        Ok((output.status.code().unwrap_or(-1), told))
    }

    fn expect(&self, args: &[&str], status: i32, state: &str) -> Result<Value, Failed> {
        self.expect_of(self.case.target, args, status, state)
    }

    fn expect_of(&self, target: &str, args: &[&str], status: i32, state: &str) -> Result<Value, Failed> {
        let (found, told) = self.setup_of(target, args)?;
        if found == status && told["state"] == state {
            return Ok(told);
        }
        Err(format!("{target} {args:?}: expected {status} {state}: {found} {told:#}").into())
    }

    /// Every file, link and mode of /etc, and what is in them.
    fn etc(&self) -> Result<String, Failed> {
        self.shell_done(
            "cd /etc && find . -printf '%y %m %u:%g %p %l\\n' | sort && find . -type f | sort | xargs -d '\\n' sha256sum",
        )
    }

    fn reload(&self) -> Result<(), Failed> {
        self.shell(self.case.reload).map(drop)
    }

    /// All that can log in, but for AUTH LOGIN, which a distribution's Dovecot doesn't offer.
    fn clients(&self) -> Vec<Box<dyn MailLogin>> {
        let mut clients = self.host.server.clients();
        clients.retain(|client| !client.name().ends_with("AUTH LOGIN"));
        if self.case.servers.postfix {
            let address = self.host.submission;
            clients.push(Box::new(Smtp { address, mechanism: smtp::Mechanism::Plain, pam_service: "smtp" }));
        }
        clients
    }

    /// Waits until every client is answered so.
    fn becomes(&self, user: &str, password: &str, accepted: bool) -> Result<(), Failed> {
        let deadline = Instant::now() + PATIENCE;
        let attempt = Attempt::new(user, password);
        for client in self.clients() {
            loop {
                let answer = client.login(&attempt);
                if answer.as_ref().is_ok_and(|answer| answer.accepted() == accepted) {
                    break;
                }
                if Instant::now() > deadline {
                    let log = self.host.server.log();
                    let lines: Vec<_> = log.lines().collect();
                    let log = lines[lines.len().saturating_sub(30)..].join("\n");
                    return Err(format!(
                        "{} of {user}, accepted={accepted}: {answer:?}\n{log}\n{}",
                        client.name(),
                        self.daemon.borrow().log()
                    )
                    .into());
                }
                thread::sleep(Duration::from_millis(200));
            }
        }
        Ok(())
    }
}

fn there_and_back(stage: &Stage) -> Result<(), Failed> {
    let (user, primary) = stage.case.who;
    let postfix = stage.case.servers.postfix;
    let opens_before = !postfix && !stage.case.servers.cyrus && !stage.case.servers.exim;
    if opens_before {
        stage.becomes(user, primary, true)?;
    }
    if stage.case.servers.prosody {
        // Debian makes none, and a folder can't be taken back by who writes files.
        let told = stage.expect(&["--yes"], 1, "stopped")?;
        if told["stops"][0]["id"] != "prosody-no-sasl-folder" {
            return Err(format!("{told:#}").into());
        }
        stage.shell_done("mkdir -m 755 /etc/sasl")?;
    }
    let before = stage.etc()?;
    stage.expect(&["--dry-run"], 0, "planned")?;
    same(&before, &stage.etc()?, "--dry-run")?;
    let told = stage.expect(&["--yes"], 0, "done")?;
    if told["stops"] != Value::Array(vec![]) {
        return Err(format!("{told:#}").into());
    }
    stage.expect(&["--yes"], 0, "nothing")?;
    if postfix {
        // The test's clients have no TLS: a change by somebody else, as far as --undo knows.
        stage.shell_done(
            "cp -a /etc/postfix/master.cf /root/ && \
             postconf -P submission/inet/smtpd_tls_security_level=none submission/inet/smtpd_tls_auth_only=no",
        )?;
    }
    stage.reload()?;
    let made = stage.daemon.borrow().create(user, "laptop", &["mail", "chat"]);
    stage.becomes(user, made.secret.expose(), true)?;
    stage.becomes(user, primary, false)?;
    if stage.case.servers.prosody {
        xmpp::nobody_else(stage, made.secret.expose())?;
    }
    stage.daemon.borrow().revoke(made.app_password.id);
    stage.becomes(user, made.secret.expose(), false)?;
    if postfix {
        stage.expect(&["--undo", "--yes"], 1, "conflict")?;
        stage.shell_done("cp -a /root/master.cf /etc/postfix/master.cf")?;
    }
    stage.expect(&["--undo", "--dry-run"], 0, "planned")?;
    stage.expect(&["--undo", "--yes"], 0, "undone")?;
    same(&before, &stage.etc()?, "--undo")?;
    if opens_before {
        stage.reload()?;
        stage.becomes(user, primary, true)?;
    }
    let (status, told) = stage.setup(&["--undo", "--yes"])?;
    if (status, &told["error"]["code"]) != (1, &Value::from("not_found")) {
        return Err(format!("nothing is left to undo: {status} {told:#}").into());
    }
    Ok(())
}

fn same(before: &str, after: &str, what: &str) -> Result<(), Failed> {
    let differing: Vec<_> = after
        .lines()
        .filter(|line| !before.lines().any(|other| other == *line))
        .chain(before.lines().filter(|line| !after.lines().any(|other| other == *line)))
        .collect();
    if differing.is_empty() { Ok(()) } else { Err(format!("{what}: {differing:#?}").into()) }
}

/// Whoever refuses, Dovecot or the look at what has come of it: everything is put back.
fn refused_by_checker(stage: &Stage) -> Result<(), Failed> {
    // A doveconf that finds an error in every file of ours.
    stage.shell_done(
        "printf '%s\\n' '#!/bin/sh' \
         'if [ -e /etc/dovecot/conf.d/auth-apppw.conf.ext ]; then echo doveconf: Fatal: Error in it >&2; exit 89; fi' \
         'exec /usr/bin/doveconf \"$@\"' >/usr/local/bin/doveconf && chmod 755 /usr/local/bin/doveconf",
    )?;
    let before = stage.etc()?;
    let (status, told) = stage.setup(&["--yes"])?;
    let message = told["error"]["message"].as_str().unwrap_or_default();
    if status != 1 || !message.contains("Error in it") || !message.ends_with("everything is as it was before")
    {
        return Err(format!("{status} {told:#}").into());
    }
    same(&before, &stage.etc()?, "refused")?;
    // One that shows another file than it reads.
    stage.shell_done(
        "printf '%s\\n' '#!/bin/sh' '/usr/bin/doveconf \"$@\" | sed s/return-fail/continue/ | sed s/args.=.%s/args=x/' \
         >/usr/local/bin/doveconf",
    )?;
    let (status, told) = stage.setup(&["--yes"])?;
    let message = told["error"]["message"].as_str().unwrap_or_default();
    if status != 1 || !message.contains("doesn't show the passdb of apppw") {
        return Err(format!("{status} {told:#}").into());
    }
    same(&before, &stage.etc()?, "not what was meant")?;
    let kept = stage.shell_done("find /var/lib/apppw-setup -type f")?;
    // The shell may complain that it has no folder to be in.
    let kept: Vec<_> = kept.lines().filter(|line| line.starts_with('/')).collect();
    if kept == ["/var/lib/apppw-setup/lock"] { Ok(()) } else { Err(format!("{kept:?}").into()) }
}

/// The last file can't be replaced: a mount lies on it. The others don't stay.
fn busy_file(stage: &Stage) -> Result<(), Failed> {
    let before = stage.etc()?;
    let (status, told) = stage.setup(&["--yes"])?;
    let message = told["error"]["message"].as_str().unwrap_or_default();
    if status != 1 || !message.contains("can't write /etc/dovecot/conf.d/auth-system.conf.ext") {
        return Err(format!("{status} {told:#}").into());
    }
    same(&before, &stage.etc()?, "not writable")
}

/// What somebody has changed since isn't overwritten, and what another target needs isn't taken away.
fn changed_since(stage: &Stage) -> Result<(), Failed> {
    let before = stage.etc()?;
    stage.expect(&["--yes"], 0, "done")?;
    stage.shell_done("echo '# ours' >>/etc/pam.d/imap")?;
    let changed = stage.etc()?;
    let told = stage.expect(&["--undo", "--yes"], 1, "conflict")?;
    if told["files"][0]["path"] != "/etc/pam.d/imap" || told["files"].as_array().map(Vec::len) != Some(1) {
        return Err(format!("{told:#}").into());
    }
    same(&changed, &stage.etc()?, "conflict")?;
    // A second run that changes something on top of it, and both undone.
    stage.shell_done("sed -i '$d' /etc/pam.d/imap && rm /etc/pam.d/pop3")?;
    stage.expect(&["--yes"], 0, "done")?;
    stage.shell_done("rm /etc/pam.d/pop3")?;
    stage.expect(&["--undo", "--yes"], 0, "undone")?;
    same(&before, &stage.etc()?, "both")
}

/// A stack that a site has thought of for itself, and a way to log in that PAM can't serve.
fn own_lines(stage: &Stage) -> Result<(), Failed> {
    stage.shell_done("echo 'auth required pam_access.so' >/etc/pam.d/imap")?;
    let before = stage.etc()?;
    let told = stage.expect(&["--yes"], 1, "stopped")?;
    if told["stops"][0]["id"] != "pam-own-lines" || told["paste"].as_array().is_none_or(Vec::is_empty) {
        return Err(format!("{told:#}").into());
    }
    stage.shell_done(
        "rm /etc/pam.d/imap && echo 'auth_mechanisms = plain cram-md5' >/etc/dovecot/conf.d/98-x.conf",
    )?;
    let told = stage.expect(&["--yes"], 1, "stopped")?;
    if told["stops"][0]["id"] != "dovecot-other-mechanisms" {
        return Err(format!("{told:#}").into());
    }
    stage.shell_done(
        "rm /etc/dovecot/conf.d/98-x.conf && mv /etc/pam.d/dovecot /etc/pam.d/dovecot.own && \
         ln -s dovecot.own /etc/pam.d/imap",
    )?;
    let told = stage.expect(&["--yes"], 1, "stopped")?;
    if !told["stops"][0]["message"]
        .as_str()
        .is_some_and(|message| message.contains("symbolic link to dovecot.own"))
    {
        return Err(format!("{told:#}").into());
    }
    stage.shell_done(
        "rm /etc/pam.d/imap && mv /etc/pam.d/dovecot.own /etc/pam.d/dovecot && \
         echo 'auth required pam_access.so' >/etc/pam.d/imap",
    )?;
    same(&before, &stage.etc()?, "stopped")
}

/// Where somebody who isn't root listens the module would send nothing: nothing is written, even though nothing else stands
/// against it.
fn foreign_listener(stage: &Stage) -> Result<(), Failed> {
    let before = stage.etc()?;
    let (ours, aside) = (stage.daemon.borrow().auth_socket(), stage.daemon.borrow().path("run/ours"));
    let open_to_all = stage.daemon.borrow().path("theirs");
    fs::create_dir(&open_to_all)?;
    fs::set_permissions(&open_to_all, fs::Permissions::from_mode(0o777))?;
    let listener = bind_as(65534, &open_to_all.join("sock"))?;
    fs::rename(&ours, &aside)?;
    fs::rename(open_to_all.join("sock"), &ours)?;
    let told = stage.expect(&["--yes"], 1, "stopped");
    drop(listener);
    fs::rename(&aside, &ours)?;
    let told = told?;
    if told["stops"][0]["id"] != "auth-listener" {
        return Err(format!("{told:#}").into());
    }
    same(&before, &stage.etc()?, "stopped")?;
    stage.expect(&["--yes"], 0, "done").map(drop)
}
