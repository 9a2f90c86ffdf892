//! A mail host with Dovecot, the module and a daemon, as an administrator would have set it up.

use apppw_tests::activate::DAEMON_UID;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::bin;
use apppw_tests::servers::dovecot::Dovecot;
use apppw_tests::servers::host::MailServer;
use apppw_tests::servers::inside::Inside;
use apppw_tests::servers::rootless;
use apppw_tests::servers::tree::{Suite, Tree};
use serde_json::Value;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The test's Dovecot runs without TLS. Only its configuration is looked at: from here on it has it.
const WITH_TLS: &str = "echo x >/etc/dovecot/tls; sed -i -e 's/^ssl = no/ssl = required/' -e 's/^disable_plaintext_auth = no//' \
                        /etc/dovecot/dovecot.conf; printf 'ssl_cert = </etc/dovecot/tls\nssl_key = </etc/dovecot/tls\n' \
                        >>/etc/dovecot/dovecot.conf";

/// As the unit makes it; outside there may be no such group.
const GROUP: &str = "chgrp apppw-auth /run/apppwd/auth.sock";

/// What `other` should be: it is read at each login.
const DENY: &str = "auth required pam_deny.so\naccount required pam_deny.so\npassword required pam_deny.so\nsession required pam_deny.so\n";

/// What Dovecot asks as.
const SERVICES: [&str; 5] = ["imap", "pop3", "sieve", "submission", "smtp"];

pub struct Host {
    server: MailServer,
    daemon: Option<Apppwd>,
    stopped: Option<Site>,
    /// Of the daemon, in the host's shell: `$STATE`, `$KEY`, `$MODULE`.
    variables: Vec<(&'static str, String)>,
}

/// A line of the result.
pub struct Line {
    pub state: String,
    pub id: String,
    pub what: String,
    pub remedy: Option<String>,
}

/// What `apppw doctor` said.
pub struct Found {
    pub status: i32,
    pub ok: bool,
    pub lines: Vec<Line>,
    /// For whoever reads why a test failed.
    pub text: String,
}

impl Found {
    /// What is not ok: id and state.
    pub fn troubles(&self) -> Vec<(String, String)> {
        let troubles = self.lines.iter().filter(|line| line.state != "ok");
        troubles.map(|line| (line.id.clone(), line.state.clone())).collect()
    }
}

impl Host {
    /// `None`: can't be run here, and has said why.
    pub fn start() -> Option<Host> {
        if rootless() {
            println!("skipped: not run as root");
            return None;
        }
        let tree = match Tree::unpack(Suite::Own).expect("a tree of the distribution's packages") {
            Some(tree) => tree,
            None => {
                println!("skipped: this machine's apt sources have no mirror for the packages");
                return None;
            }
        };
        let daemon = Site::new(CHEAP_ARGON2).start_activated(DAEMON_UID);
        let module = tree.module_path().expect("where libpam looks");
        let place = daemon.path("");
        let inside = Inside::new()
            .file(module.clone(), std::fs::read(bin::module()).expect("the module"))
            .bind(bin::apppw(), "/usr/local/bin/apppw")
            // The daemon tells where its files are, and there they are looked at.
            .bind(place.clone(), place.display().to_string())
            .socket_dir(daemon.socket_dir())
            // Root's configuration says the same: for what only the daemon names no command is given.
            .file(
                "/etc/apppw/apppwd.toml",
                format!("state_dir = {:?}\nkey_dir = {:?}\n", daemon.path("state"), daemon.path("key")),
            )
            .file("/etc/pam.d/other", DENY);
        let stack = Inside::packaging("pam/app-passwords-only").expect("a stack");
        let inside = SERVICES.iter().fold(inside, |inside, service| inside.pam(service, &stack));
        let server =
            Dovecot::new(tree.dovecot().expect("a Dovecot")).start(&tree, &inside).expect("Dovecot starts");
        let variables = vec![
            ("MODULE", module),
            ("STATE", daemon.path("state").display().to_string()),
            ("KEY", daemon.path("key").display().to_string()),
        ];
        let host = Host { server, daemon: Some(daemon), stopped: None, variables };
        host.inside(WITH_TLS);
        host.inside(GROUP);
        host.note_backup(now());
        Some(host)
    }

