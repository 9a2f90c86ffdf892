//! What is to be done where the key is a systemd credential, which the daemon can't change.

use crate::exit::{Failure, Status};
use crate::output::Text;
use apppw_admin::verbs::Keys;

/// Where systemd looks for it (systemd.exec(5), `LoadCredentialEncrypted=apppwd.key`).
const CREDENTIAL: &str = "/etc/credstore.encrypted/apppwd.key";

/// Between the daemon and systemd-creds; in memory.
const BETWEEN: &str = "/run/apppwd.key";

/// The commands that export the keys with that option and make them the credential.
fn commands(option: &str) -> Vec<String> {
    [vec![format!("apppw key export {option} {BETWEEN} &&")], encrypt(BETWEEN)].concat()
}

fn encrypt(file: &str) -> Vec<String> {
    vec![
        format!("systemd-creds encrypt --name=apppwd.key {file} {CREDENTIAL} &&"),
        format!("rm {file} &&"),
        "systemctl restart apppwd".to_owned(),
    ]
}

fn about(keys: &Keys) -> String {
    format!("The server key is the systemd credential {}, which apppwd can't change. As root:", keys.path)
}

/// Adds them.
pub(super) fn write(text: &mut Text, keys: &Keys, option: &str) {
    text.line(about(keys));
    commands(option).iter().for_each(|command| text.line(format!("  {command}")));
}

/// Nothing was done; they do it.
pub(super) fn refusal(keys: &Keys, option: &str) -> Failure {
    refused(keys, &commands(option))
}

/// The same for the keys of a file.
pub(super) fn import_refusal(keys: &Keys, from: &str) -> Failure {
    refused(keys, &encrypt(if from == "-" { "FILE" } else { from }))
}

fn refused(keys: &Keys, commands: &[String]) -> Failure {
    let message = format!("{}\n  {}", about(keys), commands.join("\n  "));
    // What stands in it of others is a path of the daemon's own.
    let several_lines = !keys.path.contains(char::is_control);
    let field = None;
    Failure { status: Status::Refused, code: "unsupported", field, message, several_lines }
}
