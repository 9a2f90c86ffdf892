//! The secret's shape: alphabet, check character, forgiving input, display.
//!
//! A secret is 15, 19 or 23 random characters of Crockford's base32 in lower case (no
//! `i`, `l`, `o`, `u`) and one check character (Luhn mod 32). The check character finds
//! every single wrong character and every swap of neighbours but `0` with `z`.

use zeroize::{ZeroizeOnDrop, Zeroizing};

/// The 32 characters of a secret; a character's value is its index.
pub const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The lengths that a secret may have, check character included.
pub const LENGTHS: [usize; 3] = [16, 20, 24];

/// Longest secret in characters.
pub const MAX_LEN: usize = 24;

/// Characters between two hyphens on display.
const GROUP: usize = 4;

/// Fewest characters of what may be meant as a secret: one was left out.
const LEAST_TYPED: usize = 15;

/// Longest input, in bytes, that is looked at: what is longer is no secret, however many
/// spaces it has.
const MAX_INPUT: usize = crate::limits::MAX_FIELD;

/// A secret in its canonical form: lower case, no hyphens, right check character.
///
/// It is wiped when dropped and has no `Display`; its `Debug` shows nothing. Use
/// [`Secret::as_bytes`] for the check and [`Secret::display`] for the one time it is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// Behind a pointer: moving a value leaves a copy behind that nothing wipes.
    bytes: Box<Zeroizing<[u8; MAX_LEN]>>,
    len: u8,
}

impl ZeroizeOnDrop for Secret {}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What an input is, seen as a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// It has the shape of a secret; here is its canonical form.
    Secret(Secret),
    /// Only the check character is wrong: a secret with a typing error, or chance (1 in 32
    /// would have been right).
    WrongCheck,
    /// Not a secret.
    Other,
}

/// What an input is, where the canonical form of a secret is written elsewhere ([`classify_into`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// A secret of so many characters.
    Secret(usize),
    /// As [`Shape::WrongCheck`].
    WrongCheck,
    /// As [`Shape::Other`].
    Other,
}

impl Secret {
    /// Completes random character values (0 to 31 each) with their check character.
    ///
    /// `None` unless there are 15, 19 or 23 values, each below 32.
    #[must_use]
    pub fn from_values(values: &[u8]) -> Option<Self> {
        if !LENGTHS.contains(&(values.len() + 1)) || values.iter().any(|value| *value >= 32) {
            return None;
        }
        // From here on it is wiped, however this ends.
        let mut secret =
            Self { bytes: Box::new(Zeroizing::new([0; MAX_LEN])), len: u8::try_from(values.len() + 1).ok()? };
        let check = check_value(values.iter().copied());
        for (to, value) in secret.bytes.iter_mut().zip(values.iter().chain([&check])) {
            *to = *ALPHABET.get(usize::from(*value))?;
        }
        Some(secret)
    }

    /// The canonical characters, 16, 20 or 24 of them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// The characters in fours with hyphens (`xxxx-xxxx-xxxx-xxxx`), for the one time that
    /// a secret is shown. The caller wipes the result.
    #[must_use]
    pub fn display(&self) -> String {
        let mut shown = String::with_capacity(MAX_LEN + MAX_LEN / GROUP);
        for (i, byte) in self.as_bytes().iter().enumerate() {
            if i > 0 && i % GROUP == 0 {
                shown.push('-');
            }
            shown.push(char::from(*byte));
        }
        shown
    }
}

/// Judges the shape of `input` as a person may have typed it: case, spaces and hyphens
/// don't count, `o` reads as `0`, `i` and `l` as `1`.
///
/// "Spaces and hyphens" are those that copying from a page or a document yields: space,
/// no-break space, hyphen-minus, hyphen, non-breaking hyphen.
#[must_use]
pub fn classify(input: &[u8]) -> Shape {
    let mut secret = Secret { bytes: Box::new(Zeroizing::new([0; MAX_LEN])), len: 0 };
    match classify_into(input, &mut secret.bytes) {
        Judged::Secret(len) => {
            secret.len = u8::try_from(len).unwrap_or(0);
            Shape::Secret(secret)
        }
        Judged::WrongCheck => Shape::WrongCheck,
        Judged::Other => Shape::Other,
    }
}

