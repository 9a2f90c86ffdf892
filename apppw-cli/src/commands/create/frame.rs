//! What a person at a terminal sees of a new app password: the secret in its frame, and what to type into
//! the program beside it.

use crate::commands::pin;
use crate::output::quote::{quoted, word};
use crate::output::time::Clock;
use crate::output::{Text, prose};
use apppw_admin::verbs::{AppPassword, ClientSettings, Created, MailServer, PinState};

/// What stands above a QR code, and the secret.
pub fn above(created: &Created, clock: &Clock, columns: usize) -> Text {
    let record = &created.app_password;
    let mut text = Text::new();
    let services = record.services.join(", ");
    paragraph(
        &mut text,
        &format!("{}: {} of {}, for {services}", record.id, quoted(&record.name), word(&record.user)),
        columns,
    );
    limits(&mut text, record, clock, columns);
    text.line("");
    framed(&mut text, created.secret.expose(), columns);
    text.line("");
    text
}

/// What stands below.
pub fn below(created: &Created, columns: usize) -> Text {
    let record = &created.app_password;
    let mut text = Text::new();
    let fields = created.client.as_ref().map(fields).unwrap_or_default();
    if fields.is_empty() {
        paragraph(
            &mut text,
            &format!(
                "Type it into the mail program (as user {}) in place of the password; spaces, hyphens and upper case \
                 don't matter. It isn't shown again.",
                record.user
            ),
            columns,
        );
    } else {
        text.line("Type this into the program:");
        text.line("");
        table(&mut text, &fields, columns);
        text.line("");
        paragraph(
            &mut text,
            "Spaces, hyphens and upper case in the password don't matter. It isn't shown again.",
            columns,
        );
    }
    if let Some(ClientSettings { help, note, .. }) = &created.client {
        if let Some(note) = note {
            paragraph(&mut text, note, columns);
        }
        if let Some(help) = help {
            paragraph(&mut text, &format!("Help: {help}"), columns);
        }
    }
    paragraph(&mut text, &format!("To take it away: apppw revoke {}", record.id), columns);
    text
}

fn paragraph(text: &mut Text, sentences: &str, columns: usize) {
    for line in prose::lines(sentences, "", Some(columns)) {
        text.line(line);
    }
}

/// The secret; without the frame where that is too wide, and broken at its hyphens where it is too wide itself.
fn framed(text: &mut Text, secret: &str, columns: usize) {
    let width = secret.chars().count();
    if columns >= width + 8 {
        let edge = format!("  +{}+", "-".repeat(width + 4));
        text.line(&edge);
        text.line_of(&["  |  ", secret, "  |"]);
        text.line(&edge);
        return;
    }
    // Pieces of the secret itself: nothing is copied that would have to be wiped.
    let mut rest = secret;
    while !rest.is_empty() {
        let ends = rest.match_indices('-').map(|(at, _)| at + 1).chain([rest.len()]);
        let end = ends.clone().rfind(|end| *end <= columns.saturating_sub(2));
        let end = end.or_else(|| ends.clone().next()).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        text.line_of(&["  ", line]);
        rest = after;
    }
}

/// What mail programs ask for: what they call it, and the answer in parts.
type Field = (&'static str, Vec<String>);

/// None: there is nothing but the user name.
fn fields(client: &ClientSettings) -> Vec<Field> {
    let ClientSettings { user, imap, pop3, smtp, sieve, carddav, caldav, webdav, .. } = client;
    let mail = |label, server: &Option<MailServer>| {
        let MailServer { host, port, encryption } = server.as_ref()?;
        Some((label, vec![host.clone(), format!("port {port}"), encryption.in_programs().to_owned()]))
    };
    let url = |label, url: &Option<String>| Some((label, vec![url.clone()?]));
    let servers: Vec<Field> = [
        mail("Incoming mail (IMAP)", imap),
        mail("Incoming mail (POP3)", pop3),
        mail("Outgoing mail (SMTP)", smtp),
        mail("Filters (ManageSieve)", sieve),
        url("Contacts (CardDAV)", carddav),
        url("Calendar (CalDAV)", caldav),
        url("Files (WebDAV)", webdav),
    ]
    .into_iter()
    .flatten()
    .collect();
    if servers.is_empty() {
        return servers;
    }
    let person = [("User name", vec![user.clone()]), ("Password", vec!["as in the frame above".to_owned()])];
    person.into_iter().chain(servers).collect()
}

/// The answers below each other; on a narrow terminal each part on a line of its own.
fn table(text: &mut Text, fields: &[Field], columns: usize) {
    let widest = fields.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    let lines: Vec<String> =
        fields.iter().map(|(label, parts)| format!("  {label:widest$}  {}", parts.join(", "))).collect();
    if lines.iter().all(|line| line.chars().count() <= columns) {
        lines.iter().for_each(|line| text.line(line));
        return;
    }
    for (label, parts) in fields {
        text.line(format!("  {label}:"));
        let whole = format!("    {}", parts.join(", "));
        if whole.chars().count() <= columns {
            text.line(whole);
        } else {
            parts.iter().for_each(|part| text.line(format!("    {part}")));
        }
    }
}

/// Where and until when it is good, as far as that has limits.
fn limits(text: &mut Text, record: &AppPassword, clock: &Clock, columns: usize) {
    if !record.networks.is_empty() {
        paragraph(text, &format!("Good from {} only", record.networks.join(", ")), columns);
    }
    if let Some(time) = record.expires {
        text.line(format!("Expires {}", clock.exact(time)));
    }
    for (what, state) in [("service", &record.pin_service), ("network", &record.pin_network)] {
        match state {
            Some(PinState::Pending) => text.line(format!("Its first use locks it to the {what} of that use")),
            Some(to) => text.line(format!("Locked to the {what} {}", pin(to))),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests;
