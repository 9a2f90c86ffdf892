//! What is there on this host: its configuration as the programs themselves read it. Texts in, facts out; what reads
//! files and runs programs is a thin shell around that.

pub mod apache;
pub mod apppwd;
pub mod cyrus;
pub mod dovecot;
pub mod examples;
pub mod files;
pub mod finding;
pub mod listener;
pub mod pam;
pub mod postfix;
pub mod prosody;
pub mod saslauthd;
pub mod stack;
