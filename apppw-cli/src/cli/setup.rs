//! `apppw setup`.

use super::Yes;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  apppw setup dovecot --dry-run           Show what would be written, and what is wrong
  apppw setup dovecot                     Show it, ask, write it
  apppw setup postfix-dovecot --yes       Dovecot, and Postfix that asks it; don't ask
  apppw setup dovecot --stack app-passwords-only
  apppw setup dovecot --undo              Put everything back as it was

Targets:
  dovecot             IMAP, POP3, ManageSieve and submission of Dovecot 2.3 and 2.4
  postfix-dovecot     The same, and SMTP submission of Postfix, which asks Dovecot
  postfix-saslauthd   SMTP submission of Postfix, which asks Cyrus saslauthd
  exim                Dovecot, and SMTP of Debian's Exim, which asks it
  cyrus               IMAP and the other services of Cyrus IMAP, which asks saslauthd
  prosody             XMPP of Prosody, which asks saslauthd through Cyrus SASL
  apache              What of Apache's sites asks PAM already (AuthPAMService)

Stacks:
  app-passwords-only        App passwords open the services, nothing else does
  primary-where-permitted   The primary password, too, where [policy] permits it
  system-users              App passwords; account rules of Unix accounts count

Without --stack it is the one that the services have already, or else system-users
where mail is that of Unix accounts (Dovecot's userdb passwd), or app-passwords-only.")]
pub struct Setup {
    /// What is to take app passwords
    pub target: SetupTarget,
    /// What opens the services: see Stacks
    #[arg(long, value_name = "STACK")]
    pub stack: Option<Stack>,
    /// Show what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Put everything back as it was before the first setup of this target
    #[arg(long, conflicts_with = "stack")]
    pub undo: bool,
    #[command(flatten)]
    pub yes: Yes,
}

/// What can be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SetupTarget {
    Dovecot,
    PostfixDovecot,
    PostfixSaslauthd,
    Exim,
    Cyrus,
    Prosody,
    Apache,
}

impl SetupTarget {
    /// As it is typed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dovecot => "dovecot",
            Self::PostfixDovecot => "postfix-dovecot",
            Self::PostfixSaslauthd => "postfix-saslauthd",
            Self::Exim => "exim",
            Self::Cyrus => "cyrus",
            Self::Prosody => "prosody",
            Self::Apache => "apache",
        }
    }
}

/// A file of packaging/pam.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Stack {
    AppPasswordsOnly,
    PrimaryWherePermitted,
    SystemUsers,
}

impl Stack {
    pub const ALL: [Self; 3] = [Self::AppPasswordsOnly, Self::PrimaryWherePermitted, Self::SystemUsers];

    /// As it is typed, and as the file is called.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AppPasswordsOnly => "app-passwords-only",
            Self::PrimaryWherePermitted => "primary-where-permitted",
            Self::SystemUsers => "system-users",
        }
    }
}
