//! Mutations of bytes and pages, for any file; of the WAL also with its checksums made right again.

use super::world::{ALICE, BOBBY, MALLY};
use crate::random::Random;

/// SQLite's, and the one that the daemon's database has.
const PAGE: usize = 4096;

/// Mutates a database file. `elder` is another version of it.
pub fn database(bytes: &mut Vec<u8>, elder: &[u8], random: &mut Random) -> String {
    match random.below(15) {
        0..3 => flip_used(bytes, random),
        3 => flips_at_a_pages_head(bytes, random),
        4 => truncate(bytes, random),
        5 => {
            let pages = random.index(bytes.len() / PAGE);
            bytes.truncate(pages * PAGE);
            format!("cut to {pages} pages")
        }
        6 => swap_pages(bytes, random),
        7 => copy_page(bytes, random),
        8 => {
            let page = random.index(bytes.len() / PAGE);
            page_of(bytes, page).fill(0);
            format!("page {page} zeroed")
        }
        9 => overwrite(bytes, random, |_| 0),
        10 => overwrite(bytes, random, |random| random.draw().to_le_bytes()[0]),
        11 => {
            let byte = random.index(100);
            bytes[byte] ^= 1 << random.below(8);
            format!("header byte {byte} flipped")
        }
        12 => {
            let page = random.index(bytes.len().min(elder.len()) / PAGE);
            let from = elder[page * PAGE..][..PAGE].to_vec();
            page_of(bytes, page).copy_from_slice(&from);
            format!("page {page} of another version")
        }
        13 => swap_names(bytes, random),
        _ => {
            let more = 1 + random.index(3 * PAGE);
            bytes.extend((0..more).map(|_| random.draw().to_le_bytes()[0]));
            format!("{more} bytes of noise behind it")
        }
    }
}

/// Mutates a file of which nothing is known.
pub fn any(bytes: &mut Vec<u8>, random: &mut Random) -> String {
    if bytes.is_empty() {
        bytes.extend((0..random.below(5000)).map(|_| random.draw().to_le_bytes()[0]));
        return "noise".to_owned();
    }
    match random.below(5) {
        0 | 1 => flip_used(bytes, random),
        2 => truncate(bytes, random),
        3 => overwrite(bytes, random, |_| 0),
        _ => overwrite(bytes, random, |random| random.draw().to_le_bytes()[0]),
    }
}

/// Mutates a WAL; some of its mutations carry the right checksums, as an attacker's would.
pub fn wal(bytes: &mut Vec<u8>, random: &mut Random) -> String {
    const FRAME: usize = PAGE + 24;
    let frames = bytes.len().saturating_sub(32) / FRAME;
    if frames == 0 {
        return any(bytes, random);
    }
    let frame = random.index(frames);
    let at = 32 + frame * FRAME;
    match random.below(8) {
        0 | 1 => any(bytes, random),
        2 => {
            bytes.truncate(at);
            format!("WAL cut to {frame} frames")
        }
        3 => {
            let copy = bytes[at..at + FRAME].to_vec();
            bytes.extend(copy);
            checksums(bytes);
            format!("WAL frame {frame} repeated at the end, checksums right")
        }
        4 => {
            let page = u32::try_from(random.below(200)).unwrap_or(0);
            bytes[at..at + 4].copy_from_slice(&page.to_be_bytes());
            checksums(bytes);
            format!("WAL frame {frame} for page {page}, checksums right")
        }
        5 => {
            let size = u32::try_from(random.below(1 << 20)).unwrap_or(0);
            bytes[at + 4..at + 8].copy_from_slice(&size.to_be_bytes());
            checksums(bytes);
            format!("WAL frame {frame} says {size} pages, checksums right")
        }
        _ => {
            let mut page = bytes[at + 24..at + FRAME].to_vec();
            let what = match random.below(3) {
                0 => flips_at_a_pages_head(&mut page, random),
                1 => swap_names(&mut page, random),
                _ => flip_used(&mut page, random),
            };
            bytes[at + 24..at + FRAME].copy_from_slice(&page);
            checksums(bytes);
            format!("WAL frame {frame}, checksums right: {what}")
        }
    }
}

fn page_of(bytes: &mut [u8], page: usize) -> &mut [u8] {
    &mut bytes[page * PAGE..][..PAGE]
}

