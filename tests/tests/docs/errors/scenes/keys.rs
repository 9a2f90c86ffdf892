//! `apppw key`.

use super::super::page::{Desk, Page};
use crate::host::{How, Who, create, done, fill_key_disk, start, start_on_small_disk};
use apppw_tests::apppwd::Apppwd;
use std::fs;
use std::os::unix::fs::PermissionsExt;

pub fn play(page: &mut Page) {
    page.title("Server keys", "`key`: without them no app password can be checked. Root alone changes them.");
    let daemon = start("");
    let desk = Desk::at(&daemon);
    let file = |name: &str| daemon.path(name).to_str().expect("UTF-8").to_owned();
    create(&daemon, "alice", "phone", &[]);
    command_line(page, &desk);
    page.fails(&desk, Who::Adele, &["key", "rotate"], "Somebody else than root.");
    page.fails(&desk, Who::Root, &["key", "retire", "1", "--yes"], "The newest key.");
    page.fails(&desk, Who::Root, &["key", "retire", "7", "--yes"], "A key that there isn't.");
    page.fails(
        &desk,
        Who::Root,
        &["key", "export", "--without", "7", &file("x")],
        "The same, to be left out.",
    );
    done(&daemon, &["key", "rotate"]);
    page.fails(&desk, Who::Root, &["key", "export", "--without", "1", &file("x")], "One that is needed.");
    page.logs(&daemon, &["made server key 2"], "What the log says of a new key:");
    done(&daemon, &["key", "rotate"]);
    page.fails(&desk, Who::Root, &["key", "rotate"], "As many as can be active.");
    page.declined(&desk, &["key", "retire", "1"], "The person at the terminal says no.");
    files(page, &daemon);
    done(&daemon, &["key", "retire", "1", "--yes"]);
    page.logs(&daemon, &["retired server key 1"], "What the log says of a key that was given up:");
    let wrong = fs::read_to_string(file("right")).expect("a file").replacen('3', "4", 1);
    fs::write(daemon.path("key/server.key"), wrong).expect("a file");
    page.fails(
        &desk,
        Who::Root,
        &["key", "export", &file("y")],
        "Somebody has changed `server.key` meanwhile.",
    );
    carried(page);
    lost_names(page);
    credential(page);
    full_disk(page);
}

fn command_line(page: &mut Page, desk: &Desk<'_>) {
    let table: &[(&[&str], &str)] = &[
        (&["key", "show", "1"], "A word too many."),
        (&["key", "retire"], "A number is missing."),
        (&["key", "retire", "first"], "No number."),
        (&["key", "retire", "1"], "Nobody can be asked."),
        (&["key", "export"], "A file is missing."),
        (&["key", "import"], "The same."),
        (&["key", "rotate", "--dry-run"], "An option of another action."),
    ];
    for (args, what) in table {
        page.fails(desk, Who::Root, args, what);
    }
    page.fails(desk, Who::Root, &["key", "export", "/nowhere/apppwd.key"], "A folder that there isn't.");
}

