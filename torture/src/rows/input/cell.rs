//! The cells of the table: escapes, repetitions, and what is filled in.

/// What `{phone}` or `{id:phone}` stands for; `None`: a brace is a brace.
pub type Filled<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

/// The bytes of a cell.
///
/// # Panics
/// If an escape is none.
pub fn bytes(cell: &str, filled: Filled<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = if cell == "\"\"" { "" } else { cell };
    while let Some(c) = rest.chars().next() {
        match c {
            '\\' => rest = escape(rest, &mut bytes),
            '{' => rest = brace(rest, filled, &mut bytes),
            _ => {
                let (one, behind) = rest.split_at(c.len_utf8());
                bytes.extend_from_slice(one.as_bytes());
                rest = behind;
            }
        }
    }
    bytes
}

fn escape<'a>(text: &'a str, bytes: &mut Vec<u8>) -> &'a str {
    let unknown = || -> ! { panic!("no escape: {text}") };
    let hex = |digits: &str| u32::from_str_radix(digits, 16).unwrap_or_else(|_| unknown());
    let Some(kind) = text[1..].chars().next() else { unknown() };
    let simple = match kind {
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'e' => 0x1b,
        '\\' => b'\\',
        'x' => {
            bytes.push(u8::try_from(hex(&text[2..4])).expect("two digits"));
            return &text[4..];
        }
        'u' => {
            let end = text.find('}').unwrap_or_else(|| unknown());
            let c = char::from_u32(hex(&text[3..end])).unwrap_or_else(|| unknown());
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return &text[end + 1..];
        }
        _ => unknown(),
    };
    bytes.push(simple);
    &text[2..]
}

fn brace<'a>(text: &'a str, filled: Filled<'_>, bytes: &mut Vec<u8>) -> &'a str {
    let whole = text.find('}').map(|end| (&text[1..end], &text[end + 1..]));
    if let Some((inner, behind)) = whole {
        let repeated = inner.rsplit_once('*').and_then(|(what, count)| Some((what, count.parse().ok()?)));
        if let Some((what, count)) = repeated {
            bytes.extend(self::bytes(what, filled).repeat(count));
            return behind;
        }
        if let Some(value) = filled(inner) {
            bytes.extend(value);
            return behind;
        }
    }
    bytes.push(b'{');
    &text[1..]
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn cells_are_read() {
        let filled = |name: &str| (name == "phone").then(|| b"7k3m".to_vec());
        let read = |cell| bytes(cell, &filled);
        assert_eq!(read("a\\n\\x00\\u{e9}\\\\"), b"a\n\0\xc3\xa9\\");
        assert_eq!(read("{a*3}{\\xff*2}{phone}!"), b"aaa\xff\xff7k3m!");
        assert_eq!(read("{\"user\":1}${x}"), b"{\"user\":1}${x}");
        assert_eq!(read("\"\""), b"");
    }
}
