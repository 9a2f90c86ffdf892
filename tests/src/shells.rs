//! The distribution's shells with the completion that `make install` puts beside them: what they offer, and what
//! they put into the line.

use crate::apppwd::Apppwd;
use crate::servers::inside::Inside;
use crate::servers::namespace::{Running, enter};
use crate::servers::tree::{Suite, Tree};
use crate::servers::{Failure, Result};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where a command leaves its arguments, a line each.
const ARGUMENTS: &str = "/mnt/arguments";

/// What the shells need besides, and a sign that all is there.
const PREPARE: &str = "mkdir -p /tmp /root; ln -s pts/ptmx /dev/ptmx; echo entered; exec sleep infinity";

/// A shell that can complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// GNU bash.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
}

impl Shell {
    /// Each.
    pub const ALL: [Self; 3] = [Self::Bash, Self::Zsh, Self::Fish];

    /// Where the script is in the source, and where distributions expect it.
    fn script(self) -> (&'static str, &'static str) {
        match self {
            Self::Bash => ("apppw.bash", "/usr/share/bash-completion/completions/apppw"),
            Self::Zsh => ("apppw.zsh", "/usr/share/zsh/vendor-completions/_apppw"),
            Self::Fish => ("apppw.fish", "/usr/share/fish/vendor_completions.d/apppw.fish"),
        }
    }

    /// The interactive shell, and the line that makes it ready.
    fn interactive(self) -> (&'static str, String) {
        let (_, script) = self.script();
        match self {
            Self::Bash => (
                "bash --norc --noprofile -i",
                format!(
                    "PS1='> '; set +H; source {script}; apppw() {{ printf '%s\\n' \"$@\" >{ARGUMENTS}.new; mv {ARGUMENTS}.new {ARGUMENTS}; }}"
                ),
            ),
            Self::Zsh => (
                "zsh -f -i",
                format!(
                    "PS1='> '; unsetopt list_ambiguous; autoload -Uz compinit; compinit -u -D; apppw() {{ print -rl -- \"$@\" >{ARGUMENTS}.new; mv {ARGUMENTS}.new {ARGUMENTS} }}"
                ),
            ),
            Self::Fish => (
                "fish -i",
                format!(
                    "function apppw; printf '%s\\n' $argv >{ARGUMENTS}.new; mv {ARGUMENTS}.new {ARGUMENTS}; end"
                ),
            ),
        }
    }
}

/// Unpacked shells, on a daemon.
pub struct Shells {
    inside: Running,
}

impl Shells {
    /// `None`: this machine's apt sources don't have them.
    ///
    /// # Errors
    /// If they can't be unpacked or entered.
    pub fn unpack(daemon: &Apppwd) -> Result<Option<Self>> {
        let Some(tree) = Tree::unpack(Suite::Tools)? else { return Ok(None) };
        let typing = Path::new(env!("CARGO_MANIFEST_DIR")).join("tree/type.zsh");
        let mut inside = Inside::new()
            .bind(crate::bin::apppw(), "/usr/bin/apppw")
            .file("/mnt/type.zsh", std::fs::read_to_string(typing)?)
            // For terminals.
            .bind("/dev/pts", "/dev/pts")
            .socket_dir(daemon.socket_dir());
        for shell in Shell::ALL {
            let (name, installed) = shell.script();
            inside = inside.file(installed, std::fs::read_to_string(source(name))?);
        }
        let inside = enter(&tree, &inside, &["sh", "-c", PREPARE])?;
        inside.wait_for_log("entered", Duration::from_secs(20))?;
        Ok(Some(Self { inside }))
    }

    /// What the shell offers at the end of a line, as far as it tells without a terminal: zsh doesn't.
    ///
    /// # Errors
    /// If the shell fails or says anything on stderr.
    pub fn offered(&self, shell: Shell, line: &str) -> Result<Vec<String>> {
        let (_, script) = shell.script();
        let offered = match shell {
            Shell::Bash => {
                let ask = format!(
                    "source {script}; COMP_LINE=$1 COMP_POINT=${{#1}}; read -ra COMP_WORDS <<<\"$1\"
                     COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _apppw apppw '' ''
                     [ ${{#COMPREPLY[@]}} = 0 ] || printf '%s\\n' \"${{COMPREPLY[@]}}\""
                );
                self.run("bash", &["--norc", "-c", &ask, "bash", line])?
            }
            Shell::Fish => self.run("fish", &["-c", "complete -C $argv[1]", line])?,
            Shell::Zsh => self.type_in(shell, &[line])?,
        };
        Ok(offered.lines().map(str::to_owned).collect())
    }

    /// Types a line into the shell on a terminal, presses Tab and Return: the words that the command got.
    ///
    /// # Errors
    /// If it wasn't run.
    pub fn arguments(&self, shell: Shell, line: &str) -> Result<Vec<String>> {
        self.run("rm", &["-f", ARGUMENTS])?;
        self.type_in(shell, &[line, ARGUMENTS])?;
        Ok(self.run("cat", &[ARGUMENTS])?.lines().map(str::to_owned).collect())
    }

    fn type_in(&self, shell: Shell, args: &[&str]) -> Result<String> {
        let (command, preparation) = shell.interactive();
        let preparation = format!("{preparation}; echo prepared-\"\"42");
        self.run("zsh", &[&["-f", "/mnt/type.zsh", command, &preparation], args].concat())
    }

    /// Whether there is such a file inside.
    ///
    /// # Errors
    /// If the tree can't be entered.
    pub fn has_file(&self, path: &str) -> Result<bool> {
        Ok(self.inside.command("test")?.args(["-e", path]).status()?.success())
    }

    fn run(&self, program: &str, args: &[&str]) -> Result<String> {
        // nsenter leaves its child in a folder of the host's.
        let mut command = self.inside.command("env")?;
        command.env("HOME", "/root").args(["--chdir=/", program]).args(args);
        let output = command.output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        if output.status.success() && stderr.is_empty() {
            return Ok(stdout);
        }
        Err(Failure(format!("{program} {args:?}: {}\n{stdout}{stderr}", output.status)))
    }
}

/// A completion script in the source.
fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../apppw-cli/completion").join(name)
}
