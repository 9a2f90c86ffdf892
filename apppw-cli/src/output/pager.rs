//! Long results in pages, as git does.
//!
//! A pager can do more than show: less runs commands and editors. Who may run apppw with more
//! rights than his own, by a rule of sudoers that names it, mustn't get a shell by that. So with
//! rights that aren't those of the login, `$APPPW_PAGER` and `$PAGER` can only turn paging off,
//! the pager is less and nothing else that goes by that name, and it is told `LESSSECURE=1`: the
//! rules of systemd (systemctl(1), SYSTEMD_PAGERSECURE).

use super::terminal::{self, Stream};
use super::{fit, width};
use crate::exit::Failure;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Uid;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// What sh says of a command that it can't find or run.
const NOT_RUN: [i32; 2] = [126, 127];

/// What configures less, and could make it run something.
const LESS_VARIABLES: [&str; 9] = [
    "LESS",
    "LESSOPEN",
    "LESSCLOSE",
    "LESSEDIT",
    "LESSKEY",
    "LESSKEYIN",
    "LESSKEY_SYSTEM",
    "LESSKEYIN_SYSTEM",
    "LESSKEY_CONTENT",
];

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

/// Whose rights a process has, and who logged in.
struct Rights {
    real: u32,
    effective: u32,
    /// As the kernel's audit keeps it (pam_loginuid(8)); none: it doesn't tell.
    login: Option<u32>,
}

impl Rights {
    fn of_this_process() -> Self {
        const UNSET: u32 = u32::MAX;
        let login = std::fs::read_to_string("/proc/self/loginuid").ok();
        let login = login.and_then(|login| login.trim().parse().ok()).filter(|login| *login != UNSET);
        Self { real: Uid::current().as_raw(), effective: Uid::effective().as_raw(), login }
    }

    /// Whether they are another's than his who sits at the terminal. Of root that is believed
    /// unless it is known better: there is most to be had from him.
    const fn are_elevated(&self) -> bool {
        let Self { real, effective, login } = *self;
        match login {
            Some(login) => login != effective || real != effective,
            None => effective == 0 || real != effective,
        }
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
            LESS_VARIABLES.iter().for_each(|name| {
                command.env_remove(name);
            });
            command.envs([("LESS", "FRX"), ("LESSSECURE", "1")]);
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

/// less itself: others of its name (busybox) know nothing of `LESSSECURE`.
fn less() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|dir| dir.join("less")).find(|file| file.is_file())?;
    let real = found.canonicalize().ok()?;
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
        let set: Vec<_> =
            command.get_envs().map(|(name, value)| (name.to_owned(), value.is_some())).collect();
        for name in LESS_VARIABLES.iter().filter(|name| **name != "LESS") {
            assert!(set.contains(&((*name).into(), false)), "{name}");
        }
        let value = |name: &str| command.get_envs().find(|(n, _)| *n == name).and_then(|(_, value)| value);
        assert_eq!(value("LESSSECURE"), Some("1".as_ref()));
        assert_eq!(value("LESS"), Some("FRX".as_ref()));
        assert!(command.get_program().to_string_lossy().starts_with('/'));
    }

    #[test]
    fn rights_are_elevated_unless_they_are_those_of_the_login() {
        let elevated = |real, effective, login| Rights { real, effective, login }.are_elevated();
        assert!(elevated(0, 0, Some(1000)), "sudo");
        assert!(elevated(0, 0, None), "root, and nobody knows whence");
        assert!(!elevated(0, 0, Some(0)), "root at the console");
        assert!(!elevated(1000, 1000, Some(1000)));
        assert!(!elevated(1000, 1000, None));
        assert!(elevated(1001, 1001, Some(1000)), "sudo -u bob");
        assert!(elevated(1000, 0, None), "setuid");
    }
}
