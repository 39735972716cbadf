//! Texts made to fit: cut by the unit that a service counts, and escaped the way it wants.

use std::borrow::Cow;

/// What a service counts when it limits a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Unicode characters, also called code points.
    Chars,
    /// UTF-16 code units: two for most emoji. Never fewer than characters.
    Utf16,
    /// Bytes of UTF-8: up to four a character.
    Bytes,
}

/// What a text ends with when more followed.
const ELLIPSIS: &str = "…";

impl Unit {
    /// The length of `text`.
    #[must_use]
    pub fn count(self, text: &str) -> usize {
        match self {
            Self::Chars => text.chars().count(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Bytes => text.len(),
        }
    }

    /// The beginning of `text`, at most `max` long; when more follows, it ends with `…` if that fits.
    #[must_use]
    pub fn cut(self, text: &str, max: usize) -> Cow<'_, str> {
        // No unit counts more than bytes.
        if text.len() <= max { Cow::Borrowed(text) } else { Cow::Owned(self.fit(characters(text), max)) }
    }

    /// The first of the pieces, at most `max` long together; when more follow, the text ends with `…` if that
    /// fits. No piece is ever cut, so that escaped characters stay whole.
    #[must_use]
    pub fn fit<'a>(self, pieces: impl IntoIterator<Item = &'a str>, max: usize) -> String {
        let ending = if self.count(ELLIPSIS) <= max { ELLIPSIS } else { "" };
        let room = max - self.count(ending);
        let (mut text, mut length, mut end) = (String::new(), 0, 0);
        for piece in pieces {
            length += self.count(piece);
            if length > max {
                let kept = text.get(..end).unwrap_or_default();
                return format!("{}{ending}", kept.trim_end());
            }
            text.push_str(piece);
            if length <= room {
                end = text.len();
            }
        }
        text
    }
}

/// The first `max` characters of `text`; when more follow, the last one kept is `…`.
#[must_use]
pub fn cut(text: &str, max: usize) -> Cow<'_, str> {
    Unit::Chars.cut(text, max)
}

/// The characters of `text`, one a piece, each as `table` writes it. The table's entries are a character and what
/// stands for it.
pub fn escaped<'a>(text: &'a str, table: &'a [(char, &'a str)]) -> impl Iterator<Item = &'a str> {
    characters(text).map(|piece| {
        let first = piece.chars().next();
        let entry = table.iter().find(|(character, _)| first == Some(*character));
        entry.map_or(piece, |(_, escape)| *escape)
    })
}

/// Appends `text` as `table` writes it; the same as to append all that [`escaped`] gives, and quicker.
pub fn push_escaped(into: &mut String, text: &str, table: &[(char, &str)]) {
    let escape = |c: char| table.iter().find(|(character, _)| *character == c).map(|(_, escape)| *escape);
    for run in text.split_inclusive(|c| escape(c).is_some()) {
        match run.chars().next_back().and_then(|last| Some((last, escape(last)?))) {
            Some((last, escape)) => {
                into.push_str(run.strip_suffix(last).unwrap_or_default());
                into.push_str(escape);
            }
            None => into.push_str(run),
        }
    }
}

fn characters(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(|_: char| true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNITS: [Unit; 3] = [Unit::Chars, Unit::Utf16, Unit::Bytes];
    const HTML: &[(char, &str)] = &[('<', "&lt;"), ('&', "&amp;")];

    #[test]
    fn a_cut_text_ends_with_an_ellipsis() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("a longer text", 9), "a longer…");
        assert_eq!(cut("a b c", 3), "a…");
        assert_eq!(cut("日本語", 2), "日…");
        assert_eq!(cut("anything", 1), "…");
        assert_eq!(cut("anything", 0), "");
        assert_eq!(cut("", 0), "");
    }

    #[test]
    fn each_unit_counts_its_own_way() {
        assert_eq!(UNITS.map(|unit| unit.count("a😀ß")), [3, 4, 7]);
        assert_eq!(UNITS.map(|unit| unit.cut("a😀ßßß", 5)), ["a😀ßßß", "a😀ß…", "a…"]);
        assert_eq!(UNITS.map(|unit| unit.cut("😀😀😀", 4)), ["😀😀😀", "😀…", "…"]);
        assert_eq!([3, 2].map(|max| Unit::Bytes.cut("abc", max)), ["abc", "ab"]);
    }

    #[test]
    fn an_escaped_character_is_never_cut() {
        let fit = |max| Unit::Chars.fit(escaped("a<b", HTML), max);
        assert_eq!([6, 5, 4, 2, 1].map(fit), ["a&lt;b", "a…", "a…", "a…", "…"]);
        assert_eq!(escaped("<&amp;>", HTML).collect::<String>(), "&lt;&amp;amp;>");
    }

    proptest! {
        #[test]
        fn a_pushed_text_is_escaped(text in "[a&<é😀]{0,12}") {
            let mut pushed = "before ".to_owned();
            push_escaped(&mut pushed, &text, HTML);
            prop_assert_eq!(pushed, escaped(&text, HTML).fold("before ".to_owned(), |all, piece| all + piece));
        }

        #[test]
        fn a_cut_text_is_never_longer(text in any::<String>(), max in 0_usize..50) {
            for unit in UNITS {
                let cut = unit.cut(&text, max);
                prop_assert!(unit.count(&cut) <= max);
                prop_assert!(cut == text || cut.ends_with(ELLIPSIS) || max < unit.count(ELLIPSIS));
            }
        }

        #[test]
        fn what_fits_stays_as_it_is(text in any::<String>()) {
            for unit in UNITS {
                prop_assert_eq!(unit.cut(&text, unit.count(&text)), text.clone());
            }
        }
    }
}
