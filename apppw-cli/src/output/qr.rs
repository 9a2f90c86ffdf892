//! A text as a QR code (ISO/IEC 18004) on the terminal, to be read by a phone's camera.
//!
//! The text is a secret. The encoder works in two buffers that are ours and are wiped, allocates nothing, and
//! keeps nothing (that is why it is this one); what is printed is wiped as well.

use crate::exit::Failure;
use crate::output::terminal::Stream;
use crate::output::{Fit, fit, paint};
use qrcodegen_no_heap::{QrCode, QrCodeEcc, Version};
use zeroize::Zeroizing;

/// What each secret fits into: 25 × 25 modules, up to 32 characters.
const VERSION: Version = Version::new(2);

/// Room for what is longer.
const LARGEST: Version = Version::new(6);

/// The light margin that readers need.
const QUIET: i32 = 4;

/// Modules on a side, the margin included.
const MODULES: usize = 25 + 2 * 4;

/// How the modules are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Two modules in one character, one above the other; else two characters for each module.
    half_blocks: bool,
    /// Black on white, whatever the terminal's own colours are; else light on dark.
    painted: bool,
}

impl Style {
    /// As the terminal can show it.
    ///
    /// # Errors
    /// If it is none, or too narrow.
    pub fn of_terminal() -> Result<Self, Failure> {
        let Some(columns) = Fit::of(Stream::Stdout).limit() else {
            return Err(Failure::usage(
                "--qr shows the secret on a terminal, and standard output is none; nothing was created. Leave --qr \
                 out, or don't redirect the output",
            ));
        };
        let style = Self { half_blocks: fit::is_utf8(), painted: paint::is_wanted(Stream::Stdout) };
        let needed = style.columns();
        if columns < needed {
            let why = if style.half_blocks { "" } else { " (33 in a UTF-8 locale)" };
            return Err(Failure::usage(format!(
                "the QR code needs {needed} columns{why}, and this terminal has {columns}; nothing was created. Make \
                 the window wider, or leave --qr out"
            )));
        }
        Ok(style)
    }

    const fn columns(self) -> usize {
        if self.half_blocks { MODULES } else { 2 * MODULES }
    }
}

/// `text`, drawn. Nothing of it comes from elsewhere: there is nothing to be made visible.
pub fn code(text: &str, style: Style) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut scratch = Zeroizing::new([0_u8; LARGEST.buffer_len()]);
    let mut out = Zeroizing::new([0_u8; LARGEST.buffer_len()]);
    let code = QrCode::encode_text(
        text,
        scratch.as_mut_slice(),
        out.as_mut_slice(),
        QrCodeEcc::Low,
        VERSION,
        LARGEST,
        None,
        // A better correction where it costs no room.
        true,
    );
    let code = code.map_err(|_| Failure::io("the secret is too long for a QR code"))?;
    Ok(drawn(code.size(), |x, y| code.get_module(x, y), style))
}

/// The lines. Beyond the code all is light.
fn drawn(size: i32, is_dark: impl Fn(i32, i32) -> bool, style: Style) -> Zeroizing<Vec<u8>> {
    /// No line takes more.
    const LINE: usize = 1024;
    let lines = usize::try_from(size + 2 * QUIET).unwrap_or(MODULES);
    // Never grown: that would leave a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(lines * LINE));
    let (begin, end) = (-QUIET, size + QUIET);
    let mut y = begin;
    while y < end {
        if style.half_blocks {
            half_blocks(
                &mut bytes,
                (begin..end).map(|x| (is_dark(x, y), is_dark(x, y + 1))),
                y + 1 < end,
                style,
            );
            y += 2;
        } else {
            squares(&mut bytes, (begin..end).map(|x| is_dark(x, y)), style);
            y += 1;
        }
    }
    bytes
}

/// Black on white: of the 256 colours, which themes leave alone.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const ON_BLACK: &str = "\x1b[48;5;16m";
const ON_WHITE: &str = "\x1b[48;5;231m";
const RESET: &str = "\x1b[0m";

/// A line of pairs, the upper module first. `has_lower`: the lower one is part of the picture.
fn half_blocks(
    bytes: &mut Vec<u8>,
    pairs: impl Iterator<Item = (bool, bool)>,
    has_lower: bool,
    style: Style,
) {
    if style.painted {
        bytes.extend_from_slice(BLACK_ON_WHITE.as_bytes());
    }
    for (upper, lower) in pairs {
        // What is inked: the dark, or without colours the light, for most terminals are dark.
        let inked = if style.painted { (upper, lower) } else { (!upper, !lower && has_lower) };
        bytes.extend_from_slice(
            match inked {
                (true, true) => "█",
                (true, false) => "▀",
                (false, true) => "▄",
                (false, false) => " ",
            }
            .as_bytes(),
        );
    }
    bytes.extend_from_slice(if style.painted { RESET } else { "" }.as_bytes());
    bytes.push(b'\n');
}

/// A line of modules, two characters each.
fn squares(bytes: &mut Vec<u8>, modules: impl Iterator<Item = bool>, style: Style) {
    for dark in modules {
        let square = match (style.painted, dark) {
            (true, true) => [ON_BLACK, "  "],
            (true, false) => [ON_WHITE, "  "],
            (false, true) => ["", "  "],
            (false, false) => ["", "##"],
        };
        square.iter().for_each(|part| bytes.extend_from_slice(part.as_bytes()));
    }
    bytes.extend_from_slice(if style.painted { RESET } else { "" }.as_bytes());
    bytes.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_has_the_same_size_and_its_margin() {
        for length in [19, 24, 29] {
            let text = "7".repeat(length);
            for half_blocks in [true, false] {
                let style = Style { half_blocks, painted: false };
                let drawn = code(&text, style).unwrap();
                let drawn = std::str::from_utf8(&drawn).unwrap();
                let lines: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
                assert!(lines.iter().all(|line| line.len() == style.columns()), "{drawn}");
                let (margin, light) = if half_blocks { (2, '█') } else { (4, '#') };
                for line in lines.iter().take(margin) {
                    assert!(line.iter().all(|c| *c == light), "{drawn}");
                }
                for line in &lines[..lines.len() - 1] {
                    let edge = if half_blocks { 4 } else { 8 };
                    assert!(
                        line[..edge].iter().chain(&line[line.len() - edge..]).all(|c| *c == light),
                        "{drawn}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_drawn_is_never_moved_while_it_grows() {
        for half_blocks in [true, false] {
            let drawn = code(&"7".repeat(29), Style { half_blocks, painted: true }).unwrap();
            assert!(drawn.len() <= 33 * 1024 && drawn.capacity() >= 33 * 1024, "{}", drawn.len());
        }
        assert!(code(&"7".repeat(4000), Style { half_blocks: true, painted: true }).is_err());
    }
}
