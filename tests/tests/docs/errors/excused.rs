//! Texts that can't be provoked in a test, and why. They end the page as they stand in the sources.

use super::page::Page;
use super::sources;

/// A part of a text, and the reason.
pub struct Excused {
    pub text: &'static str,
    pub why: &'static str,
}

/// Each must be in the sources, and must not be seen.
pub const EXCUSED: &[Excused] = &[
    Excused { text: "can't be waited for", why: "needs a connection that breaks behind a creation" },
    Excused { text: " (33 in a UTF-8 locale)", why: "needs a terminal of a certain width" },
    Excused { text: "the QR code needs {needed} columns", why: "needs a terminal of a certain width" },
    Excused { text: "too long for a QR code", why: "a fault of ours: none is known" },
    Excused { text: "is too long to be the beginning", why: "`apppw` asks for nothing that long" },
    Excused { text: "too many wait for logins", why: "needs very many that wait" },
    Excused { text: "a URL has at most 255 characters", why: "as other lengths" },
    Excused {
        text: "no live app password begins with {prefix}",
        why: "needs a person at a terminal, and ids that begin alike",
    },
    Excused { text: "more before", why: "comes a minute later, with what was left out till then" },
    Excused { text: "more like it", why: "comes a minute later, with what was left out till then" },
    Excused {
        text: "owner root or {}",
        why: "needs a daemon that runs as another user, and a folder of a third one's",
    },
    Excused {
        text: "To take this one away: apppw revoke",
        why: "needs a person at a terminal who mistypes a user",
    },
    Excused { text: "the waiting ends without a login", why: "needs a pipe that nobody reads any more" },
    // What comes to who asks in the moment of a stop.
    Excused { text: "apppwd is stopping", why: "comes to who asks in the moment of a stop" },
    // Needs the system to run out of threads, randomness, descriptors or a lock in one moment.
    Excused {
        text: "can't start the runtime",
        why: "needs the system to run out of threads, randomness, descriptors or a lock in one moment",
    },
    Excused {
        text: "can't catch signals",
        why: "needs the system to run out of threads, randomness, descriptors or a lock in one moment",
    },
    Excused {
        text: "can't start a thread",
        why: "needs the system to run out of threads, randomness, descriptors or a lock in one moment",
    },
    Excused {
        text: "no random bytes",
        why: "needs the system to run out of threads, randomness, descriptors or a lock in one moment",
    },
    Excused {
        text: "the system gives no random bytes: {error}",
        why: "needs the system to run out of threads, randomness, descriptors or a lock in one moment",
    },
    Excused {
        text: "the system gives no random bytes for a server key",
        why: "needs the system to run out of threads, randomness, descriptors or a lock in one moment",
    },
    Excused {
        text: "can't accept a connection",
        why: "needs the system to run out of threads, randomness, descriptors or a lock in one moment",
    },
    Excused {
        text: "can't lock",
        why: "needs the system to run out of threads, randomness, descriptors or a lock in one moment",
    },
    Excused {
        text: "no socket can be made",
        why: "needs the system to run out of threads, randomness, descriptors or a lock in one moment",
    },
    Excused {
        text: "too many open files",
        why: "needs the system to run out of threads, randomness, descriptors or a lock in one moment",
    },
    Excused {
        text: "error number {number}",
        why: "needs the system to run out of threads, randomness, descriptors or a lock in one moment",
    },
    Excused {
        text: "broke: {error}",
        why: "needs the system to run out of threads, randomness, descriptors or a lock in one moment",
    },
    // Needs the system to fail between two steps of a start or stop.
    Excused { text: "can't listen", why: "needs the system to fail between two steps of a start or stop" },
    Excused {
        text: "can't close the sockets",
        why: "needs the system to fail between two steps of a start or stop",
    },
    Excused {
        text: "can't set the mode of",
        why: "needs the system to fail between two steps of a start or stop",
    },
    Excused {
        text: "can't set the group of",
        why: "needs the system to fail between two steps of a start or stop",
    },
    Excused {
        text: "can't remove the stale socket",
        why: "needs the system to fail between two steps of a start or stop",
    },
    Excused { text: "listen on", why: "needs the system to fail between two steps of a start or stop" },
    Excused {
        text: "can't take over the sockets",
        why: "needs the system to fail between two steps of a start or stop",
    },
    Excused {
        text: "can't read the database",
        why: "needs the system to fail between two steps of a start or stop",
    },
    Excused {
        text: "can't fold names",
        why: "needs the system to fail between two steps of a start or stop",
    },
    Excused {
        text: "can't bring journal and database together",
        why: "needs the system to fail between two steps of a start or stop",
    },
    // Needs the directory of users (NSS, LDAP) to fail.
    Excused {
        text: "the system can't say who {who} is",
        why: "needs the directory of users (NSS, LDAP) to fail",
    },
    Excused {
        text: "the system can't say who {user} is",
        why: "needs the directory of users (NSS, LDAP) to fail",
    },
    Excused {
        text: "a caller on admin.sock can't be identified",
        why: "needs the directory of users (NSS, LDAP) to fail",
    },
    Excused {
        text: "can't look at the uids of accounts",
        why: "needs the directory of users (NSS, LDAP) to fail",
    },
    Excused {
        text: "could not look at the uids of accounts",
        why: "needs the directory of users (NSS, LDAP) to fail",
    },
    Excused {
        text: "the system can't say who you are",
        why: "needs the directory of users (NSS, LDAP) to fail",
    },
    // A fault of ours: none is known.
    Excused { text: "internal fault", why: "a fault of ours: none is known" },
    Excused { text: "a fault inside apppwd", why: "a fault of ours: none is known" },
    Excused { text: "a management request failed", why: "a fault of ours: none is known" },
    Excused { text: "a login failed by a fault", why: "a fault of ours: none is known" },
    Excused { text: "a look at the database could not be ended", why: "a fault of ours: none is known" },
    Excused { text: "Argon2id refused its parameters", why: "a fault of ours: none is known" },
    Excused { text: "can't write the result as", why: "a fault of ours: none is known" },
    Excused { text: "no such kind", why: "a fault of ours: none is known" },
    Excused { text: "answer is longer than", why: "a fault of ours: none is known" },
    Excused { text: "unknown hash scheme", why: "a fault of ours: none is known" },
    Excused { text: "not an actor", why: "a fault of ours: none is known" },
    Excused { text: "its account is gone", why: "a fault of ours: none is known" },
    Excused { text: "holds more than three keys", why: "a fault of ours: none is known" },
    Excused { text: "libpam can't keep the result", why: "a fault of ours: none is known" },
    Excused { text: "apppwd not asked: {error}", why: "a fault of ours: none is known" },
    // One chance in many million.
    Excused { text: "could not find a free id", why: "one chance in many million" },
    // Two requests would have to meet within a moment.
    Excused { text: "is not bound to you", why: "two requests would have to meet within a moment" },
    Excused { text: "and taking {} back failed", why: "two requests would have to meet within a moment" },
    // Comes a minute or an hour later, with what was left out till then.
    Excused {
        text: "times more for what [peers]",
        why: "comes a minute or an hour later, with what was left out till then",
    },
    Excused {
        text: "({count} times)",
        why: "comes a minute or an hour later, with what was left out till then",
    },
    Excused {
        text: "the grace of {} rotations is over",
        why: "comes a minute or an hour later, with what was left out till then",
    },
    // Needs a disk that fills or breaks between two starts, or in one moment of many.
    Excused {
        text: "could not note the start",
        why: "needs a disk that fills or breaks between two starts, or in one moment of many",
    },
    Excused {
        text: "could not note that the daemon runs",
        why: "needs a disk that fills or breaks between two starts, or in one moment of many",
    },
    Excused {
        text: "in the database but not in the journal: {error}",
        why: "needs a disk that fills or breaks between two starts, or in one moment of many",
    },
    Excused {
        text: "could not rewrite the hash",
        why: "needs a disk that fills or breaks between two starts, or in one moment of many",
    },
    Excused {
        text: "could not look for what is not used",
        why: "needs a disk that fills or breaks between two starts, or in one moment of many",
    },
    Excused {
        text: "could not forget old",
        why: "needs a disk that fills or breaks between two starts, or in one moment of many",
    },
    Excused {
        text: "can't write the journal: {0}",
        why: "needs a disk that fills or breaks between two starts, or in one moment of many",
    },
    Excused {
        text: "requests were still under way",
        why: "needs a disk that fills or breaks between two starts, or in one moment of many",
    },
    // Needs a flood of logins.
    Excused { text: "too many logins are being checked", why: "needs a flood of logins" },
    // Needs a group `apppw-auth` on the machine of the test.
    Excused {
        text: "may not give it to the group apppw-auth",
        why: "needs a group `apppw-auth` on the machine of the test",
    },
    // Only another build has it.
    Excused { text: "can lose commits in WAL mode", why: "only another build has it" },
    // Needs a terminal that breaks.
    Excused { text: "can't read the answer", why: "needs a terminal that breaks" },
    // Stands behind a result, not an error.
    Excused { text: "--all shows expired", why: "stands behind a result, not an error" },
    // Of a reply; a module never meets it from apppwd.
    Excused { text: "unknown verdict", why: "of a reply; a module never meets it from apppwd" },
];

/// Puts them on the page.
pub fn write(page: &mut Page) {
    page.title(
        "What no test can provoke",
        "As they stand in the sources, where `{...}` stands for what is known only then.",
    );
    page.write("\n| text | why it isn't above |\n|---|---|\n");
    let texts = sources::texts();
    for Excused { text, why } in EXCUSED {
        if let Some(found) = texts.iter().find(|found| found.text.contains(text)) {
            let text = found.text.replace('\n', " ").replace('|', "\\|");
            page.write(&format!("| {text} | {why} |\n"));
        }
    }
}