/// As [`classify`], with the canonical form in `room`, which the caller wipes however this ends: nothing is
/// allocated, so that a host without memory is not taken down.
pub fn classify_into(input: &[u8], room: &mut [u8; MAX_LEN]) -> Judged {
    let Some(len) = collect_values(input, room).filter(|len| LENGTHS.contains(len)) else {
        return Judged::Other;
    };
    let Some((check, random)) = room.get(..len).and_then(<[u8]>::split_last) else {
        return Judged::Other;
    };
    if check_value(random.iter().copied()) != *check {
        return Judged::WrongCheck;
    }
    for place in room.iter_mut().take(len) {
        *place = ALPHABET.get(usize::from(*place)).copied().unwrap_or(0);
    }
    Judged::Secret(len)
}

/// Whether `input` as a whole has the shape of a secret.
#[must_use]
pub fn has_shape(input: &[u8]) -> bool {
    matches!(classify_into(input, &mut Zeroizing::new([0; MAX_LEN])), Judged::Secret(_))
}

/// Whether there is a secret in `text`, which a person typed where none belongs: a word that is one, or
/// words of four characters in a row, as it is shown.
#[must_use]
pub fn is_in(text: &str) -> bool {
    let is_secret = |part: &str| has_shape(part.as_bytes());
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(is_secret) || has_groups(text, is_secret)
}

/// Whether words of four characters that follow one another are a secret, whatever is between them.
fn has_groups(text: &str, is_secret: impl Fn(&str) -> bool) -> bool {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut room = Zeroizing::new([0_u8; MAX_LEN]);
    loop {
        let mut filled = 0;
        for word in words.clone().take_while(|word| word.len() == GROUP) {
            let Some(to) = room.get_mut(filled..filled + GROUP) else { break };
            to.copy_from_slice(word.as_bytes());
            filled += GROUP;
            if room.get(..filled).and_then(|all| std::str::from_utf8(all).ok()).is_some_and(&is_secret) {
                return true;
            }
        }
        if words.next().is_none() {
            return false;
        }
    }
}

/// Whether a word of `text` may be a secret with typing errors, or with something stuck to it, front or back:
/// fifteen characters or more in which digits and letters take turns, in one or in fours. A name that somebody
/// has may look like that, too: it is for hiding what is nobody's name.
#[must_use]
pub fn may_be_in(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && !is_filler(c)).any(|word| {
        let parts = || word.split(is_filler).filter(|part| !part.is_empty());
        let fours = parts().filter(|part| part.len() == GROUP).count();
        let is_in_fours = fours >= 2 && parts().count() - fours <= 1;
        parts().any(|part| part.len() >= LEAST_TYPED && turns(part) >= 3)
            || is_in_fours && parts().map(str::len).sum::<usize>() >= LEAST_TYPED && turns(word) >= 2
    })
}

/// How often a digit follows a letter or a letter a digit.
fn turns(word: &str) -> usize {
    let are_digits = || word.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.is_ascii_digit());
    are_digits().zip(are_digits().skip(1)).filter(|(one, next)| one != next).count()
}

/// Stands between the characters of a secret, as it is shown or copied.
const fn is_filler(c: char) -> bool {
    matches!(c, ' ' | '-' | '\u{a0}' | '\u{2010}' | '\u{2011}')
}

/// Puts the values of the characters that count into `values` and returns how many there
/// are; `None` if one is foreign or they are too many.
fn collect_values(input: &[u8], values: &mut [u8; MAX_LEN]) -> Option<usize> {
    if input.len() > MAX_INPUT {
        return None;
    }
    let text = std::str::from_utf8(input).ok()?;
    let mut len = 0;
    for c in text.chars() {
        if is_filler(c) {
            continue;
        }
        *values.get_mut(len)? = value(c)?;
        len += 1;
    }
    Some(len)
}

/// The value of a character as typed; `None` if it is not in the alphabet.
fn value(c: char) -> Option<u8> {
    let c = match c.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        c => c,
    };
    ALPHABET.iter().position(|a| char::from(*a) == c).and_then(|i| u8::try_from(i).ok())
}

/// Luhn mod 32: from the right, every other value is doubled and its two base-32 digits
/// added; the check value brings the sum to a multiple of 32.
fn check_value(values: impl DoubleEndedIterator<Item = u8>) -> u8 {
    let sum: u32 = values
        .rev()
        .enumerate()
        .map(|(i, value)| {
            let factor = if i % 2 == 0 { 2 } else { 1 };
            let product = u32::from(value) * factor;
            product / 32 + product % 32
        })
        .sum();
    u8::try_from((32 - sum % 32) % 32).unwrap_or(0)
}
