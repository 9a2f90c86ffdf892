//! A line for syslog, built without the heap.

use std::ffi::CStr;
use std::fmt::{self, Write};

/// Longest line in bytes, final NUL included; what is longer is cut.
const CAPACITY: usize = 1024;

/// A C string of limited length.
pub struct Line {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl Line {
    /// Formats `text`.
    #[must_use]
    pub fn new(text: fmt::Arguments<'_>) -> Self {
        let mut line = Self { bytes: [0; CAPACITY], len: 0 };
        // It only fails when the line is full: then its beginning is what there is.
        let _ = line.write_fmt(text);
        line
    }

    /// The line, up to the first NUL if one was written.
    #[must_use]
    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or_default()
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let free = self.bytes.get_mut(self.len..CAPACITY - 1).unwrap_or_default();
        let taken = free.len().min(text.len());
        for (to, from) in free.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        self.len += taken;
        if taken < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, Line};

    #[test]
    fn a_line_is_what_was_formatted() {
        assert_eq!(Line::new(format_args!("{} and {}", 1, "two")).as_c_str(), c"1 and two");
    }

    #[test]
    fn a_long_line_is_cut_and_still_ends() {
        let long = "x".repeat(3 * CAPACITY);
        let line = Line::new(format_args!("a{long}b{long}"));
        assert_eq!(line.as_c_str().to_bytes().len(), CAPACITY - 1);
    }
}
