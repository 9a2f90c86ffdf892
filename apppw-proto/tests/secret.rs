//! The secret's shape: what the check character finds, what is forgiven, what is never taken.
// clippy.toml allows this in test functions only, not in their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use apppw_proto::secret::{ALPHABET, LENGTHS, Secret, Shape, classify, is_in, may_be_in};
use proptest::collection::vec;
use proptest::prelude::*;

/// Values for a secret of any length, without the check character.
fn values() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(LENGTHS.as_slice()).prop_flat_map(|length| vec(0_u8..32, length - 1))
}

fn secret(values: &[u8]) -> Secret {
    Secret::from_values(values).expect("15, 19 or 23 values below 32")
}

fn is_secret(text: &[u8]) -> bool {
    matches!(classify(text), Shape::Secret(_))
}

/// Of `all`, in which Miri looks at every 50th only: it is some hundred times slower, and looks at what the code does,
/// not at what comes out.
fn seldom_under_miri<T>(all: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
    all.step_by(if cfg!(miri) { 50 } else { 1 })
}

proptest! {
    #[test]
    fn every_single_wrong_character_is_found(values in values()) {
        let right = secret(&values).as_bytes().to_vec();
        let wrong = (0..right.len()).flat_map(|position| ALPHABET.iter().map(move |character| (position, *character)));
        for (position, character) in seldom_under_miri(wrong) {
            let mut typed = right.clone();
            typed[position] = character;
            let expected = typed == right;
            prop_assert_eq!(is_secret(&typed), expected);
            prop_assert_eq!(classify(&typed) == Shape::WrongCheck, !expected);
        }
    }

    #[test]
    fn every_swap_of_neighbours_but_0_and_z_is_found(values in values()) {
        let right = secret(&values).as_bytes().to_vec();
        for position in 1..right.len() {
            let mut typed = right.clone();
            typed.swap(position - 1, position);
            let pair = [right[position - 1], right[position]];
            let unseen = pair[0] == pair[1] || pair == *b"0z" || pair == *b"z0";
            prop_assert_eq!(is_secret(&typed), unseen, "{:?} swapped", pair);
        }
    }

    #[test]
    fn what_is_shown_reads_back(values in values()) {
        let secret = secret(&values);
        prop_assert_eq!(classify(secret.as_bytes()), Shape::Secret(secret.clone()));
        prop_assert_eq!(classify(secret.display().as_bytes()), Shape::Secret(secret.clone()));
        let characters = secret.as_bytes();
        let read: Vec<u8> = characters.iter().map(|c| ALPHABET.iter().position(|a| a == c).unwrap() as u8).collect();
        prop_assert_eq!(&read[..values.len()], &values[..]);
    }

    #[test]
    fn it_may_be_typed_carelessly(
        values in values(),
        upper in vec(any::<bool>(), 24),
        letters in vec(0_usize..3, 24),
        gaps in vec(prop::sample::select(vec!["", " ", "-", "  ", "\u{a0}", "\u{2010}", "\u{2011}", " - "]), 25),
    ) {
        let secret = secret(&values);
        let mut typed = gaps[24].to_owned();
        for (i, byte) in secret.as_bytes().iter().enumerate() {
            let look_alikes = match byte { b'0' => ['0', 'o', 'O'], b'1' => ['1', 'i', 'l'], other => [char::from(*other); 3] };
            let c = look_alikes[letters[i]];
            typed.push(if upper[i] { c.to_ascii_uppercase() } else { c });
            typed.push_str(gaps[i]);
        }
        prop_assert_eq!(classify(typed.as_bytes()), Shape::Secret(secret));
    }

    #[test]
    fn any_bytes_are_judged_and_a_secret_is_canonical(input in vec(any::<u8>(), 0..if cfg!(miri) { 30 } else { 300 })) {
        if let Shape::Secret(secret) = classify(&input) {
            prop_assert_eq!(classify(secret.as_bytes()), Shape::Secret(secret.clone()));
            prop_assert!(LENGTHS.contains(&secret.as_bytes().len()));
        }
    }

    #[test]
    fn a_foreign_character_anywhere_makes_it_something_else(values in values(), at in 0_usize..24, c in any::<char>()) {
        prop_assume!(!c.is_ascii_alphanumeric() || matches!(c, 'u' | 'U'));
        prop_assume!(!matches!(c, ' ' | '-' | '\u{a0}' | '\u{2010}' | '\u{2011}'));
        let mut typed: Vec<char> = secret(&values).as_bytes().iter().copied().map(char::from).collect();
        let at = at % typed.len();
        typed[at] = c;
        let typed: String = typed.into_iter().collect();
        prop_assert_eq!(classify(typed.as_bytes()), Shape::Other);
    }
}

/// The swap that Luhn can't see, for every pair of characters and both parities.
#[test]
fn of_all_pairs_only_0_and_z_swap_unseen() {
    for length in LENGTHS {
        for position in [3, 4] {
            let pairs = (0..32_u8).flat_map(|first| (0..32_u8).map(move |second| (first, second)));
            for (first, second) in seldom_under_miri(pairs.filter(|(first, second)| first != second)) {
                let mut values = vec![5; length - 1];
                (values[position], values[position + 1]) = (first, second);
                let mut typed = secret(&values).as_bytes().to_vec();
                typed.swap(position, position + 1);
                assert_eq!(is_secret(&typed), [0, 31].contains(&first) && [0, 31].contains(&second));
            }
        }
    }
}

