//! Takes an input apart where a target needs several values.

/// What is left of an input. Where it ends, zeros and empty texts follow.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// One byte.
    pub fn byte(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    /// So many bytes.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        for (to, from) in array.iter_mut().zip(self.bytes(N)) {
            *to = *from;
        }
        array
    }

    /// Up to so many bytes.
    pub fn bytes(&mut self, most: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// As many bytes as the next two say.
    pub fn field(&mut self) -> &'a [u8] {
        let length = u16::from_be_bytes(self.array());
        self.bytes(usize::from(length % 512))
    }

    /// What is left up to the next newline.
    pub fn line(&mut self) -> &'a [u8] {
        let (line, rest) = match self.0.iter().position(|byte| *byte == b'\n') {
            Some(end) => (&self.0[..end], &self.0[end + 1..]),
            None => (self.0, &[][..]),
        };
        self.0 = rest;
        line
    }
}
