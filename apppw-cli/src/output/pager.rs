//! Long results in pages, as git does.
//!
//! A pager can do more than show: less runs commands and editors, and writes files. Who may run apppw
//! with more rights than his own, by a rule of sudoers that names it, mustn't get a shell by that. So
//! for root, and for whoever came by sudo or its like, `$APPPW_PAGER` and `$PAGER` can only turn paging
//! off, the pager is the system's less and nothing else, it is told `LESSSECURE=1`, and of the
//! environment it gets only what says how to show: the rules of systemd (systemctl(1),
//! SYSTEMD_PAGERSECURE), and stricter.

use super::terminal::{self, Stream};
use super::{fit, width};
use crate::exit::Failure;
use crate::rights::Rights;
use nix::sys::signal::{SigSet, Signal};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// What sh says of a command that it can't find or run.
const NOT_RUN: [i32; 2] = [126, 127];

/// Where less is, if it is the system's.
const LESS: [&str; 2] = ["/usr/bin/less", "/bin/less"];

/// What says how text is shown; all else stays away from a less that must be secure.
const HARMLESS: [&str; 6] = ["TERM", "COLUMNS", "LINES", "LANG", "LC_ALL", "LC_CTYPE"];

static NEVER: OnceLock<()> = OnceLock::new();

/// Says once for all that nothing is paged.
pub fn never() {
    let _ = NEVER.set(());
}

/// Prints to standard output, through the pager if that is a terminal on which `text` is too
/// long. Who leaves the pager early has what he wanted: that is no failure.
pub fn print(text: &str) -> Result<(), Failure> {
    if !terminal::stdout_is_terminal() || NEVER.get().is_some() || !is_longer_than_the_screen(text) {
        return super::print(text.as_bytes());
    }
    let var = |name| std::env::var(name).ok();
    let pager = choose(var("APPPW_PAGER"), var("PAGER"), Rights::of_this_process().are_elevated());
    let shown = pager.is_some_and(|pager| show(pager, text));
    if shown { Ok(()) } else { super::print(text.as_bytes()) }
}

fn is_longer_than_the_screen(text: &str) -> bool {
    let size = terminal::size(Stream::Stdout);
    let rows = size.map_or(0, |size| usize::from(size.rows));
    let columns = fit::Fit::of(Stream::Stdout).limit().unwrap_or(usize::MAX);
    // A terminal that doesn't know how high it is has no screens to fill.
    rows > 0 && text.lines().map(|line| width::width(line).div_ceil(columns).max(1)).sum::<usize>() >= rows
}

/// What shows the pages.
#[derive(Debug, PartialEq, Eq)]
enum Pager {
    /// A command for sh, as somebody has set it.
    Chosen(String),
    /// less, as it is found.
    Less,
    /// less, of which nothing is wanted but to show.
    SecureLess,
}

fn choose(ours: Option<String>, everyones: Option<String>, elevated: bool) -> Option<Pager> {
    let chosen = ours.or(everyones).map(|pager| pager.trim().to_owned());
    match chosen {
        Some(pager) if pager.is_empty() || pager == "cat" => None,
        _ if elevated => Some(Pager::SecureLess),
        Some(pager) => Some(Pager::Chosen(pager)),
        None => Some(Pager::Less),
    }
}

/// Whether the pager was run and shown what it wanted to see.
fn show(pager: Pager, text: &str) -> bool {
    let Some(mut command) = command(pager) else { return false };
    let Ok(mut child) = command.stdin(Stdio::piped()).spawn() else { return false };
    // They are the pager's: less ends a search with them, and must not be left alone with the terminal.
    // We are about to end, so that is not taken back.
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    signals.add(Signal::SIGQUIT);
    let _ = signals.thread_block();
    let written = write(&mut child, text);
    let ended = child.wait();
    let was_run = ended.is_ok_and(|status| !status.code().is_some_and(|code| NOT_RUN.contains(&code)));
    was_run && written
}

/// False if it can't be known how much of it was read.
fn write(child: &mut Child, text: &str) -> bool {
    let Some(mut pages) = child.stdin.take() else { return false };
    match pages.write_all(text.as_bytes()) {
        Ok(()) => true,
        Err(error) => error.kind() == io::ErrorKind::BrokenPipe,
    }
}

fn command(pager: Pager) -> Option<Command> {
    match pager {
        Pager::Chosen(line) => {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", &line]);
            set_unless_set(&mut command);
            Some(command)
        }
        Pager::Less => {
            let mut command = Command::new("less");
            set_unless_set(&mut command);
            Some(command)
        }
        Pager::SecureLess => {
            let mut command = Command::new(less()?);
            command.env_clear();
            command.envs(HARMLESS.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))));
            // Without a history: it would be a file of the caller's choice, written with our rights.
            command.envs([("LESS", "FRX"), ("LESSSECURE", "1"), ("LESSHISTFILE", "-")]);
            Some(command)
        }
    }
}

/// As git sets it: end at once if it fits, show colours, leave the result on the screen.
fn set_unless_set(command: &mut Command) {
    if std::env::var_os("LESS").is_none() {
        command.env("LESS", "FRX");
    }
}

/// less itself, wherever `PATH` leads: others of its name (busybox) know nothing of `LESSSECURE`.
fn less() -> Option<PathBuf> {
    let real = LESS.iter().find_map(|file| PathBuf::from(file).canonicalize().ok())?;
    (real.file_name()? == "less").then_some(real)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_comes_first_then_everyones_then_less() {
        let choose = |ours: Option<&str>, everyones: Option<&str>| {
            choose(ours.map(str::to_owned), everyones.map(str::to_owned), false)
        };
        let chosen = |line: &str| Some(Pager::Chosen(line.to_owned()));
        assert_eq!(choose(Some("most -w"), Some("more")), chosen("most -w"));
        assert_eq!(choose(None, Some("more")), chosen("more"));
        assert_eq!(choose(None, None), Some(Pager::Less));
        for off in ["", " ", "cat"] {
            assert_eq!(choose(Some(off), Some("more")), None, "{off:?}");
            assert_eq!(choose(None, Some(off)), None, "{off:?}");
        }
    }

    #[test]
    fn with_anothers_rights_the_environment_only_turns_it_off() {
        let choose = |ours: Option<&str>| choose(ours.map(str::to_owned), Some("sh -c evil".into()), true);
        assert_eq!(choose(Some("sh")), Some(Pager::SecureLess));
        assert_eq!(choose(None), Some(Pager::SecureLess));
        assert_eq!(choose(Some("cat")), None);
    }

    #[test]
    fn a_secure_less_is_told_so_and_nothing_else() {
        // Where there is no less there are no pages.
        let Some(command) = command(Pager::SecureLess) else { return };
        let value = |name: &str| command.get_envs().find(|(n, _)| *n == name).and_then(|(_, value)| value);
        assert_eq!(value("LESSSECURE"), Some("1".as_ref()));
        assert_eq!(value("LESS"), Some("FRX".as_ref()));
        assert_eq!(value("LESSHISTFILE"), Some("-".as_ref()));
        let ours = ["LESS", "LESSSECURE", "LESSHISTFILE"];
        let names = command.get_envs().map(|(name, _)| name.to_string_lossy().into_owned());
        let others: Vec<_> = names.filter(|name| !ours.contains(&name.as_str())).collect();
        assert!(others.iter().all(|name| HARMLESS.contains(&name.as_str())), "{others:?}");
        assert!(command.get_program().to_string_lossy().starts_with('/'));
    }
}
