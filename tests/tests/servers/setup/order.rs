//! Undoing what several targets have written in turn.

use super::{Stage, same};
use libtest_mimic::Failed;
use serde_json::Value;

/// Two targets that need each other's files can be undone all the same: the newest run first.
pub fn newest_first(stage: &Stage) -> Result<(), Failed> {
    let undo = ["--undo", "--yes"];
    // A protocol that is installed later.
    const PROTOCOLS: &str = "/etc/dovecot/conf.d/99-test.conf";
    let before = stage.etc()?;
    stage.shell_done(&format!(
        "cp -a {PROTOCOLS} /root/ && sed -i 's/^protocols = .*/protocols = imap/' {PROTOCOLS}"
    ))?;
    stage.expect_of("dovecot", &["--yes"], 0, "done")?;
    stage.shell_done(&format!("sed -i 's/^protocols = .*/protocols = imap sieve/' {PROTOCOLS}"))?;
    let between = stage.etc()?;
    stage.expect_of("postfix-dovecot", &["--yes"], 0, "done")?;
    stage.shell_done(&format!("cat /root/99-test.conf >{PROTOCOLS}"))?;
    stage.expect_of("dovecot", &["--yes"], 0, "done")?;

    let needed = |target: &str| {
        let (status, told) = stage.setup_of(target, &undo)?;
        if status == 1 && told["error"]["code"] == "needed" {
            return Ok(());
        }
        Err(Failed::from(format!("{target}: {status} {told:#}")))
    };
    needed("postfix-dovecot")?;
    let told = stage.expect_of("dovecot", &undo, 0, "undone")?;
    if told["findings"][0]["id"] != "undo-rest" {
        return Err(format!("{told:#}").into());
    }
    needed("dovecot")?;
    stage.expect_of("postfix-dovecot", &undo, 0, "undone")?;
    stage.shell_done(&format!("sed -i 's/^protocols = .*/protocols = imap sieve/' {PROTOCOLS}"))?;
    same(&between, &stage.etc()?, "postfix-dovecot --undo")?;
    let told = stage.expect_of("dovecot", &undo, 0, "undone")?;
    if told["findings"] != Value::Array(vec![]) {
        return Err(format!("{told:#}").into());
    }
    stage.shell_done(&format!("cat /root/99-test.conf >{PROTOCOLS}"))?;
    same(&before, &stage.etc()?, "dovecot --undo")
}
