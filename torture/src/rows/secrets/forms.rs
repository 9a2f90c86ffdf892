//! How a secret could be written somewhere, and where in some bytes one of these forms is.

use std::collections::HashMap;

/// The shortest form that is looked for, in bytes.
const SHORTEST: usize = 8;

/// Bytes that are looked at together.
const PAGE: usize = 4096;

/// Bits of the first sieve.
const SIEVE: usize = 1 << 22;

/// What must be found nowhere.
pub struct Canaries {
    names: Vec<String>,
    /// By their first bytes.
    forms: HashMap<[u8; SHORTEST], Vec<Form>>,
    sieve: Vec<u64>,
}

/// One way to write a canary.
struct Form {
    /// Whose it is.
    index: usize,
    /// Which way.
    name: &'static str,
    bytes: Vec<u8>,
}

/// A canary that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Where in the bytes.
    pub at: usize,
    /// Which one: not the secret itself, but what it was for.
    pub name: String,
    /// How it was written.
    pub form: &'static str,
}

impl Default for Canaries {
    fn default() -> Self {
        Self { names: Vec::new(), forms: HashMap::new(), sieve: vec![0; SIEVE / 64] }
    }
}

impl Canaries {
    /// Adds a secret of app passwords, as it is shown or in its canonical form.
    pub fn add_secret(&mut self, name: &str, secret: &str) {
        let plain = secret.replace('-', "");
        let fours: Vec<&str> =
            plain.as_bytes().chunks(4).map(|four| std::str::from_utf8(four).expect("ASCII")).collect();
        let (shown, halves) = (fours.join("-"), plain.split_at(8));
        let index = self.named(name);
        for (form, text) in [("canonical", plain.clone()), ("with hyphens", shown.clone())] {
            self.add_text(index, form, &text);
        }
        self.add(index, "with spaces", fours.join(" ").into_bytes());
        self.add(index, "with spaces in a URL", fours.join("%20").into_bytes());
        self.add(index, "with spaces in a form", fours.join("+").into_bytes());
        for half in [halves.0, halves.1] {
            self.add(index, "half of it", half.as_bytes().to_vec());
            self.add(index, "half of it in upper case", half.to_uppercase().into_bytes());
            self.add(
                index,
                "half of it with a hyphen",
                format!("{}-{}", &half[..4], &half[4..]).into_bytes(),
            );
        }
        let value = |c: &u8| apppw_proto::secret::ALPHABET.iter().position(|a| a == c).expect("its alphabet");
        let values = plain.as_bytes().iter().map(|c| u8::try_from(value(c)).expect("below 32")).collect();
        self.add(index, "as values of its characters", values);
    }

    /// Adds a password that is no secret of ours.
    pub fn add_password(&mut self, name: &str, password: &str) {
        let index = self.named(name);
        self.add_text(index, "as it is", password);
        let half = password.len() / 2;
        for part in [&password[..half], &password[half..]] {
            self.add(index, "half of it", part.as_bytes().to_vec());
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    fn named(&mut self, name: &str) -> usize {
        self.names.push(name.to_owned());
        self.names.len() - 1
    }

    fn add_text(&mut self, index: usize, form: &'static str, text: &str) {
        let bytes = text.as_bytes();
        let each = |write: fn(&u8) -> String| bytes.iter().map(write).collect::<String>().into_bytes();
        self.add(index, form, bytes.to_vec());
        self.add(index, "in upper case", text.to_uppercase().into_bytes());
        self.add(index, "in hex", each(|byte| format!("{byte:02x}")));
        self.add(index, "in upper-case hex", each(|byte| format!("{byte:02X}")));
        self.add(index, "in a URL", each(|byte| format!("%{byte:02x}")));
        self.add(index, "in an upper-case URL", each(|byte| format!("%{byte:02X}")));
        self.add(index, "as UTF-16", bytes.iter().flat_map(|byte| [*byte, 0]).collect());
        self.add(index, "as big-endian UTF-16", bytes.iter().flat_map(|byte| [0, *byte]).collect());
        for pad in 0..3 {
            let core = base64_core(bytes, pad);
            let web = core.replace('+', "-").replace('/', "_");
            self.add(index, "in base64", core.into_bytes());
            self.add(index, "in base64 for URLs", web.into_bytes());
        }
    }

    fn add(&mut self, index: usize, form: &'static str, bytes: Vec<u8>) {
        let first = *bytes.first_chunk::<SHORTEST>().expect("a form of at least eight bytes");
        let same = self.forms.entry(first).or_default();
        if same.iter().any(|known| known.bytes == bytes) {
            return;
        }
        same.push(Form { index, name: form, bytes });
        let bit = hash(first);
        self.sieve[bit / 64] |= 1 << (bit % 64);
    }

    /// All of them in those bytes.
    pub fn find(&self, bytes: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        for start in (0..bytes.len()).step_by(PAGE) {
            let page = &bytes[start..bytes.len().min(start + PAGE + SHORTEST - 1)];
            // Most of a process's memory was never written to.
            if page.iter().any(|byte| *byte != 0) {
                self.find_in_page(bytes, start, page, &mut hits);
            }
        }
        hits
    }

    fn find_in_page(&self, bytes: &[u8], start: usize, page: &[u8], hits: &mut Vec<Hit>) {
        for (i, window) in page.windows(SHORTEST).enumerate() {
            let Some(first) = window.first_chunk() else { continue };
            let bit = hash(*first);
            if self.sieve[bit / 64] & 1 << (bit % 64) == 0 {
                continue;
            }
            let at = start + i;
            for form in self.forms.get(first).into_iter().flatten() {
                if bytes[at..].starts_with(&form.bytes) {
                    hits.push(Hit { at, name: self.names[form.index].clone(), form: form.name });
                }
            }
        }
    }

    /// Some bytes with one form of each kind in them, for a check that they are found: the last
    /// canary's.
    pub fn sample(&self) -> Vec<(&'static str, Vec<u8>)> {
        let last = self.names.len() - 1;
        let all = self.forms.values().flatten().filter(|form| form.index == last);
        all.map(|form| (form.name, form.bytes.clone())).collect()
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the top bits are enough")]
fn hash(first: [u8; SHORTEST]) -> usize {
    (u64::from_le_bytes(first).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - SIEVE.trailing_zeros())) as usize
}

/// The base64 characters that depend on nothing but the text behind `pad` other bytes.
fn base64_core(text: &[u8], pad: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bytes = [&b"\0\0"[..pad], text].concat();
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |i| byte >> i & 1)).collect();
    let all: Vec<char> = bits
        .chunks_exact(6)
        .map(|six| char::from(ALPHABET[usize::from(six.iter().fold(0, |value, bit| value << 1 | bit))]))
        .collect();
    all[(pad * 8).div_ceil(6)..].iter().collect()
}
