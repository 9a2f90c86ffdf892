//! Numbers that are drawn again the same from the same seed.

/// SplitMix64 (Steele, Lea, Flood, 2014): small, and good enough to choose cases by.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The sequence of a case; each use of it has a stream of its own.
    #[must_use]
    pub const fn of(case: u64, stream: u64) -> Self {
        Self(case.wrapping_mul(0xD134_2543_DE82_EF95) ^ stream.wrapping_mul(0x2545_F491_4F6C_DD1D))
    }

    /// The next number.
    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.draw() % end
    }

    /// An index into something of that length, which is not 0.
    #[allow(clippy::cast_possible_truncation, reason = "below a length that is a usize")]
    pub const fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// One of them.
    pub fn one_of<'a, T>(&mut self, these: &'a [T]) -> &'a T {
        &these[self.index(these.len())]
    }
}
