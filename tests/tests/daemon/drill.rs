//! docs/operations.md: each command of the drills (backing up, putting back, trying it, moving, going back after an upgrade) is run
//! as it stands, on a host of its own: a mount namespace with nobody's `/var/lib`, `/run`, `/root`, and the user apppwd.

use super::Case;
use apppw_tests::bin;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

const OPERATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations.md");

/// What every part begins with: a host, and words for what systemd does on a real one.
const HOST: &str = r#"
set -eu
for dir in /var/lib /var/backups /media /root /run; do mkdir -p $dir; mount -t tmpfs -o mode=0755 tmpfs $dir; done
mount --bind "$TEST_DIR/passwd" /etc/passwd
mount --bind "$TEST_DIR/group" /etc/group
[ ! -e /etc/apppw ] || mount -t tmpfs tmpfs /etc/apppw
mkdir -p /var/backups/apppw /media/key-safe
install -d -m 0755 -o apppwd -g apppwd /run/apppwd
install -d -m 0700 -o apppwd -g apppwd /var/lib/apppwd /var/lib/apppwd-key
export PATH="$TEST_DIR/bin:$PATH"
systemctl() {
    case $1 in
    stop)
        [ -e /run/apppwd.pid ] || return 0
        kill "$(cat /run/apppwd.pid)"
        while kill -0 "$(cat /run/apppwd.pid)" 2>/dev/null; do sleep 0.05; done
        rm /run/apppwd.pid ;;
    start)
        setpriv --reuid=apppwd --regid=apppwd --clear-groups apppwd </dev/null >/dev/null 2>>/run/log &
        echo $! >/run/apppwd.pid
        disown
        for i in $(seq 200); do apppw status >/dev/null 2>&1 && return 0; sleep 0.05; done
        cat /run/log; return 1 ;;
    esac
}
journalctl() { cat /run/log; }
# Of alice, one that works and one that doesn't.
alive() { printf '%s\n' "$1" | apppw verify alice@example.org --service imap >/dev/null; }
dead() { if alive "$1"; then echo "$1 is alive"; exit 1; fi; }
systemctl start
phone=$(apppw create alice@example.org phone)
old=$(apppw create alice@example.org old)
alive "$phone"; alive "$old"
"#;

pub fn cases() -> Vec<Case> {
    vec![
        Case::as_root("each_command_of_the_drills_does_what_it_says", drills)
            .with_program("unshare")
            .with_program("setpriv")
            .with_program("sqlite3")
            .not_behind_walls("it starts its daemons itself"),
    ]
}

/// The commands of a section, one line each.
fn commands(text: &str, section: &str) -> String {
    let rest =
        text.split(&format!("\n## {section}\n")).nth(1).unwrap_or_else(|| panic!("no section {section:?}"));
    let section_text = rest.split("\n## ").next().unwrap_or_default();
    let mut found = String::new();
    let mut in_block = false;
    for line in section_text.lines() {
        if line.starts_with("```") {
            in_block = line == "```console";
        } else if let Some(command) = line.strip_prefix("# ").filter(|_| in_block) {
            let _ = writeln!(found, "echo {}\n{command}", quoted(&format!("+ {command}")));
        }
    }
    assert!(!found.is_empty(), "{section:?} has no commands");
    found
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn drills() {
    let text = fs::read_to_string(OPERATIONS).expect("docs/operations.md");
    let part = |section: &str| commands(&text, section);
    let mut script = HOST.to_owned();
    script += &part("Backing up");
    script += "apppw revoke --user alice@example.org --all --yes >/dev/null; dead \"$phone\"\n";
    script += "later=$(apppw create alice@example.org later)\n";
    script += &part("Putting a backup back");
    // What was revoked since stays so, and what was made since is gone.
    script +=
        "dead \"$phone\"; dead \"$old\"; dead \"$later\"\njournalctl | grep -q 'the database is a backup'\n";
    script += "journalctl | grep -q 'revoked by the journal: revoked again'\n";
    script += "phone=$(apppw create alice@example.org phone)\ncp -p /var/lib/apppwd-key/journal.log /media/key-safe/\n";
    script += &part("Trying the backup, each quarter");
    script += "[ ! -e /root/drill ]; alive \"$phone\"\n";
    // The old machine, then the new one.
    let moving = part("Moving to another machine");
    let stop = "echo '+ systemctl stop";
    let (old, new) = moving.split_at(moving[1..].find(stop).expect("the stop on the new machine") + 1);
    script += "last=$(apppw create alice@example.org 'on the old one')\n";
    script += old;
    script += "mkdir /root/moved; mv /root/apppw.db /var/lib/apppwd-key/server.key /var/lib/apppwd-key/journal.log /root/moved/\n";
    script += "rm -rf /var/lib/apppwd /var/lib/apppwd-key\n";
    script += new;
    script += "alive \"$phone\"; alive \"$last\"; dead \"$old\"; [ ! -e /root/moved ]\n";
    // An upgrade, and back.
    script += "systemctl stop; sqlite3 /var/lib/apppwd/apppw.db 'DROP INDEX app_password_suspended; DROP INDEX account_bound; PRAGMA user_version = 3'\n";
    script += "chown apppwd:apppwd /var/lib/apppwd/*; systemctl start; later=$(apppw create alice@example.org later)\n";
    script += &part("Upgrades");
    script += "alive \"$phone\"; dead \"$later\"\nsystemctl stop; echo all done\n";
    run(&script);
}

fn run(script: &str) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = |name: &str| dir.path().join(name);
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
    fs::create_dir(path("bin")).expect("a folder");
    for program in [bin::apppw(), bin::apppwd()] {
        let name = program.file_name().expect("a name").to_owned();
        apppw_tests::apppwd::copy(&program, &path("bin").join(name));
    }
    fs::write(path("passwd"), "root:x:0:0::/root:/bin/sh\napppwd:x:61110:61110::/:/bin/false\n")
        .expect("passwd");
    fs::write(path("group"), "root:x:0:\napppwd:x:61110:\n").expect("group");
    fs::write(path("script"), script).expect("the script");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "bash"]).arg(path("script"));
    command.env("TEST_DIR", dir.path()).current_dir(Path::new("/")).stdin(Stdio::null());
    let output = command.output().expect("unshare and bash run");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("all done"), "{}:\n{said}", output.status);
    println!("{} commands of docs/operations.md were run", script.matches("\necho '+ ").count());
}
