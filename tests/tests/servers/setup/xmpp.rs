//! Names in XMPP: the domain comes from the stream, the rest from SASL.

use super::Stage;
use apppw_tests::clients::Xmpp;
use apppw_tests::servers::host::Endpoint;
use libtest_mimic::Failed;

/// What opens one account of XMPP opens no other: not that of another domain, nor one that is only named.
pub fn nobody_else(stage: &Stage, secret: &str) -> Result<(), Failed> {
    let Some(address) = stage.host.server.address(Endpoint::Xmpp) else { return Ok(()) };
    let client = Xmpp { address };
    for (identity, local, domain, accepted) in [
        ("alice@example.org", "alice", "example.org", true),
        ("bob@example.org", "alice", "example.org", false),
        ("bob", "alice", "example.org", false),
        ("", "bob", "example.org", false),
        ("", "alice", "localhost", false),
        ("", "alice@example.org", "localhost", false),
    ] {
        let answer = client.log_in(identity, local.as_bytes(), domain, secret.as_bytes())?;
        if answer.accepted() != accepted {
            return Err(format!(
                "{identity:?} {local} {domain}: {answer:?}\n{}",
                stage.daemon.borrow().log()
            )
            .into());
        }
    }
    Ok(())
}
