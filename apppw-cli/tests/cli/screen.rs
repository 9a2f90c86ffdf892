//! What a camera sees of a terminal: the characters with their colours, as a picture.

/// Pixels of a module on a side.
const SCALE: usize = 6;

/// A terminal's own colours, as brightness: ink on background.
pub const DARK: (u8, u8) = (220, 20);
pub const LIGHT: (u8, u8) = (20, 250);

/// What the lines look like: rows of pixels, `width` of them in a character, twice as many in a line's
/// height.
fn picture(shown: &str, (ink, background): (u8, u8)) -> Vec<Vec<u8>> {
    let mut rows = Vec::new();
    for line in shown.lines() {
        let (mut fore, mut back) = (ink, background);
        let mut halves: [Vec<u8>; 2] = [vec![], vec![]];
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            if c == '\x1b' {
                let sequence: String = chars.by_ref().take_while(|c| *c != 'm').collect();
                match sequence.as_str() {
                    "[0" => (fore, back) = (ink, background),
                    "[38;5;16;48;5;231" => (fore, back) = (0, 255),
                    "[48;5;16" => back = 0,
                    "[48;5;231" => back = 255,
                    other => panic!("an escape that is not known: {other:?}"),
                }
                continue;
            }
            let (upper, lower) = match c {
                '█' | '#' => (fore, fore),
                '▀' => (fore, back),
                '▄' => (back, fore),
                _ => (back, back),
            };
            halves[0].extend(std::iter::repeat_n(upper, SCALE));
            halves[1].extend(std::iter::repeat_n(lower, SCALE));
        }
        for half in halves {
            rows.extend(std::iter::repeat_n(half, SCALE));
        }
    }
    rows
}

/// The text of the QR code in these lines, as another program reads it.
pub fn read(shown: &str, terminal: (u8, u8), inverted: bool) -> Option<String> {
    let rows = picture(shown, terminal);
    // In ASCII a character is half a module wide.
    let height = rows.len();
    let width = rows.iter().map(Vec::len).max()?;
    let pixel = |x: usize, y: usize| {
        let pixel = rows[y].get(x).copied().unwrap_or(terminal.1);
        if inverted { 255 - pixel } else { pixel }
    };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, pixel);
    let grids = image.detect_grids();
    grids.first().and_then(|grid| grid.decode().ok()).map(|(_, text)| text)
}
