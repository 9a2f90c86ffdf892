//! Names from outside: what may be in them, and how they are shown.

use std::borrow::Cow;

/// Longest name of an app password, in characters.
pub const MAX_NAME_CHARS: usize = 80;

/// Longest user name, service or address, in bytes.
pub const MAX_FIELD_BYTES: usize = 255;

/// Whether `c` can change how the text around it is shown: control characters, bidi
/// controls (Unicode UAX #9), zero-width and blank characters, line and paragraph separators. Variation
/// selectors are none: they belong to the character before them, in emoji and in names of people.
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    // First what nearly every character is.
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180e}'
                | '\u{3164}'
                | '\u{ffa0}'
                | '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{feff}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e00ff}'
                | '\u{e01f0}'..='\u{e0fff}'
        )
}

/// `text` with every deceptive character written as `\u{..}`, fit for a terminal or a log
/// line.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_deceptive) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::with_capacity(text.len() + 8), |mut shown, c| {
        if is_deceptive(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
        shown
    }))
}

/// `text`, or its first `most` characters and an ellipsis.
#[must_use]
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// Why a name is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing, or only spaces.
    #[error("is empty")]
    Empty,
    /// More than the limit.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    /// More bytes than the limit.
    #[error("is longer than {0} bytes")]
    TooManyBytes(usize),
    /// A control, bidi or zero-width character.
    #[error("has the character {}, which is not shown as it is (control, bidi or zero-width)", visible(&format!("{_0:?}")))]
    Deceptive(char),
    /// Space at either end.
    #[error("begins or ends with a space")]
    Space,
}

/// Checks the name of an app password: 1 to 80 characters, none deceptive, no space at
/// either end.
///
/// # Errors
/// Says what is wrong; write it after the name.
pub fn check_name(name: &str) -> Result<(), NameError> {
    check_shown(name)?;
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(NameError::TooLong(MAX_NAME_CHARS));
    }
    Ok(())
}

/// Checks a user name, service or address: 1 to 255 bytes, none deceptive, no space at
/// either end.
///
/// # Errors
/// Says what is wrong; write it after the value.
pub fn check_field(value: &str) -> Result<(), NameError> {
    check_shown(value)?;
    if value.len() > MAX_FIELD_BYTES {
        return Err(NameError::TooManyBytes(MAX_FIELD_BYTES));
    }
    Ok(())
}

fn check_shown(text: &str) -> Result<(), NameError> {
    if text.trim().is_empty() {
        return Err(NameError::Empty);
    }
    if let Some(c) = text.chars().find(|c| is_deceptive(*c)) {
        return Err(NameError::Deceptive(c));
    }
    if text.trim() != text {
        return Err(NameError::Space);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deceptive_characters_are_written_out() {
        assert_eq!(visible("plain é 漢"), "plain é 漢");
        assert_eq!(visible("a\x1b[2Jb\r\n\u{202e}c"), "a\\u{1b}[2Jb\\u{d}\\u{a}\\u{202e}c");
    }

    #[test]
    fn names_have_limits() {
        assert_eq!(check_name("Thunderbird, laptop"), Ok(()));
        assert_eq!(check_name(&"é".repeat(80)), Ok(()));
        assert_eq!(check_name(&"é".repeat(81)), Err(NameError::TooLong(80)));
        assert_eq!(check_name(" "), Err(NameError::Empty));
        assert_eq!(check_name("a "), Err(NameError::Space));
        assert_eq!(check_name("a\u{202e}b"), Err(NameError::Deceptive('\u{202e}')));
        assert_eq!(check_field(&"a".repeat(256)), Err(NameError::TooManyBytes(255)));
    }

    #[test]
    fn an_error_shows_no_deceptive_character_itself() {
        // Some of them are graphic characters to Unicode, which `Debug` leaves as they are.
        for c in ['\u{202e}', '\n', '\u{2800}', '\u{3164}', '\u{fff0}', '\u{e0fff}'] {
            let error = check_name(&format!("a{c}b")).unwrap_err().to_string();
            assert!(!error.contains(is_deceptive), "{error:?}");
        }
    }
}
