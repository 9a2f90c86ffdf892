//! What `doctor` takes.

use clap::Args;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  apppw doctor              As root: all of it
  apppw doctor --no-login   Without the app password that it makes, tries and deletes
  apppw doctor --json       For monitoring; the exit status is 0 if all is ok, else 1")]
pub struct Doctor {
    /// Make no throw-away app password to log in with
    #[arg(long)]
    pub no_login: bool,
}

/// A child process of `doctor`; its task comes on standard input.
#[derive(Debug, Args)]
pub struct DoctorChild {}
