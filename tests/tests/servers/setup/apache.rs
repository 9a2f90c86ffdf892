//! Apache, which isn't root: the group, `[peers]` and the stack, each of which lets nobody in without the others.

use super::{Case, Stage, same};
use apppw_tests::activate::DAEMON_UID;
use apppw_tests::apppwd::CHEAP_ARGON2;
use apppw_tests::servers::distribution::Distribution;
use apppw_tests::servers::inside::Inside;
use apppw_tests::servers::tree::Suite;
use libtest_mimic::Failed;
use serde_json::json;

pub const CASE: Case = Case {
    name: "apache",
    target: "apache",
    suite: Suite::Others,
    servers: Distribution { apache: true, ..Distribution::NONE },
    who: super::UNIX,
    reload: "for p in /proc/[0-9]*; do case $(readlink $p/exe) in */apache2) kill -KILL ${p#/proc/};; esac; done",
    busy: false,
};

const CONFIG: &str = "/etc/apppw/apppwd.toml";

/// The daemon's program, which checks what setup writes, and its configuration.
pub fn with_daemon(inside: Inside) -> Inside {
    inside.bind(apppw_tests::bin::apppwd(), "/usr/local/bin/apppwd").file(CONFIG, CHEAP_ARGON2)
}

pub fn there_and_back(stage: &Stage) -> Result<(), Failed> {
    let (user, primary) = stage.case.who;
    // As the package's sysusers.d has it in the tree, and the socket unit.
    let socket = stage.daemon.borrow().auth_socket();
    nix::unistd::chown(&socket, None, Some(nix::unistd::Gid::from_raw(111)))?;
    let before = stage.etc()?;
    stage.expect(&["--dry-run"], 0, "planned")?;
    same(&before, &stage.etc()?, "--dry-run")?;
    let told = stage.expect(&["--yes"], 0, "done")?;
    let then = ["usermod -aG apppw-auth www-data", "systemctl restart apppwd", "systemctl restart apache2"];
    if told["then"] != json!(then) {
        return Err(format!("{told:#}").into());
    }
    stage.expect(&["--yes"], 0, "nothing")?;

    // Nothing of what has to follow may be left out.
    let made = stage.daemon.borrow().create(user, "laptop", &["dav"]);
    let secret = made.secret.expose();
    stage.becomes(user, secret, false)?;
    stage.shell_done("cp -a /etc/group /root/ && usermod -aG apppw-auth www-data")?;
    stage.reload()?;
    stage.becomes(user, secret, false)?;
    let written = String::from_utf8(stage.host.server.command("cat")?.arg(CONFIG).output()?.stdout)?;
    let peers = written.strip_prefix(CHEAP_ARGON2).ok_or_else(|| format!("{CONFIG}: {written}"))?;
    {
        let mut daemon = stage.daemon.borrow_mut();
        let config = format!("{}{peers}", daemon.config());
        daemon.write_config(&config);
        daemon.restart_activated(DAEMON_UID);
    }
    stage.becomes(user, secret, true)?;
    stage.becomes(user, primary, false)?;
    stage.becomes("bob", secret, false)?;
    stage.daemon.borrow().revoke(made.app_password.id);
    stage.becomes(user, secret, false)?;

    stage.shell_done("cat /root/group >/etc/group && rm -f /etc/group- /etc/gshadow- /etc/.pwd.lock")?;
    stage.expect(&["--undo", "--dry-run"], 0, "planned")?;
    stage.expect(&["--undo", "--yes"], 0, "undone")?;
    same(&before, &stage.etc()?, "--undo")?;
    let (status, told) = stage.setup(&["--undo", "--yes"])?;
    if status == 1 && told["error"]["code"] == "not_found" {
        return Ok(());
    }
    Err(format!("nothing is left to undo: {status} {told:#}").into())
}
