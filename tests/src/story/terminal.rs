//! A pseudo-terminal: util-linux's `script`, with a size and a taste.

use crate::clock::Clock;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a command is run at.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// Its width.
    pub columns: u16,
    /// Whether it may show colours (`NO_COLOR` is set if not).
    pub color: bool,
}

impl Terminal {
    /// Runs `line` in sh, `sudo` meaning nothing (root is here already), and returns what was shown.
    pub(super) fn run(self, line: &str, admin_socket: &Path, clock: &Clock) -> String {
        let path = std::env::var("PATH").unwrap_or_default();
        let script = format!("stty cols {} rows 50; sudo() {{ \"$@\"; }}\n{line}", self.columns);
        let mut command = Command::new("script");
        command
            .args(["-qec", &script, "/dev/null"])
            .env_clear()
            .env("PATH", format!("{}:{path}", crate::bin::dir().display()))
            .env("SHELL", "/bin/sh")
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .env("APPPW_SOCKET", admin_socket)
            .stdin(Stdio::null());
        if !self.color {
            command.env("NO_COLOR", "1");
        }
        let output = clock.drive(command).output().expect("script (util-linux)");
        String::from_utf8(output.stdout).expect("text").replace("\r\n", "\n")
    }
}
