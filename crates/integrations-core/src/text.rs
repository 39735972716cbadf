//! Text from strangers, made fit to be shown: invisible and direction-changing characters go, lengths are cut.

mod fit;

use std::borrow::Cow;

pub use fit::{Unit, cut, escaped, push_escaped};

/// The most characters in a row that [attach](attaches) to the one before them; more would only be there to overlap
/// other lines or to hide something. Vietnamese needs two, emoji sequences three.
const MAX_ATTACHED: usize = 4;

/// Whether the character is invisible, steers the text's direction, or is a control character, so that it can
/// make a message look like something else.
///
/// The set: C0 and C1 controls, soft hyphen, combining grapheme joiner, Arabic letter mark, Hangul fillers, Khmer
/// inherent vowels, Mongolian vowel separator, zero-width space and direction marks, line and paragraph separators,
/// bidirectional embeddings, overrides and isolates, word joiner and invisible operators, byte order mark, interlinear
/// annotations, tag characters. The zero-width joiner and non-joiner are not in it, since emoji and several scripts
/// are written with them.
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
            | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Whether the character only changes the look of the one before it: joiners, variation selectors, and the combining
/// marks that stack.
fn attaches(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{200C}' | '\u{200D}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}' | '\u{E0100}'..='\u{E01EF}')
}

/// One line of clean text: runs of white space and line breaks become one space, deceptive characters go, and so do
/// joiners and marks that have nothing to attach to or are too many.
#[must_use]
pub fn single_line(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len());
    let mut gap = true;
    let mut attached = 0;
    for c in text.chars().filter(|&c| c.is_whitespace() || !is_deceptive(c)) {
        if c.is_whitespace() {
            gap = true;
        } else if !attaches(c) {
            if std::mem::take(&mut gap) && !line.is_empty() {
                line.push(' ');
            }
            attached = 0;
            line.push(c);
        } else if !gap && attached < MAX_ATTACHED {
            attached += 1;
            line.push(c);
        }
    }
    Cow::Owned(line)
}

/// A [`single_line`] of at most `max` characters, cut like all texts ([`cut`]).
#[must_use]
pub fn short_line(text: &str, max: usize) -> String {
    cut(&single_line(text), max).into_owned()
}

/// Whether it is a line of printable ASCII without a space too many, as most are: a quicker look than the one at every
/// character.
fn is_plain(text: &str) -> bool {
    let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    printable && !text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  ")
}

/// Several lines of clean text: each is a [`single_line`], and one empty line at most stands between two others.
#[must_use]
pub fn multi_line(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut gap = "";
    for line in text.lines().map(single_line) {
        if line.is_empty() {
            gap = if clean.is_empty() { "" } else { "\n\n" };
        } else {
            clean.push_str(gap);
            clean.push_str(&line);
            gap = "\n";
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn white_space_folds_to_one_space() {
        assert_eq!(single_line("  a \r\n\t b\u{a0}\u{2028}c\u{3000} "), "a b c");
    }

    #[test]
    fn a_text_that_needs_no_change_is_lent() {
        let text = "Your code is 482 913.";
        assert!(matches!((single_line(text), cut(text, 21)), (Cow::Borrowed(_), Cow::Borrowed(_))));
        assert_eq!(short_line(" Your\ncode is 482 913. ", 10), "Your code…");
    }

    #[test]
    fn invisible_and_steering_characters_go() {
        assert_eq!(single_line("pay\u{202e}lap\u{202c}.\u{200b}com\0\u{9b}\u{feff}"), "paylap.com");
        assert_eq!(single_line("\u{3164}\u{ad}\u{34f}\u{e0041}"), "");
    }

    #[test]
    fn words_of_joiners_alone_go_and_joined_emoji_stay() {
        assert_eq!(single_line("Save 20% \u{34f} \u{200c}\u{a0}\u{200c} \u{200d} today"), "Save 20% today");
        assert_eq!(
            single_line("👩🏽\u{200d}💻 ❤\u{fe0f}\u{200d}🔥 می\u{200c}خواهم 1\u{fe0f}\u{20e3}"),
            "👩🏽\u{200d}💻 ❤\u{fe0f}\u{200d}🔥 می\u{200c}خواهم 1\u{fe0f}\u{20e3}"
        );
    }

    #[test]
    fn a_letter_keeps_four_marks() {
        let tower = format!("a{}b\u{301}", "\u{300}".repeat(50));
        assert_eq!(single_line(&tower), format!("a{}b\u{301}", "\u{300}".repeat(4)));
    }

    #[test]
    fn paragraphs_stay_paragraphs() {
        assert_eq!(multi_line("\r\n\n one\t two \r\nthree\n\n\n \u{200b}\nfour\n\n"), "one two\nthree\n\nfour");
        assert_eq!(multi_line(" \n\u{200b}\n"), "");
    }

    proptest! {
        #[test]
        fn plain_text_takes_a_shorter_way_to_the_same(text in "[ -~]{0,20}") {
            let longer = format!("{text}é");
            let (short_way, long_way) = (single_line(&text), single_line(&longer));
            prop_assert_eq!(Some(&*short_way), long_way.strip_suffix('é').map(str::trim_end));
        }

        #[test]
        fn a_single_line_is_clean_and_stays_so(text in any::<String>()) {
            let line = single_line(&text);
            prop_assert!(!line.chars().any(is_deceptive));
            prop_assert!(!line.contains("  ") && line.trim() == line);
            prop_assert_eq!(single_line(&line), &*line);
        }

        #[test]
        fn several_lines_are_clean_and_stay_so(text in any::<String>()) {
            let clean = multi_line(&text);
            prop_assert!(!clean.chars().any(|c| is_deceptive(c) && c != '\n'));
            prop_assert!(!clean.contains("\n\n\n") && clean.trim() == clean);
            prop_assert_eq!(multi_line(&clean), clean);
        }
    }
}