fn files(page: &mut Page, daemon: &Apppwd) {
    let desk = || Desk::at(daemon);
    let file = |name: &str| daemon.path(name).to_str().expect("UTF-8").to_owned();
    let write = |name: &str, text: &[u8]| {
        fs::write(daemon.path(name), text).expect("a file");
        fs::set_permissions(daemon.path(name), fs::Permissions::from_mode(0o600)).expect("a mode");
        file(name)
    };
    done(daemon, &["key", "export", &file("right")]);
    page.fails(&desk(), Who::Root, &["key", "export", &file("right")], "A file that is there.");
    let open = daemon.path("open");
    fs::write(&open, "").expect("a file");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).expect("a mode");
    let into_open = How { stdout_to: Some(&open), ..How::default() };
    page.says(
        &desk().with(into_open),
        Who::Root,
        &["key", "export", "-"],
        "Others could read the file that the output goes to.",
    );
    page.says(&desk(), Who::Root, &["key", "export", "-"], "What is said beside the keys.");
    fs::set_permissions(file("right"), fs::Permissions::from_mode(0o644)).expect("a mode");
    page.says(&desk(), Who::Root, &["key", "import", &file("right")], "Others may have read the file.");
    for (name, text, what) in [
        ("large", "# \n".repeat(10_000).as_bytes(), "A file that is too large."),
        ("binary", &[0xff, 0xfe], "A file that is no text."),
        ("none", b"nothing\n", "A file that has no key in it."),
        (
            "other",
            format!("1 {}\n", "ab".repeat(32)).as_bytes(),
            "Keys of another host: one has another number.",
        ),
        ("less", format!("9 {}\n", "ab".repeat(32)).as_bytes(), "Keys of another host: one is missing."),
    ] {
        page.fails(&desk(), Who::Root, &["key", "import", &write(name, text)], what);
    }
    page.fails(&desk(), Who::Root, &["key", "import", &file("missing")], "A file that there isn't.");
}

/// To another host.
fn carried(page: &mut Page) {
    let (here, there) = (start(""), start(""));
    let out = there.path("apppwd.key").to_str().expect("UTF-8").to_owned();
    done(&here, &["key", "rotate"]);
    done(&here, &["key", "export", &out]);
    done(&there, &["key", "import", &out]);
    page.logs(&there, &["into the place of"], "What the log says of an import:");
    let place = there.kill();
    let nobody = Desk::without_daemon(&place.path(""));
    page.fails(&nobody, Who::Root, &["key", "import", &out], "The daemon doesn't run.");
}

/// Accounts that only the journal knows.
fn lost_names(page: &mut Page) {
    let daemon = start("");
    create(&daemon, "alice", "phone", &[]);
    let (_, site) = daemon.stop();
    fs::remove_dir_all(site.path("state")).expect("the state");
    assert!(site.refuses(&["--init"]).0.success());
    let daemon = site.start();
    done(&daemon, &["key", "rotate"]);
    done(&daemon, &["key", "retire", "1", "--yes"]);
    page.logs(
        &daemon,
        &["by the journal under that key"],
        "Accounts that only the journal knew, by that key's names:",
    );
}

fn credential(page: &mut Page) {
    let daemon = start("");
    create(&daemon, "alice", "phone", &[]);
    let (_, site) = daemon.stop();
    let folder = site.path("credentials");
    fs::create_dir(&folder).expect("a folder");
    fs::copy(site.path("key/server.key"), folder.join("apppwd.key")).expect("a copy");
    let mut command = site.command();
    command.env("CREDENTIALS_DIRECTORY", &folder);
    let daemon = site.start_by(command);
    let desk = Desk::at(&daemon);
    page.logs(&daemon, &["the server key is the credential"], "A credential and a file:");
    page.fails(&desk, Who::Root, &["key", "rotate"], "The key is a systemd credential.");
    let right = daemon.path("key/server.key").to_str().expect("UTF-8").to_owned();
    page.fails(&desk, Who::Root, &["key", "import", &right], "The same.");
    page.asks(&daemon, Who::Root, "{\"v\":1,\"id\":1,\"verb\":\"key.rotate\"}", "The same, over the socket.");
    let (_, site) = daemon.stop();
    fs::remove_file(&right).expect("the file");
    page.starts(
        &site.path(""),
        site.command().arg("--key-lost"),
        "apppwd --key-lost",
        "The key is a systemd credential, and apppwd is run by hand.",
    );
}

fn full_disk(page: &mut Page) {
    let daemon = start_on_small_disk("", "key");
    done(&daemon, &["key", "rotate"]);
    fill_key_disk(&daemon);
    let desk = Desk::at(&daemon);
    page.fails(&desk, Who::Root, &["key", "rotate"], "The disk of the keys is full.");
    page.fails(&desk, Who::Root, &["key", "retire", "1", "--yes"], "The same, of an old key.");
}
