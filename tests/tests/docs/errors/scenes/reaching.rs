//! Nobody there, or somebody else.

use super::super::page::{Desk, Page};
use crate::host::{Who, start};
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

pub fn play(page: &mut Page) {
    page.title(
        "Reaching apppwd",
        "A connection that is lost while something is changed leaves it uncertain: that is said.",
    );
    let place = tempfile::tempdir().expect("a folder");
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
    let run = place.path().join("run");
    fs::create_dir(&run).expect("a folder");
    let desk = Desk::without_daemon(place.path());
    let list: &[&str] = &["list"];
    page.fails(&desk, Who::Root, list, "apppwd was never started.");
    let socket = run.join("admin.sock");
    drop(UnixListener::bind(&socket).expect("a socket"));
    page.fails(&desk, Who::Root, list, "Nobody listens any more.");
    fs::set_permissions(&run, fs::Permissions::from_mode(0o700)).expect("its mode");
    page.fails(&desk, Who::Alice, list, "A folder above the socket is closed to the person.");
    let long = format!("/tmp/{}", "x".repeat(200));
    page.fails_as_shown(
        &desk,
        Who::Root,
        &["list", "--socket", &long],
        "list --socket /tmp/xxx...",
        "A path that is too long for a socket.",
    );
    play_strangers(page, &socket, &desk);
    play_real(page);
}

fn play_real(page: &mut Page) {
    let daemon = start("");
    let desk = Desk::at(&daemon);
    let open: Vec<_> = Who::Alice
        .identity()
        .act(|| (0..100).filter_map(|_| UnixStream::connect(daemon.admin_socket()).ok()).collect());
    page.fails(&desk, Who::Alice, &["list"], "One person keeps too many connections.");
    drop(open);
    let long = "x".repeat(70_000);
    let args = ["create", "alice", &long];
    page.fails_as_shown(
        &Desk::at(&daemon),
        Who::Root,
        &args,
        "create alice xxxxxx...",
        "More than fits into a request.",
    );
}

/// Others that listen there.
fn play_strangers(page: &mut Page, socket: &Path, desk: &Desk<'_>) {
    let list: &[&str] = &["list"];
    let create: &[&str] = &["create", "alice", "laptop"];
    for (answer, args, what) in [
        ("", create, "The connection is lost during a change."),
        ("", list, "The connection is lost while something is asked."),
        ("HTTP/1.1 400 Bad Request\r\n", list, "Another program listens there."),
        ("{\"v\":1,\"id\":8,\"ok\":{\"app_passwords\":[]}}\n", list, "An answer to another request."),
        ("{\"v\":1,\"id\":1}\n", list, "An answer that is neither a result nor an error."),
    ] {
        listen(socket, move |stream| {
            let _ = stream.get_mut().write_all(answer.as_bytes());
        });
        page.fails(desk, Who::Root, args, what);
    }
    listen(socket, |stream| {
        // A list without an end; its second page is answered on the same connection.
        for id in 1..=2 {
            let page = format!("{{\"v\":1,\"id\":{id},\"ok\":{{\"app_passwords\":[],\"next\":\"x\"}}}}\n");
            let _ = stream.get_mut().write_all(page.as_bytes());
            let _ = stream.read_line(&mut String::new());
        }
    });
    page.fails(desk, Who::Root, list, "A list that doesn't go on.");
    listen(socket, |stream| {
        let copy = "ssh-ed25519 AAAA mallory\n";
        let backup = json!({
            "at": 1, "bytes": copy.len(), "accounts": 1, "live": 1, "revoked": 0, "journal_bytes": 0, "database": "/d", "key_dir": "/k",
        });
        let answer = json!({"v": 1, "id": 1, "ok": backup});
        let _ = write!(stream.get_mut(), "{answer}\n{copy}");
    });
    let file = socket.with_file_name("authorized_keys");
    let args = ["backup", file.to_str().expect("a path")];
    page.fails_as_shown(desk, Who::Root, &args, "backup /root/apppw.db", "What comes as a backup is none.");
    assert!(!file.exists(), "root has written another's file");
    listen(socket, |_| std::thread::sleep(std::time::Duration::from_secs(40)));
    page.fails(desk, Who::Root, list, "apppwd hangs.");
}

/// Listens, until somebody else does, and answers each request by `answer`.
fn listen(socket: &Path, answer: impl Fn(&mut BufReader<UnixStream>) + Send + Sync + 'static) {
    let _ = fs::remove_file(socket);
    let listener = UnixListener::bind(socket).expect("a socket");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = BufReader::new(stream);
            let _ = stream.read_line(&mut String::new());
            answer(&mut stream);
        }
    });
}
