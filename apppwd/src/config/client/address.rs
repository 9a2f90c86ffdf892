//! Host names, ports and URLs, as they may be told to people who type them.

use std::net::{Ipv4Addr, Ipv6Addr};

/// What `{user}` in a URL stands for: the user name, percent-encoded.
const USER: &str = "{user}";

/// Checks a host: a name of ASCII labels (RFC 1123, RFC 5891: an international one as `xn--…`), or an address.
pub(super) fn check_host(host: &str) -> Result<(), String> {
    let inside = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(address) = inside {
        return match address.parse::<Ipv6Addr>() {
            Ok(_) => Ok(()),
            Err(_) => Err(format!("{address:?} is no IPv6 address")),
        };
    }
    if let Some((scheme, rest)) = host.split_once("://") {
        let rest = rest.trim_end_matches('/');
        return Err(format!("a server has no scheme ({scheme}://): write {rest:?}"));
    }
    if !host.is_ascii() {
        return Err(format!(
            "the host {host:?} has letters that mail programs don't all take: write it as xn--…"
        ));
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_numeric = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_host = if is_numeric {
        host.parse::<Ipv4Addr>().is_ok()
    } else {
        host.len() <= 253 && host.split('.').all(is_label)
    };
    if is_host {
        return Ok(());
    }
    Err(format!(
        "{host:?} is no host name: write it as imap.example.org, or an address as 192.0.2.7 or [2001:db8::7]"
    ))
}

/// Takes `HOST` or `HOST:PORT` apart.
pub(super) fn host_and_port(text: &str) -> Result<(String, Option<u16>), String> {
    // Between brackets are colons that begin no port.
    let begin = text.rfind(']').unwrap_or(0);
    let (host, port) = match text.get(begin..).and_then(|rest| rest.rfind(':')) {
        Some(at) if !text.contains("://") => {
            let (host, port) = text.split_at(begin + at);
            (host, Some(port.trim_start_matches(':')))
        }
        _ => (text, None),
    };
    check_host(host)?;
    let port = port.map(|port| {
        // `parse` takes a sign.
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let number = port.parse().ok().filter(|number| digits && *number != 0);
        number.ok_or_else(|| format!("{port:?} is no port: allowed are 1 to 65535"))
    });
    Ok((host.to_owned(), port.transpose()?))
}

/// Checks a URL. Only `https`: a password is sent there.
pub(super) fn check_url(url: &str) -> Result<(), String> {
    let Some(rest) = url.strip_prefix("https://") else {
        return Err(format!("{url:?} must begin with https://"));
    };
    if url.len() > 255 {
        return Err("a URL has at most 255 characters".into());
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    host_and_port(authority)?;
    let path = path.replace(USER, "");
    // RFC 3986: what may stand in path, query and fragment.
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    match path.chars().find(|c| !is_allowed(*c)) {
        Some(c) => {
            Err(format!("{url:?} has the character {c:?}, which a URL can't have; the user name is {USER}"))
        }
        None => Ok(()),
    }
}

/// The URL of that user.
pub(super) fn url_of(url: &str, user: &str) -> String {
    let encoded: String = user
        .bytes()
        .map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    url.replace(USER, &encoded)
}
