//! Text from strangers, made fit to be shown: invisible and direction-changing characters go, lengths are cut.

/// Whether the character is invisible, steers the text's direction, or is a control character, so that it can
/// make a message look like something else.
///
/// The set: C0 and C1 controls, soft hyphen, Arabic letter mark, Mongolian vowel separator, zero-width space and
/// direction marks, line and paragraph separators, bidirectional embeddings, overrides and isolates, word joiner and
/// invisible operators, byte order mark, interlinear annotations, tag characters. The zero-width joiner and
/// non-joiner stay, since emoji and several scripts are written with them.
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
            | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// One line of clean text: runs of white space and line breaks become one space, deceptive characters go.
#[must_use]
pub fn single_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() {
            gap = !line.is_empty();
        } else if !is_deceptive(c) {
            if std::mem::take(&mut gap) {
                line.push(' ');
            }
            line.push(c);
        }
    }
    line
}

/// The first `max` characters of `text`; when more follow, the last one kept is `…`.
#[must_use]
pub fn cut(text: &str, max: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(max) else {
        return text.to_owned();
    };
    if max == 0 {
        return String::new();
    }
    let last = text.char_indices().nth(max - 1).map_or(end, |(at, _)| at);
    let kept = text.get(..last).unwrap_or_default().trim_end();
    format!("{kept}…")
}
