//! `apppw`: creates, lists and revokes app passwords by asking apppwd on its `admin.sock`.
#![forbid(unsafe_code)]

mod cli;
mod commands;
mod exit;
mod output;

use cli::Parsed;
use exit::Status;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    let (json, done) = match cli::parse(&args) {
        Ok(Parsed::Command(cli)) => {
            output::paint::choose(cli.global.color);
            if cli.global.no_pager {
                output::no_pager();
            }
            (cli.global.json, commands::run(*cli))
        }
        Ok(Parsed::Help(text)) => (false, output::print(text.as_bytes()).map(|()| Status::Done)),
        Err(failure) => (cli::wants_json(&args), Err(failure)),
    };
    let status = done.unwrap_or_else(|failure| {
        output::report(&failure, json);
        failure.status
    });
    status.into()
}
