//! How a new secret is handed over, and waiting for its first login.

use super::TypedId;
use apppw_admin::span::Span;
use clap::Args;

/// Of `create` and `rotate`.
#[derive(Debug, Clone, Copy, Args)]
pub struct HandOver {
    /// Show the secret as a QR code, too: the plain text, for a phone's camera
    #[arg(long)]
    pub qr: bool,
    // With `help =`, where lines end where we end them.
    #[arg(
        long,
        value_name = "SPAN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = DEFAULT_WAIT,
        help = "Then wait for the first login with it, and say meanwhile what goes\nwrong; --wait=1h waits longer than 10m. Ctrl-C ends it at once"
    )]
    pub wait: Option<Span>,
}

/// How long a login is waited for: reading a sheet of paper and typing takes a while.
const DEFAULT_WAIT: &str = "10m";

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  apppw wait ap-7k3m9qxe             Up to ten minutes, or until Ctrl-C
  apppw wait ap-7k3m9qxe --for 1h    Longer

Attempts under other names than the account's are not seen.")]
pub struct Wait {
    /// Which one, such as ap-7k3m9qxe
    pub id: TypedId,
    /// How long, such as 1h
    #[arg(long = "for", value_name = "SPAN", default_value = DEFAULT_WAIT)]
    pub span: Span,
}
