//! The daemon's executable: all of it is in the library.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    apppwd::run::main(&apppwd::cli::Args::parse())
}
