//! What a person types where a secret may stand.

use apppw_proto::secret::{ALPHABET, LENGTHS, Secret, Shape, classify};

pub fn run(data: &[u8]) {
    check(data);
    // Bytes as values of characters, so that every input is a secret, too.
    let values: Vec<u8> = data.iter().map(|byte| byte % 32).collect();
    let length = LENGTHS[data.len() % 3] - 1;
    if let Some(random) = values.get(..length) {
        let secret = Secret::from_values(random).expect("values of that number");
        let choice =
            values.iter().fold(data.len(), |sum, value| sum.wrapping_mul(31).wrapping_add((*value).into()));
        check(secret.display().as_bytes());
        errors_are_found(&secret, choice);
    }
    assert!(Secret::from_values(data).is_none_or(|_| data.iter().all(|value| *value < 32)));
}

fn check(typed: &[u8]) {
    let shape = classify(typed);
    match (&shape, judge(typed)) {
        (Shape::Secret(secret), Judged::Secret(canonical)) => assert_eq!(secret.as_bytes(), canonical),
        (Shape::WrongCheck, Judged::WrongCheck) | (Shape::Other, Judged::Other) => {}
        (shape, judged) => panic!("{typed:x?} is {shape:?} and {judged:?}"),
    }
    let is_masked = std::str::from_utf8(typed).is_ok_and(|text| apppwd::log::user(text) != text);
    if let Shape::Secret(secret) = shape {
        assert!(is_masked, "no log has it");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        for form in [secret.display(), secret.display().to_uppercase()] {
            assert_eq!(classify(form.as_bytes()), Shape::Secret(secret.clone()), "{form}");
        }
        assert_eq!(classify(secret.as_bytes()), Shape::Secret(secret.clone()), "canonical is canonical");
        assert!(LENGTHS.contains(&secret.as_bytes().len()));
    }
}

/// One other character, and two neighbours swapped: at a place that the input chooses.
fn errors_are_found(secret: &Secret, choice: usize) {
    let right = secret.as_bytes();
    let place = choice % right.len();
    let mut typed = right.to_vec();
    typed[place] = ALPHABET[(choice / right.len()) % 32];
    let expected = if typed == right { Shape::Secret(secret.clone()) } else { Shape::WrongCheck };
    assert_eq!(classify(&typed), expected, "{place}");
    if place > 0 {
        let mut typed = right.to_vec();
        typed.swap(place - 1, place);
        let pair = [right[place - 1], right[place]];
        let is_found = pair[0] != pair[1] && pair != *b"0z" && pair != *b"z0";
        assert_eq!(classify(&typed) == Shape::WrongCheck, is_found, "{place}");
    }
    for short in [&right[1..], &right[..right.len() - 1]] {
        assert_eq!(classify(short), Shape::Other, "a character is missing");
    }
}

#[derive(Debug)]
enum Judged {
    Secret(Vec<u8>),
    WrongCheck,
    Other,
}

/// Written a second time, from DESIGN.md alone.
fn judge(typed: &[u8]) -> Judged {
    let Ok(text) = std::str::from_utf8(typed) else { return Judged::Other };
    if typed.len() > 255 {
        return Judged::Other;
    }
    let mut canonical = Vec::new();
    for c in text.chars() {
        match c {
            ' ' | '-' | '\u{a0}' | '\u{2010}' | '\u{2011}' => {}
            'o' | 'O' => canonical.push(b'0'),
            'i' | 'I' | 'l' | 'L' => canonical.push(b'1'),
            'u' | 'U' => return Judged::Other,
            '0'..='9' | 'a'..='z' | 'A'..='Z' => canonical.push(c.to_ascii_lowercase() as u8),
            _ => return Judged::Other,
        }
    }
    if ![16, 20, 24].contains(&canonical.len()) {
        return Judged::Other;
    }
    // Luhn mod 32: from the right, the check character first, every second one doubled.
    let sum: usize = canonical
        .iter()
        .rev()
        .enumerate()
        .map(|(i, c)| {
            let value =
                b"0123456789abcdefghjkmnpqrstvwxyz".iter().position(|a| a == c).expect("of the alphabet");
            let value = if i % 2 == 1 { 2 * value } else { value };
            value / 32 + value % 32
        })
        .sum();
    if sum.is_multiple_of(32) { Judged::Secret(canonical) } else { Judged::WrongCheck }
}