#[test]
fn the_worked_example_of_the_document() {
    let values = [7, 19, 2, 20, 9, 29, 23, 4, 26, 22, 28, 8, 17, 3, 21];
    assert_eq!(secret(&values).display(), "7k2m-9xq4-tpw8-h3n8");
    assert!(is_secret(b"7K2M 9XQ4 TPW8 H3N8"));
}

#[test]
fn only_three_lengths_are_secrets() {
    for length in 0..60 {
        let zeroes = vec![b'0'; length];
        assert_eq!(is_secret(&zeroes), LENGTHS.contains(&length), "{length} zeroes");
        let values = vec![0; length];
        assert_eq!(
            Secret::from_values(&values).is_some(),
            LENGTHS.contains(&(length + 1)),
            "{length} values"
        );
    }
}

#[test]
fn a_value_out_of_the_alphabet_is_no_secret() {
    for value in 32..=255 {
        let mut values = [0; 15];
        values[7] = value;
        assert_eq!(Secret::from_values(&values), None, "{value}");
    }
}

#[test]
fn an_input_is_looked_at_up_to_255_bytes() {
    let spaces = |count: usize| [vec![b' '; count], vec![b'0'; 16]].concat();
    assert!(is_secret(&spaces(239)));
    assert_eq!(classify(&spaces(240)), Shape::Other);
}

#[test]
fn nothing_without_characters_is_a_secret() {
    for input in [&b""[..], b" ", b"----", b"\0", b"\xff\xff"] {
        assert_eq!(classify(input), Shape::Other);
    }
}

#[test]
fn the_alphabet_is_crockfords() {
    assert!(ALPHABET.is_sorted());
    assert!(ALPHABET.iter().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase()));
    assert!(ALPHABET.iter().all(|c| !b"ilou".contains(c)));
}

#[test]
fn debug_output_shows_nothing_of_it() {
    let shown = format!("{:?} {:?}", secret(&[7; 15]), classify(&[b'7'; 16]));
    assert!(!shown.contains("77") && shown.starts_with("Secret(…) "), "{shown}");
}

proptest! {
    /// However it is written, and whatever stands around it.
    #[test]
    fn a_secret_among_other_words_is_seen(values in values()) {
        let secret = secret(&values);
        let shown = secret.display();
        let plain = shown.replace('-', "");
        for written in [shown.clone(), plain.clone(), plain.to_uppercase(), shown.replace('-', " ")] {
            for text in [
                written.clone(),
                format!(" {written} "),
                format!("{written}@example.org"),
                format!("{written}@a@example.org"),
                format!("alice@example.org/{written}"),
                format!("my {written}"),
                format!("alice:{written}"),
                format!("x-{shown}"),
                format!("the {written}, on a phone"),
                format!("EXAMPLE\\{written}"),
                format!("{}é", written.replace(' ', "_") + " "),
            ] {
                prop_assert!(is_in(&text), "{}", text);
            }
        }
    }

    #[test]
    fn a_text_without_one_is_not_taken_for_one(text in vec(any::<char>(), 0..if cfg!(miri) { 30 } else { 300 })) {
        let text = String::from_iter(text);
        // It ends at all, and does not panic.
        let _ = is_in(&text);
    }
}

/// Nearly always: a secret without a digit is not told from a word.
#[test]
fn a_secret_typed_wrong_or_stuck_to_something_is_seen() {
    let (mut missed, mut all) = (0, 0);
    for case in seldom_under_miri(0..1000_u32) {
        let values: Vec<u8> =
            (0..15).map(|i| (case.wrapping_mul(2_654_435_761).rotate_left(i * 5) >> 7) as u8 % 32).collect();
        let shown = secret(&values).display();
        let plain = shown.replace('-', "");
        for typed in [
            format!("{shown}x"),
            format!("x{shown}"),
            format!("alice{shown}"),
            format!("{shown}{shown}"),
            format!("{}-{}", &shown[..9], &shown[9..]),
            shown[1..].to_owned(),
            shown[..18].to_owned(),
            format!("{plain}x"),
            format!("x{plain}@example.org"),
            plain[1..].to_owned(),
            format!("{}x{}", &plain[..5], &plain[5..]),
            format!("EXAMPLE\\{plain}x"),
            format!("{plain}{plain}"),
        ] {
            missed += u32::from(!may_be_in(&typed));
            all += 1;
        }
    }
    assert!(cfg!(miri) || missed < all / 20, "{missed} of {all}");
}

#[test]
fn a_name_is_seldom_taken_for_a_secret_typed_wrong() {
    for name in [
        "",
        "alice@example.org",
        "christian-meyer-2004@example.org",
        "alexanderhamilton1@example.org",
        "1234567890123456",
        "maria1984schneider",
        "alexander2hamilton",
        "post-hamburg2altona",
        "mary-anne-jane-rose",
        "0e0b6a1c-4a4b-11ee-be56-0242ac120002",
        "k12345678901234567890",
        "mx1.example-host-2.example.org",
    ] {
        assert!(!may_be_in(name), "{name}");
    }
}

#[test]
fn names_that_people_have_hold_no_secret() {
    for name in [
        "",
        "alice",
        "alice@example.org",
        "anna-maria.schmidt@example.org",
        "iPhone von Jürgen",
        "Thunderbird, laptop",
        "ap-7k3m9qxe",
        "4711 0815 1234 5678 x",
        "a - b - c - d",
        // Together they are sixteen, twenty, and the like, and their check characters happen to be right.
        "events by AdminOnPaper",
    ] {
        assert!(!is_in(name), "{name}");
    }
}
