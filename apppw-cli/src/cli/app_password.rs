//! Commands on app passwords, all but `revoke`.

use super::values::{self, Until};
use super::{Csv, HandOver, Kick, TypedId, Yes};
use crate::exit::Failure;
use apppw_admin::span::Span;
use clap::{Args, ValueEnum};
use std::ffi::OsString;

#[derive(Debug, Args)]
#[command(
    override_usage = "apppw create [OPTIONS] [USER] NAME",
    after_help = "Examples:
  apppw create \"Thunderbird, laptop\"                      For yourself, with what is configured
  apppw create alice phone --service imap --pin network   Locked to the network of its first use
  apppw create alice tablet --qr --wait                   As a QR code too, and until it works
  apppw create alice scanner --preset printer --network 192.0.2.0/24 --expires 1y

Into a pipe or file the secret is printed alone, without a frame."
)]
pub struct Create {
    /// Whose it is; left out by a user acting for himself
    #[arg(value_name = "USER")]
    first: Option<String>,
    /// What it is for, such as "Thunderbird, laptop"
    #[arg(value_name = "NAME")]
    second: Option<String>,
    /// A service or group that it is good for; may be repeated [default: as configured]
    #[arg(long = "service", value_name = "S")]
    pub services: Vec<String>,
    // Here and below with `help =`, where lines end where we end them.
    #[arg(
        long = "network",
        value_name = "CIDR",
        help = "A network that it is good from, such as 192.0.2.0/24 or\n2001:db8::/32; may be repeated [default: from anywhere]"
    )]
    pub networks: Vec<String>,
    #[arg(
        long,
        value_name = "WHEN",
        value_parser = values::until,
        allow_hyphen_values = true,
        help = "Until when: a span such as 90d, the last day such as 2027-01-31\n(to its end, local time), or never where the policy allows it\n[default: as configured]"
    )]
    pub expires: Option<Until>,
    #[arg(
        long,
        value_name = "WHAT",
        help = "Lock it to the service, or to the network (IPv4 /24, IPv6 /64),\nthat first uses it; may be repeated"
    )]
    pub pin: Vec<Pin>,
    /// A preset of the configuration, such as phone; what is given beside it comes first
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
    #[command(flatten)]
    pub hand_over: HandOver,
    #[command(flatten)]
    pub yes: Yes,
}

impl Create {
    /// USER, if given, and NAME.
    pub fn user_and_name(&self) -> Result<(Option<String>, String), Failure> {
        // clap's `allow_missing_positional` does this only for words that follow each other directly.
        match (&self.first, &self.second) {
            (user, Some(name)) => Ok((user.clone(), name.clone())),
            (Some(name), None) => Ok((None, name.clone())),
            (None, None) => Err(Failure::usage("a name is missing: apppw create [USER] NAME")),
        }
    }
}

/// What a pin locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pin {
    Service,
    Network,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  apppw list                       Your own, or for root those of all accounts
  apppw list alice --all           Expired and revoked ones too
  apppw list --unused 180d         Candidates for apppw revoke --unused 180d")]
pub struct List {
    /// Whose; without it: your own, or for root those of all accounts
    pub user: Option<String>,
    /// Expired and revoked ones too
    #[arg(long, conflicts_with = "unused")]
    pub all: bool,
    /// Only live ones not used for that long, such as 90d (never used: made that long ago)
    #[arg(long, value_name = "SPAN", allow_hyphen_values = true)]
    pub unused: Option<Span>,
    #[command(flatten)]
    pub csv: Csv,
}

#[derive(Debug, Args)]
pub struct Show {
    /// Which one, such as ap-7k3m9qxe; its beginning will do, such as 7k3
    pub id: TypedId,
}

#[derive(Debug, Args)]
pub struct Rename {
    /// Which one, such as ap-7k3m9qxe
    pub id: TypedId,
    /// Its new name, such as "Thunderbird, desktop"
    pub name: String,
    #[command(flatten)]
    pub yes: Yes,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  apppw rotate ap-7k3m9qxe              The old one lives for another day
  apppw rotate ap-7k3m9qxe --grace 2h   For two hours")]
pub struct Rotate {
    /// Which one, such as ap-7k3m9qxe
    pub id: TypedId,
    /// How long the old one lives beside the new one, such as 2h or 7d [default: 1d]
    #[arg(long, value_name = "SPAN", allow_hyphen_values = true)]
    pub grace: Option<Span>,
    #[command(flatten)]
    pub hand_over: HandOver,
    #[command(flatten)]
    pub yes: Yes,
}

#[derive(Debug, Args)]
pub struct Suspend {
    #[command(flatten)]
    pub ids: Ids,
    #[command(flatten)]
    pub kick: Kick,
}

/// Of `suspend` and `resume`.
#[derive(Debug, Args)]
pub struct Ids {
    /// Which ones, such as ap-7k3m9qxe
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<TypedId>,
    #[command(flatten)]
    pub yes: Yes,
}

#[derive(Debug, Args)]
pub struct Verify {
    /// Whose; left out by a user acting for himself
    pub user: Option<String>,
    /// The service to judge it for; without it the scope isn't judged
    #[arg(long, value_name = "S")]
    pub service: Option<String>,
    /// The address that the login would come from
    #[arg(long, value_name = "ADDR")]
    pub rhost: Option<String>,
    /// A secret given as a word: refused without being shown again.
    #[arg(hide = true)]
    pub misplaced: Vec<OsString>,
}
