//! The packaged unit for node_exporter's textfile collector: its command, run on an `apppw` that answers or doesn't.

use super::Case;
use apppw_tests::servers::inside::Inside;
use apppw_tests::servers::namespace::{Running, enter};
use apppw_tests::servers::tree::{Suite, Tree};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

const FOLDER: &str = "/var/lib/prometheus/node-exporter";
const UP: &str =
    "# HELP apppw_up Up\n# TYPE apppw_up gauge\napppw_up 1\n# HELP a_total \\\\ and \\n\n# EOF\n";
const DOWN: &str = "# HELP apppw_up Whether the daemon answers\n# TYPE apppw_up gauge\napppw_up 0\n# EOF\n";

pub fn cases() -> Vec<Case> {
    vec![Case::unless("the_file_is_whole_and_never_old", file).with_root()]
}

fn file() -> Option<String> {
    let Some(tree) = Tree::unpack(Suite::Tools).expect("the tools can be unpacked") else {
        return Some("this machine's apt sources have no mirror for the tools".to_owned());
    };
    let packaged = |name: &str| Inside::packaging(&format!("node-exporter/{name}")).expect("a packaged file");
    let (service, timer) = (packaged("apppw-metrics.service"), packaged("apppw-metrics.timer"));
    // As the script is run below.
    for setting in [format!("WorkingDirectory={FOLDER}"), "UMask=0022".to_owned()] {
        assert!(service.lines().any(|line| line == setting), "no {setting} in:\n{service}");
    }
    let folder = TempDir::with_prefix("apppw-node-exporter-").expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
    let answer = folder.path().join("answer");
    let inside = Inside::new()
        .bind(folder.path(), FOLDER)
        .executable(
            "/usr/bin/apppw",
            format!("#!/bin/sh\n[ \"$*\" = 'status --metrics' ] && . {FOLDER}/answer\n"),
        )
        .file("/etc/systemd/system/apppw-metrics.service", &service)
        .file("/etc/systemd/system/apppw-metrics.timer", timer);
    let inside = enter(&tree, &inside, &["sh", "-c", "echo entered; exec sleep infinity"]).expect("a tree");
    inside.wait_for_log("entered", Duration::from_secs(20)).expect("it runs");
    let units = ["service", "timer"].map(|kind| format!("/etc/systemd/system/apppw-metrics.{kind}"));
    run(&inside, &["systemd-analyze", "verify", &units[0], &units[1]]);

    let command = format!("umask 022; {}", command_of(&service));
    let answers = [format!("printf %s '{UP}'"), format!("printf %s '{UP}'; exit 3"), "exit 3".to_owned()];
    for (said, wanted) in answers.into_iter().zip([UP, DOWN, DOWN]) {
        fs::write(&answer, said).expect("an answer");
        // What an interrupted run has left, or somebody put there.
        let _ = fs::remove_file(folder.path().join("apppw.prom.new"));
        symlink("elsewhere", folder.path().join("apppw.prom.new")).expect("a link");
        run(&inside, &["env", "--chdir", FOLDER, "sh", "-Cec", &command]);
        let file = folder.path().join("apppw.prom");
        assert_eq!(fs::read_to_string(&file).expect("the file"), wanted);
        assert_eq!(file.metadata().expect("the file").permissions().mode() & 0o7777, 0o644);
        assert_eq!(names_in(folder.path()), ["answer", "apppw.prom"]);
    }
    None
}

/// The script in `ExecStart=`, as systemd passes it on.
fn command_of(service: &str) -> String {
    let joined = service.replace("\\\n", " ");
    let line = joined.lines().find_map(|line| line.strip_prefix("ExecStart=/bin/sh -Cec '"));
    let script = line.and_then(|line| line.strip_suffix('\'')).expect("a script in quotes");
    script.replace("$$", "$").replace("%%", "%")
}

fn run(inside: &Running, command: &[&str]) {
    let output = inside.command(command[0]).and_then(|mut it| Ok(it.args(&command[1..]).output()?));
    let output = output.expect("it can be run");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.is_empty(), "{command:?}: {}\n{text}", output.status);
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