/// Most of a page is empty: flips where there is something.
fn flip_used(bytes: &mut [u8], random: &mut Random) -> String {
    let mut flipped = Vec::new();
    for _ in 0..=random.below(8) {
        let byte = (0..64).map(|_| random.index(bytes.len())).find(|byte| bytes[*byte] != 0);
        let byte = byte.unwrap_or(0);
        bytes[byte] ^= 1 << random.below(8);
        flipped.push(byte);
    }
    format!("bits flipped in bytes {flipped:?}")
}

fn flips_at_a_pages_head(bytes: &mut [u8], random: &mut Random) -> String {
    let page = random.index(bytes.len() / PAGE);
    let byte = random.index(40);
    page_of(bytes, page)[byte] = random.draw().to_le_bytes()[0];
    format!("byte {byte} of page {page} is another")
}

fn truncate(bytes: &mut Vec<u8>, random: &mut Random) -> String {
    let length = random.index(bytes.len());
    bytes.truncate(length);
    format!("cut to {length} bytes")
}

fn swap_pages(bytes: &mut [u8], random: &mut Random) -> String {
    let pages = bytes.len() / PAGE;
    let (a, b) = (random.index(pages), random.index(pages));
    let (first, second) = (page_of(bytes, a).to_vec(), page_of(bytes, b).to_vec());
    page_of(bytes, a).copy_from_slice(&second);
    page_of(bytes, b).copy_from_slice(&first);
    format!("pages {a} and {b} swapped")
}

fn copy_page(bytes: &mut [u8], random: &mut Random) -> String {
    let pages = bytes.len() / PAGE;
    let (a, b) = (random.index(pages), random.index(pages));
    let first = page_of(bytes, a).to_vec();
    page_of(bytes, b).copy_from_slice(&first);
    format!("page {a} over page {b}")
}

fn overwrite(bytes: &mut [u8], random: &mut Random, by: impl Fn(&mut Random) -> u8) -> String {
    let at = random.index(bytes.len());
    let end = bytes.len().min(at + 1 + random.index(64));
    bytes[at..end].iter_mut().for_each(|byte| *byte = by(random));
    format!("bytes {at} to {end} overwritten")
}

/// In one page, which may be that of an index alone, one account's name for the other's.
fn swap_names(bytes: &mut [u8], random: &mut Random) -> String {
    let other = *random.one_of(&[BOBBY, MALLY]);
    let pages: Vec<usize> =
        (0..bytes.len() / PAGE).filter(|page| has(&bytes[page * PAGE..][..PAGE], ALICE)).collect();
    if pages.is_empty() {
        return flip_used(bytes, random);
    }
    let page = *random.one_of(&pages);
    let both_ways = random.below(4) > 0;
    let text = page_of(bytes, page);
    let mut at = 0;
    while at + ALICE.len() <= text.len() {
        let here = &mut text[at..at + ALICE.len()];
        if here == ALICE.as_bytes() {
            here.copy_from_slice(other.as_bytes());
        } else if both_ways && here == other.as_bytes() {
            here.copy_from_slice(ALICE.as_bytes());
        }
        at += 1;
    }
    format!("{ALICE} is {other} in page {page}, both ways: {both_ways}")
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Makes a WAL's checksums right (https://www.sqlite.org/fileformat2.html, 4.2).
fn checksums(bytes: &mut [u8]) {
    let is_big = bytes[3] & 1 == 1;
    let add = |(mut a, mut b): (u32, u32), bytes: &[u8]| {
        for pair in bytes.chunks_exact(8) {
            let word = |four: &[u8]| {
                let four = [four[0], four[1], four[2], four[3]];
                if is_big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
            };
            a = a.wrapping_add(word(&pair[..4])).wrapping_add(b);
            b = b.wrapping_add(word(&pair[4..])).wrapping_add(a);
        }
        (a, b)
    };
    let mut sums = add((0, 0), &bytes[..24]);
    bytes[24..28].copy_from_slice(&sums.0.to_be_bytes());
    bytes[28..32].copy_from_slice(&sums.1.to_be_bytes());
    let salts = bytes[16..24].to_vec();
    for frame in bytes[32..].chunks_exact_mut(PAGE + 24) {
        frame[8..16].copy_from_slice(&salts);
        sums = add(add(sums, &frame[..8]), &frame[24..]);
        frame[16..20].copy_from_slice(&sums.0.to_be_bytes());
        frame[20..24].copy_from_slice(&sums.1.to_be_bytes());
    }
}
