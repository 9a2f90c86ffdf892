//! Text from the outside: may it be framed, how is it logged.

use apppw_proto::limits::MAX_FIELD;
use apppw_proto::secret::{has_shape, is_in};
use std::ffi::CStr;
use std::fmt;

/// Longest piece of foreign text in a log line, in bytes.
const MAX_SHOWN: usize = 255;

/// An item that can't be put into a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unframable {
    /// Which: `user`, `service` or `rhost`.
    pub field: &'static str,
    /// Why not. The value itself stays out of the log: it may be a password.
    pub why: &'static str,
}

impl fmt::Display for Unframable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "login refused: {} {}", self.field, self.why)
    }
}

/// The item as text, if a frame can hold it.
///
/// # Errors
/// Over 255 bytes, not UTF-8, or a control character in it.
pub fn framable<'a>(field: &'static str, value: &'a CStr) -> Result<&'a str, Unframable> {
    if value.to_bytes().len() > MAX_FIELD {
        return Err(Unframable { field, why: "is longer than 255 bytes" });
    }
    let text = value.to_str().map_err(|_| Unframable { field, why: "is not UTF-8" })?;
    if text.chars().any(char::is_control) {
        return Err(Unframable { field, why: "has a control character" });
    }
    Ok(text)
}

/// As [`framable`], for items that must be there.
///
/// # Errors
/// As [`framable`], and for an item that is missing or empty.
pub fn framable_and_there<'a>(field: &'static str, value: Option<&'a CStr>) -> Result<&'a str, Unframable> {
    match framable(field, value.unwrap_or_default())? {
        "" => Err(Unframable { field, why: "is empty" }),
        text => Ok(text),
    }
}

/// Foreign text for a log line: what a terminal or a log parser could take for a command is
/// escaped, what is long is cut.
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.get(..MAX_SHOWN).unwrap_or(self.0);
        for chunk in shown.utf8_chunks() {
            for c in chunk.valid().chars() {
                if needs_escape(c) {
                    write!(f, "{}", c.escape_default())?
                } else {
                    fmt::Write::write_char(f, c)?
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        if shown.len() < self.0.len() { f.write_str("…") } else { Ok(()) }
    }
}

/// Control characters, separators, invisible ones and those that change the direction of
/// writing; the backslash, so that an escape can't be forged.
fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\\' | '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A user name for a log line: masked if a secret is in it, because people paste
/// passwords into the wrong field.
pub struct User<'a>(pub &'a str);

impl fmt::Display for User<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_in(self.0) || has_shape(self.0.as_bytes()) {
            return f.write_str("(hidden: looks like an app password)");
        }
        Escaped(self.0.as_bytes()).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{Escaped, User, framable, framable_and_there};
    use apppw_proto::secret::Secret;
    use std::ffi::CString;

    #[test]
    fn what_a_frame_cant_hold_is_named() {
        let cases: [(&[u8], &str); 5] = [
            (&[b'a'; 256], "is longer than 255 bytes"),
            (b"\xff", "is not UTF-8"),
            (b"a\x1b[2J", "has a control character"),
            (b"a\x7f", "has a control character"),
            ("a\u{85}".as_bytes(), "has a control character"),
        ];
        for (bytes, why) in cases {
            let value = CString::new(bytes).unwrap();
            assert_eq!(framable("user", &value).unwrap_err().why, why, "{bytes:?}");
        }
        assert_eq!(framable("user", &CString::new([b'a'; 255]).unwrap()).unwrap().len(), 255);
        assert_eq!(framable("rhost", c"").unwrap(), "");
        assert_eq!(framable_and_there("user", Some(c"")).unwrap_err().why, "is empty");
        assert_eq!(framable_and_there("user", None).unwrap_err().why, "is empty");
        assert_eq!(framable_and_there("user", Some(c"jürgen@example.org")).unwrap(), "jürgen@example.org");
    }

    #[test]
    fn nothing_that_a_terminal_obeys_comes_through() {
        assert_eq!(Escaped(b"a\n\x1b[2Jb").to_string(), "a\\n\\u{1b}[2Jb");
        assert_eq!(Escaped("a\u{202e}\u{2028}b".as_bytes()).to_string(), "a\\u{202e}\\u{2028}b");
        assert_eq!(Escaped(b"a\xff\\b").to_string(), "a\\xff\\\\b");
        assert_eq!(Escaped("jürgen".as_bytes()).to_string(), "jürgen");
        assert_eq!(Escaped(&[b'a'; 300]).to_string().chars().count(), 256);
    }

    #[test]
    fn a_secret_in_the_user_field_is_masked() {
        let secret = Secret::from_values(&[7; 15]).unwrap().display();
        assert!(User(&secret).to_string().starts_with("(hidden"));
        assert!(User(&secret.to_uppercase()).to_string().starts_with("(hidden"));
        assert!(User(&format!("{secret}@example.org")).to_string().starts_with("(hidden"));
        assert!(User(&format!("alice {secret}")).to_string().starts_with("(hidden"));
        assert_eq!(User("alice").to_string(), "alice");
    }
}
