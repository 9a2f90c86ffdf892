//! `make bench`: what a login through apppw costs beside its peers, all in one run.

mod bed;
mod peers;
mod pin;
mod report;
mod rounds;
mod sections;
mod stats;

use report::Section;
use std::fmt::Write;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// How much of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// The figures that the goals are for.
    Full,
    /// Under two minutes: to see that nothing is far off.
    Quick,
}

impl Effort {
    /// How many rounds.
    pub const fn rounds(self, full: usize, quick: usize) -> usize {
        match self {
            Self::Full => full,
            Self::Quick => quick,
        }
    }

    /// How many of something: a tenth, if it is to be quick.
    pub const fn count(self, full: usize) -> usize {
        match self {
            Self::Full => full,
            Self::Quick => full.div_ceil(10),
        }
    }
}

/// A chapter by its name on the command line.
type Chapter = (&'static str, fn(Effort) -> Vec<Section>);

const CHAPTERS: &[Chapter] = &[
    ("libpam", sections::libpam::run),
    ("number", sections::number::run),
    ("size", sections::size::run),
    ("dovecot", sections::dovecot::run),
    ("flood", sections::flood::run),
    ("storm", sections::storm::run),
    ("mutations", sections::mutations::run),
    ("rest", sections::rest::run),
];

/// Set in the process that has a mount namespace of its own.
const INSIDE: &str = "APPPW_BENCH_INSIDE";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some((role, rest)) = args.split_first()
        && role == sections::host::ROLE
    {
        return sections::host::main(rest);
    }
    if std::env::var_os(INSIDE).is_none() {
        panic!("can't run in a mount namespace of its own (root only): {}", enter(&args));
    }
    let effort = if args.iter().any(|arg| arg == "--quick") { Effort::Quick } else { Effort::Full };
    let wanted: Vec<&String> = args.iter().filter(|arg| !arg.starts_with("--")).collect();
    let chapters =
        CHAPTERS.iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|arg| arg == name));
    let mut text = format!("# What a login costs\n\n{}\n", machine());
    for (name, run) in chapters {
        eprintln!("bench: {name} ...");
        for section in run(effort) {
            let _ = write!(text, "## {}\n\n{}", section.title, section.text);
        }
    }
    println!("{text}");
    if wanted.is_empty() && effort == Effort::Full {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/REPORT.md");
        std::fs::write(path, text).expect("the report can be written");
    }
}

/// Runs this program again where `/etc/passwd` and `/etc/shadow` are the peers'; returns only if
/// that fails.
fn enter(args: &[String]) -> std::io::Error {
    let dir = std::env::temp_dir().join(format!("apppw-bench-etc-{}", std::process::id()));
    let files = [("passwd", peers::PASSWD), ("shadow", peers::SHADOW)];
    let made = std::fs::create_dir(&dir)
        .and_then(|()| files.iter().try_for_each(|(name, text)| std::fs::write(dir.join(name), text)));
    if let Err(error) = made {
        return error;
    }
    let script = "mount --bind \"$1/passwd\" /etc/passwd && mount --bind \"$1/shadow\" /etc/shadow && rm -r \"$1\" && shift && exec \"$@\"";
    let this = std::env::current_exe().unwrap_or_default();
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", script, "sh"]);
    command.arg(dir).arg(this).args(args).env(INSIDE, "1").exec()
}

/// A sentence on the machine.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = read("/proc/meminfo");
    let kib = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse::<u64>().ok());
    format!(
        "On {cores} cores of {}, {} GiB, Linux {}. All figures are ratios to a peer of the same run, whose rounds take turns; \
         absolute times are of this machine in this hour.\n",
        model.unwrap_or("an unknown processor"),
        kib.unwrap_or(0) / (1 << 20),
        read("/proc/sys/kernel/osrelease").trim()
    )
}
