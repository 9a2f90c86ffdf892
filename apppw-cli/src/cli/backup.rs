//! `apppw backup` and `apppw restore`.

use super::Yes;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  apppw backup /var/backups/apppw.db   A file that isn't there yet, for its owner alone
  apppw backup - | gpg -e > apppw.db.gpg   Through a program
  apppw backup /var/backups/apppw.db --json   With its SHA-256, for a program")]
pub struct Backup {
    /// Where it is to lie; a file that is there is left alone. `-`: standard output
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  apppw restore /var/backups/apppw.db   apppwd.service and its two sockets being stopped
  apppw restore - --yes                 From a program's output")]
pub struct Restore {
    /// What `apppw backup` has written. `-`: standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The daemon's configuration, if it isn't /etc/apppw/apppwd.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub yes: Yes,
}