    fn daemon(&self) -> &Site {
        self.daemon.as_deref().or(self.stopped.as_ref()).expect("a daemon or its place")
    }

    /// As if `apppw backup` had been run then.
    pub fn note_backup(&self, at: i64) {
        let edit = format!("REPLACE INTO meta VALUES ('last_backup', CAST('{at}' AS BLOB))");
        let database = self.daemon().path("state/apppw.db");
        let done = Command::new("sqlite3").arg(database).arg(edit).status();
        assert!(done.expect("sqlite3 (Debian: sqlite3) runs").success());
    }

    /// A script, as root inside.
    pub fn inside(&self, script: &str) {
        let mut command = self.server.command("sh").expect("a shell inside");
        command.args(["-euc", script]).envs(self.variables.iter().map(|(name, value)| (*name, value)));
        // saslauthd ends its whole process group, which must not be ours.
        let run = command.process_group(0).output().expect("it runs");
        assert!(run.status.success(), "{script}: {}", String::from_utf8_lossy(&run.stderr));
    }

    /// Everything that `apppw users` has, in its own words.
    pub fn accounts(&self) -> String {
        let run = self.server.command("apppw").expect("apppw inside").args(["users", "--csv"]).output();
        let said = String::from_utf8_lossy(&run.expect("it runs").stdout).into_owned();
        said.lines().skip(1).map(|line| format!("{line}\n")).collect()
    }

    pub fn doctor(&self, options: &[&str]) -> Found {
        let mut command = self.server.command("apppw").expect("apppw inside");
        found(command.args(["doctor", "--json"]).args(options))
    }

    /// As an ordinary user.
    pub fn doctor_as(&self, uid: u32, options: &[&str]) -> Found {
        let as_root = self.server.command("apppw").expect("apppw inside");
        let before: Vec<_> = as_root.get_args().collect();
        let (program, enter) = before.split_last().expect("a program");
        let mut command = Command::new(as_root.get_program());
        command.env_clear().envs(as_root.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.args(enter).args([format!("--setuid={uid}"), format!("--setgid={uid}")]).arg(program);
        found(command.args(["doctor", "--json"]).args(options))
    }

    pub fn stop_daemon(&mut self) {
        self.stopped = self.daemon.take().map(Apppwd::kill);
    }

    pub fn close_sockets(&mut self) {
        self.stopped.as_mut().expect("a daemon that was stopped").close_sockets();
    }

    pub fn start_daemon(&mut self) {
        self.daemon = self.stopped.take().map(|site| site.start_activated(DAEMON_UID));
        self.inside(GROUP);
    }
}

fn found(command: &mut Command) -> Found {
    let run = command.output().expect("apppw runs");
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    let value: Value = serde_json::from_str(&said)
        .unwrap_or_else(|e| panic!("{e}: {said}{}", String::from_utf8_lossy(&run.stderr)));
    let word = |line: &Value, name: &str| line[name].as_str().map(str::to_owned);
    let lines: Vec<Line> = value["lines"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| Line {
            state: word(line, "state").unwrap_or_default(),
            id: word(line, "id").unwrap_or_default(),
            what: word(line, "what").unwrap_or_default(),
            remedy: word(line, "remedy"),
        })
        .collect();
    let told =
        |line: &Line| format!("  {:8} {:18} {}\n    -> {:?}\n", line.state, line.id, line.what, line.remedy);
    let text = lines.iter().map(told).collect();
    Found { status: run.status.code().unwrap_or(-1), ok: value["ok"] == true, lines, text }
}

fn now() -> i64 {
    let since =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a time")
}
