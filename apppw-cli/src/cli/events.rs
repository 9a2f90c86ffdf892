//! `apppw events`.

use super::values::{self, Since};
use super::{Csv, TypedId};
use apppw_admin::verbs::EventKind;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  apppw events                              Your own, or for root those of all accounts
  apppw events alice --since 7d             What happened to alice in the last week
  apppw events --kind denied --kind refused-use --follow
  apppw events --by heidi                   What heidi has done
  apppw events --since 2027-01-01 --until 2027-01-31   What happened in that January
  apppw events --id ap-7k3m9qxe --csv       The life of one app password, for a spreadsheet

What is asked for fits all of USER, --id, --kind, --by, --since and --until that are given.")]
pub struct Events {
    /// Whose account; without it: your own, or for root all accounts
    pub user: Option<String>,
    /// Only those of this app password
    #[arg(long, value_name = "AP-ID")]
    pub id: Option<TypedId>,
    /// Only of this kind; may be repeated
    #[arg(long = "kind", value_name = "KIND", value_parser = kind())]
    pub kinds: Vec<EventKind>,
    /// Only what that uid, or Unix user, has done or was refused
    #[arg(long, value_name = "WHO")]
    pub by: Option<String>,
    // With `help =`, where lines end where we end them.
    #[arg(
        long,
        value_name = "WHEN",
        value_parser = values::since,
        allow_hyphen_values = true,
        help = "Only those since then: a span such as 7d, the first day such as\n2027-01-31 (from its beginning, local time), or 2027-01-31T08:00:00Z"
    )]
    pub since: Option<Since>,
    #[arg(
        long,
        value_name = "WHEN",
        value_parser = values::since,
        allow_hyphen_values = true,
        conflicts_with = "follow",
        help = "Only those before then: a span such as 7d, the last day such as\n2027-01-31 (to its end, local time), or 2027-01-31T08:00:00Z"
    )]
    pub until: Option<Since>,
    /// Only the newest so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub last: Option<u32>,
    /// Go on with what happens, until interrupted
    #[arg(long, short)]
    pub follow: bool,
    #[command(flatten)]
    pub csv: Csv,
}

/// Reads a kind; clap lists them and suggests the nearest one.
fn kind() -> impl TypedValueParser<Value = EventKind> {
    PossibleValuesParser::new(EventKind::ALL.iter().map(|kind| kind.as_str()))
        .try_map(|word| EventKind::from_word(&word).ok_or("no such kind"))
}
