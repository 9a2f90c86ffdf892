//! `apppw revoke`: ids, or a selection.

use super::{Kick, TypedId, Yes, values};
use apppw_admin::span::Span;
use clap::{ArgGroup, Args};
use jiff::civil::Date;

#[derive(Debug, Args)]
#[command(
    override_usage = "apppw revoke [OPTIONS] ID...
       apppw revoke [OPTIONS] [--user USER]... --all
       apppw revoke [OPTIONS] [--user USER]... [--unused SPAN]
                    [--created-before DATE] [--service S]",
    after_help = "Examples:
  apppw revoke ap-7k3m9qxe ap-0c4f8h2j
  apppw revoke --user alice --all --kick       All of alice's, and end her open sessions
  apppw revoke --unused 180d --dry-run         What nobody has used for half a year
  apppw revoke --created-before 2027-01-01 --service imap --yes

--unused, --created-before and --service may be combined: what is revoked fits all of them.
A selection asks before it revokes; without a terminal it needs --yes. The beginning of an id,
such as 7k3, is taken at a terminal only, where what it stands for is shown and asked about.",
    group = ArgGroup::new("which").args(["ids", "all", "unused", "created_before", "service"]).multiple(true).required(true)
)]
pub struct Revoke {
    /// Which ones, such as ap-7k3m9qxe
    #[arg(value_name = "ID", conflicts_with_all = ["users", "all", "unused", "created_before", "service"])]
    pub ids: Vec<TypedId>,
    /// Only those of this account; may be repeated. Left out by a user acting for himself
    #[arg(long = "user", value_name = "USER")]
    pub users: Vec<String>,
    /// All live ones of the accounts
    #[arg(long, conflicts_with_all = ["unused", "created_before", "service"])]
    pub all: bool,
    /// Live ones not used for that long, such as 180d (never used: made that long ago)
    #[arg(long, value_name = "SPAN", allow_hyphen_values = true)]
    pub unused: Option<Span>,
    /// Live ones made before that day began, such as 2027-01-31 (local time)
    #[arg(long, value_name = "DATE", value_parser = values::date, allow_hyphen_values = true)]
    pub created_before: Option<Date>,
    /// Live ones whose scope names this service or group
    #[arg(long, value_name = "S")]
    pub service: Option<String>,
    /// Only say what would be revoked
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub kick: Kick,
    #[command(flatten)]
    pub yes: Yes,
}
