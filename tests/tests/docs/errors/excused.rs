//! Texts that can't be provoked in a test, and why. They end the page as they stand in the sources.

use super::page::Page;
use super::sources;

/// A part of a text, and the reason.
pub struct Excused {
    pub text: &'static str,
    pub why: &'static str,
}

const OURS: &str = "a fault of ours: none is known";
const STARVED: &str =
    "needs the system to run out of threads, randomness, descriptors or a lock in one moment";
const NO_MEMORY: &str = "needs the host to run out of memory in one moment";
const BETWEEN: &str = "needs the system to fail between two steps of a start or stop";
const UNREAD: &str = "needs a disk that can't be read, either";
const DISK: &str = "needs a disk that fills or breaks between two starts, or in one moment of many";
const RACE: &str = "needs a deletion within the second in which an app password is made";
const OLD_KERNEL: &str = "needs Linux before 6.16, and somebody who attacks";
const DIRECTORY: &str = "needs the directory of users (NSS, LDAP) to fail";
const LATER: &str = "comes a minute or an hour later, with what was left out till then";

/// Each must be in the sources, and must not be seen.
pub const EXCUSED: &[Excused] = &[
    Excused { text: "can't be waited for", why: "needs a connection that breaks behind a creation" },
    Excused { text: " (33 in a UTF-8 locale)", why: "needs a terminal of a certain width" },
    Excused { text: "the QR code needs {needed} columns", why: "needs a terminal of a certain width" },
    Excused { text: "too long for a QR code", why: OURS },
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
    // `apppw doctor`.
    Excused { text: "libpam can't be loaded", why: "needs a host without libpam" },
    Excused { text: "install the package libpam0g, or pam", why: "needs a host without libpam" },
    Excused { text: "services in one request", why: "needs a host whose stacks name hundreds of services" },
    Excused {
        text: "the journal alone knows of",
        why: "needs a database lost, and another host's key, between two commands",
    },
    // `apppw setup`.
    Excused { text: "no place for a file", why: OURS },
    Excused {
        text: "somebody has changed it in this moment",
        why: "needs somebody else in the moment of a write",
    },
    Excused {
        text: "somebody has changed a file meanwhile",
        why: "needs somebody else in the moment of a write",
    },
    Excused { text: "not everything could be put back", why: DISK },
    Excused { text: "run this again when that is mended", why: DISK },
    Excused { text: "everything is put back, but", why: DISK },
    // What comes to who asks in the moment of a stop.
    Excused { text: "apppwd is stopping", why: "comes to who asks in the moment of a stop" },
    Excused { text: "can't sync the folder", why: DISK },
    Excused { text: "can't start the runtime", why: STARVED },
    Excused { text: "can't catch signals", why: STARVED },
    Excused { text: "can't start a thread", why: STARVED },
    Excused { text: "no random bytes", why: STARVED },
    Excused { text: "the system gives no random bytes: {error}", why: STARVED },
    Excused { text: "the system gives no random bytes for a server key", why: STARVED },
    Excused { text: "the system gives no memory for the server key", why: STARVED },
    Excused { text: "can't draw a key for this process", why: STARVED },
    Excused {
        text: "can't lock the server key in memory",
        why: "needs a unit or a shell that lets nothing be locked (`LimitMEMLOCK=`)",
    },
    Excused { text: "can't accept a connection", why: STARVED },
    Excused { text: "more failures before", why: STARVED },
    Excused { text: "can't lock", why: STARVED },
    Excused { text: "no socket can be made", why: STARVED },
    Excused { text: "not asked: out of memory", why: NO_MEMORY },
    Excused { text: "too many open files", why: STARVED },
    Excused { text: "error number {number}", why: STARVED },
    Excused { text: "broke: {error}", why: STARVED },
    Excused { text: "can't listen", why: BETWEEN },
    Excused { text: "is too large", why: "as other files that are no key" },
    Excused { text: "can't sync the folder", why: DISK },
    Excused { text: "can't open the database", why: DISK },
    Excused { text: "the numbers of its events are at their end", why: "as other changes of the database" },
    Excused { text: "account's app password", why: "as other changes of the database" },
    Excused { text: "can't cut off what was not to be in the journal", why: DISK },
    Excused { text: "can't close the sockets", why: BETWEEN },
    Excused { text: "can't set the mode of", why: BETWEEN },
    Excused { text: "can't set the group of", why: BETWEEN },
    Excused { text: "can't remove the stale socket", why: BETWEEN },
    Excused { text: "listen on", why: BETWEEN },
    Excused { text: "can't take over the sockets", why: BETWEEN },
    Excused { text: "can't read the database", why: BETWEEN },
    Excused { text: "can't fold names", why: BETWEEN },
    Excused { text: "can't bring journal and database together", why: BETWEEN },
    Excused { text: "the system can't say who {who} is", why: DIRECTORY },
    Excused { text: "the system can't say who {user} is", why: DIRECTORY },
    Excused { text: "on admin.sock can't be identified", why: DIRECTORY },
    Excused { text: "was deleted meanwhile", why: RACE },
    Excused { text: "can't look at the uids of accounts", why: DIRECTORY },
    Excused { text: "could not look at the uids of accounts", why: DIRECTORY },
    Excused { text: "the system can't say who you are", why: DIRECTORY },
    // A fault of ours: none is known.
    Excused { text: "internal fault", why: OURS },
    Excused { text: "a fault inside apppwd", why: OURS },
    Excused { text: "a management request failed", why: OURS },
    Excused { text: "a login failed by a fault", why: OURS },
    Excused { text: "a look at the database could not be ended", why: OURS },
    Excused { text: "Argon2id refused its parameters", why: OURS },
    Excused { text: "can't write the result as", why: OURS },
    Excused { text: "no such kind", why: OURS },
    Excused { text: "answer is longer than", why: OURS },
    Excused { text: "unknown hash scheme", why: OURS },
    Excused { text: "not an actor", why: OURS },
    Excused { text: "its account is gone", why: OURS },
    Excused { text: "holds more than three keys", why: OURS },
    Excused { text: "no such key", why: OURS },
    Excused { text: "which can't be changed while apppwd runs", why: "`apppw` looks before it asks" },
    Excused { text: "can't reach the server key", why: STARVED },
    Excused { text: "can't remove what is left beside", why: DISK },
    Excused { text: "a power cut may bring the old one back", why: DISK },
    Excused { text: "is in {path}, but not in use", why: DISK },
    Excused { text: "could not note that server keys were imported", why: DISK },
    Excused { text: "could not name accounts anew in the journal", why: DISK },
    Excused {
        text: "an app password was made meanwhile",
        why: "two requests would have to meet within a moment",
    },
    Excused { text: "can't write {}: {error}; it is removed again", why: DISK },
    Excused { text: "can't look at standard output", why: BETWEEN },
    Excused { text: "server keys are not shown on a terminal", why: "needs a person at a terminal" },
    Excused { text: "server keys are not typed", why: "needs a person at a terminal" },
    Excused { text: "- and --json don't go together", why: "is told with --json only" },
    Excused { text: "libpam can't keep the result", why: NO_MEMORY },
    Excused { text: "apppwd not asked: {error}", why: OURS },
    // One chance in many million.
    Excused { text: "could not find a free id", why: "one chance in many million" },
    // Two requests would have to meet within a moment.
    Excused { text: "is not bound to you", why: "two requests would have to meet within a moment" },
    Excused { text: "and taking {} back failed", why: "two requests would have to meet within a moment" },
    // Comes a minute or an hour later, with what was left out till then.
    Excused { text: "times more for what [peers]", why: LATER },
    Excused { text: "({count} times)", why: LATER },
    Excused { text: "the grace of {} rotations is over", why: LATER },
    Excused { text: "could not note the start", why: DISK },
    Excused { text: "could not note that the daemon runs", why: DISK },
    Excused { text: "in the database but not in the journal: {error}", why: DISK },
    Excused { text: "could not rewrite the hash", why: DISK },
    Excused { text: "could not look for what is not used", why: DISK },
    Excused { text: "could not forget old", why: DISK },
    Excused { text: "can't write the journal: {0}", why: DISK },
    Excused { text: "requests were still under way", why: DISK },
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
    // Backups.
    Excused { text: "a name is too long", why: "needs somebody who edits a backup in one of many ways" },
    Excused { text: "can't read the backup", why: DISK },
    Excused { text: "the backup did not come whole", why: "needs a daemon that ends in that moment" },
    Excused { text: "it has more than one line", why: OURS },
    Excused { text: "it has a secret that is none", why: OURS },
    Excused { text: "What was named is refused from now on", why: UNREAD },
    Excused { text: "The account is locked from now on", why: UNREAD },
    Excused { text: "it has keys that are none", why: OURS },
    Excused { text: "its disk is full, and has blocks of less than 4 KiB", why: DISK },
    Excused {
        text: "the backup has {} bytes, and where {} is to lie only {} are free",
        why: "needs a disk with less room than the copy takes",
    },
    Excused {
        text: "the backup is made, but apppwd has not noted it",
        why: "needs a daemon that ends in that moment",
    },
    Excused { text: "another backup is being made", why: "two requests would have to meet within a moment" },
    Excused { text: "nobody reads it any more", why: "needs a caller that goes away in between" },
    Excused { text: "it was read too slowly", why: "needs a caller that stops for a minute" },
    Excused { text: "could not be handed over", why: "needs a caller that goes away in between" },
    Excused { text: "can't be made ready", why: OURS },
    Excused { text: "passes descriptors on to admin.sock", why: OLD_KERNEL },
    Excused { text: "no descriptors are taken here", why: OLD_KERNEL },
    Excused { text: "could not note in {} whether the server key is a credential", why: DISK },
    Excused { text: "it was broken off", why: BETWEEN },
    Excused { text: "the database can't be copied", why: DISK },
    Excused {
        text: "the database is damaged: {0}. Put a backup",
        why: "needs a database that is damaged while it is used",
    },
    Excused { text: "could not note that the database is a backup", why: DISK },
    Excused { text: "there is no room for the backup in", why: DISK },
    Excused { text: "can't put the backup in place of", why: DISK },
    Excused { text: "can't keep the database as", why: DISK },
    Excused { text: "can't put aside", why: DISK },
    Excused { text: "can't remove", why: DISK },
    Excused { text: "can't say so", why: "needs a pipe that nobody reads any more" },
    Excused { text: "can't look up the user apppwd", why: DIRECTORY },
    Excused { text: "can't give away the folder", why: BETWEEN },
    Excused { text: "can't close the folder", why: BETWEEN },
    Excused { text: "can't become the", why: "needs a root that may not become another user" },
    Excused { text: "can't take the backup into", why: DISK },
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
