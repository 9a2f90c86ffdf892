//! The daemon's arguments.

use clap::Parser;
use std::path::PathBuf;

/// Checks app passwords for pam_apppw and manages them for apppw.
#[derive(Debug, Parser)]
#[command(
    name = "apppwd",
    version,
    about,
    after_help = "See apppwd(8), and apppwd.toml(5) for what can be set."
)]
pub struct Args {
    /// Configuration file [default: /etc/apppw/apppwd.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Only check the configuration; say what is wrong with it and exit
    #[arg(long)]
    pub check: bool,

    /// Make an empty database though this host had one, and exit (key and journal are kept)
    #[arg(long)]
    pub init: bool,

    /// Give up a server key that is lost for good: revoke the app passwords that need it, make another
    /// key if there is none, and exit
    #[arg(long, conflicts_with = "init")]
    pub key_lost: bool,

    /// Put a backup, read from standard input, in the place of the database, and exit (see apppw-restore(1))
    #[arg(long, conflicts_with_all = ["check", "init", "key_lost"])]
    pub restore: bool,
}

/// What a start is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// To serve.
    Serve,
    /// `--init`
    Init,
    /// `--key-lost`
    KeyLost,
}

impl Args {
    /// What the start is for.
    #[must_use]
    pub const fn task(&self) -> Task {
        match (self.init, self.key_lost) {
            (true, _) => Task::Init,
            (false, true) => Task::KeyLost,
            (false, false) => Task::Serve,
        }
    }
}
