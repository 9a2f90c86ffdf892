//! Lines on `admin.sock`, for who writes a client of his own.

use super::super::page::Page;
use crate::host::{Who, create, start};

pub fn play(page: &mut Page) {
    page.title(
        "Speaking to admin.sock",
        "For who writes a client of his own (docs/protocol.md): what `apppw` never sends, and what only other versions of it \
         do. First the request, then the `error` of the answer.",
    );
    let daemon = start("");
    let (phone, _) = create(&daemon, "alice", "phone", &[]);
    let verb = |verb: &str, args: &str| format!("{{\"v\":1,\"id\":7,\"verb\":\"{verb}\",\"args\":{args}}}\n");
    let ids: Vec<String> = (0..1001).map(|n| format!("\"ap-{n:08}\"")).collect();
    let table = [
        ("GET / HTTP/1.1\n".to_owned(), "No JSON."),
        ("{\"v\":1,\"id\":7,\"verb\":\"list\"".to_owned(), "No newline at the end."),
        ("x".repeat(70_000), "A line that is too long."),
        ("{\"v\":1,\"id\":7,\"verb\":\"list\",\"uid\":0}\n".to_owned(), "A field that there isn't."),
        ("{\"v\":2,\"id\":7,\"verb\":\"list\"}\n".to_owned(), "Another version."),
        (verb("frobnicate", "{}"), "A verb that there isn't."),
        (verb("list", "[]"), "Arguments that are no object."),
        (verb("list", "{\"all\":\"yes\"}"), "A value of the wrong kind."),
        (verb("list", "{\"al\":true}"), "An argument that there isn't."),
        (verb("events", "{\"kinds\":[\"revoked\"]}"), "A word that there isn't."),
        (verb("list", "{\"all\":true,\"unused\":\"90d\"}"), "Arguments that don't go together."),
        (verb("list", "{\"cursor\":\"x\"}"), "A cursor that was made up."),
        (verb("report", "{\"cursor\":\"x\"}"), "The same."),
        (verb("events", "{\"last\":3,\"after\":7}"), "Arguments that don't go together."),
        (verb("revoke", "{}"), "Nothing says which ones."),
        (verb("revoke", &format!("{{\"ids\":[\"{phone}\"],\"all\":true}}")), "Ids and a selection."),
        (verb("revoke", &format!("{{\"ids\":[\"{phone}\"],\"users\":[\"alice\"]}}")), "Ids and users."),
        (verb("revoke", "{\"all\":true,\"unused\":\"90d\"}"), "All, and a selection."),
        (verb("suspend", "{\"ids\":[]}"), "No id."),
        (verb("suspend", &format!("{{\"ids\":[{}]}}", ids.join(","))), "Too many ids."),
        (verb("show", "{\"id\":\"laptop\"}"), "No id of an app password."),
        (verb("list", "{\"unused\":\"soon\"}"), "No span."),
    ];
    for (request, what) in &table {
        page.asks(&daemon, Who::Root, request, what);
    }
}
