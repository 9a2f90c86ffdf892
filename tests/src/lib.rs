//! Whole-system tests: what they start, fake and drive.

pub mod activate;
pub mod among;
pub mod apppwd;
pub mod backups;
pub mod bin;
pub mod clients;
pub mod clock;
pub mod disk;
pub mod fail2ban;
pub mod fakes;
pub mod frames;
pub mod identity;
pub mod lines;
pub mod measure;
pub mod pam;
pub mod servers;
pub mod shells;
pub mod story;
pub mod walls;
