//! The PAM host of these logins: a process of its own, whose syslog is a file.

use apppw_tests::cc;
use apppw_tests::pam::syslog;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const SOURCE: &str = include_str!("host.c");

/// A running host.
pub struct Host {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
    folder: PathBuf,
}

/// What PAM said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// `pam_authenticate`
    pub authenticate: i32,
    /// `pam_acct_mgmt`; -1: not asked.
    pub account: i32,
}

impl Host {
    /// Builds it in that folder and starts it on these stacks, with that in its environment.
    ///
    /// # Panics
    /// If it doesn't compile or start.
    pub fn start(folder: &Path, stacks: &Path, environment: (&str, &str)) -> Self {
        let (source, program) = (folder.join("host.c"), folder.join("host"));
        std::fs::write(&source, SOURCE).expect("the host's source");
        cc::compile(&["-O1"], &[&source], &program);
        let mut child = Command::new(&program)
            .arg(stacks)
            .env_clear()
            .env(environment.0, environment.1)
            .env("LD_PRELOAD", syslog::shim(folder))
            .env(syslog::FILE, folder.join("syslog"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the host starts");
        let (ask, answers) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        Self { child, ask, answers: BufReader::new(answers), folder: folder.to_owned() }
    }

    /// A login, and what comes behind it.
    ///
    /// # Panics
    /// If the host ends.
    pub fn login(&mut self, service: &str, user: &str, password: &str) -> Said {
        writeln!(self.ask, "{service}\t{user}\t192.0.2.7\t{password}").expect("the host reads");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the host answers");
        let mut codes = line.split_whitespace().map(|code| code.parse().expect("a code"));
        let mut next = || codes.next().unwrap_or_else(|| panic!("the host ended"));
        Said { authenticate: next(), account: next() }
    }

    /// Has it keep that in memory, as a line that is not ended.
    ///
    /// # Panics
    /// If the host ends.
    pub fn begin(&mut self, text: &str) {
        self.ask.write_all(text.as_bytes()).expect("the host reads");
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// All that its modules have said to syslog.
    pub fn syslog(&self) -> Vec<u8> {
        std::fs::read(self.folder.join("syslog")).unwrap_or_default()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
