//! "Did you mean": the nearest known name to one that isn't known.

/// Longest name that is compared: the comparison takes as long as both names together.
const LONGEST: usize = 64;

/// The nearest of `known` to `name`, if one is near enough to be a slip of the finger.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .filter(|_| name.len() <= LONGEST)
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_found_and_another_word_is_not() {
        let known = ["state_dir", "key_dir", "policy"];
        assert_eq!(nearest("polciy", known), Some("policy"));
        assert_eq!(nearest("statedir", known), Some("state_dir"));
        assert_eq!(nearest("listen_address", known), None);
    }
}
