//! What Telegram does to a text before it becomes a message: characters cleaned, ends trimmed, limits checked.

use super::{Entity, FormattedText, Style, ranges};

/// The longest message in Unicode code points, counted after markup has been read.
const LONGEST: usize = 4096;

/// Stands for a position between the two halves of a surrogate pair.
const MIDDLE: usize = usize::MAX;

/// The text as the chat will hold it; a refusal comes in Telegram's words.
pub(crate) fn finish(raw: FormattedText) -> Result<FormattedText, String> {
    let (text, entities) = clean(&raw.text, ranges::arrange(raw.entities))?;
    let (text, entities) = trim(&text, entities);
    if text.chars().all(is_blank) {
        return Err("Text must be non-empty".into());
    }
    if text.chars().count() > LONGEST {
        return Err("Message is too long".into());
    }
    Ok(FormattedText { text, entities: ranges::limit(ranges::arrange(entities)) })
}

/// Replaces what may not stand in a message and moves the entities along.
fn clean(text: &str, mut entities: Vec<Entity>) -> Result<(String, Vec<Entity>), String> {
    let mut cleaned = String::with_capacity(text.len());
    let mut moved = Vec::with_capacity(if entities.is_empty() { 0 } else { text.len() + 1 });
    let mut units = 0;
    for c in text.chars() {
        if !entities.is_empty() {
            moved.push(units);
            moved.extend((c.len_utf16() == 2).then_some(MIDDLE));
        }
        if let Some(c) = replacement(c) {
            push(&mut cleaned, c);
            units += c.len_utf16();
        }
    }
    moved.push(units);
    for entity in &mut entities {
        shift(entity, &moved, text)?;
        if let Style::Link(url) = &mut entity.style {
            *url = url.chars().filter_map(replacement).collect();
        }
    }
    Ok((cleaned, entities))
}

fn replacement(c: char) -> Option<char> {
    match c {
        '\n' => Some(c),
        '\r' | '\u{2028}'..='\u{202E}' | '\u{0333}' | '\u{033F}' | '\u{030A}' => None,
        '\0'..=' ' => Some(' '),
        c => Some(c),
    }
}

/// Of several direction marks in a row only the last one stays what it is.
fn push(cleaned: &mut String, c: char) {
    let is_mark = |c| matches!(c, '\u{200E}' | '\u{200F}');
    if is_mark(c) && cleaned.ends_with(is_mark) {
        cleaned.pop();
        cleaned.push('\u{200C}');
    }
    cleaned.push(c);
}

/// Moves an entity to its place in the cleaned text.
fn shift(entity: &mut Entity, moved: &[usize], text: &str) -> Result<(), String> {
    let (begin, end) = (entity.offset, entity.end());
    let offset = match moved.get(begin) {
        Some(&MIDDLE) => {
            let byte = byte_after(text, begin);
            return Err(format!("Entity begins in a middle of a UTF-16 symbol at byte offset {byte}"));
        }
        Some(offset) => *offset,
        None => return Err(format!("Entity begins after the end of the text at UTF-16 offset {begin}")),
    };
    entity.length = match moved.get(end) {
        Some(&MIDDLE) => {
            let byte = byte_after(text, end);
            return Err(format!(
                "Entity beginning at UTF-16 offset {begin} ends in a middle of a UTF-16 symbol at byte offset {byte}"
            ));
        }
        Some(end) => end - offset,
        None => {
            return Err(format!(
                "Entity beginning at UTF-16 offset {begin} ends after the end of the text at UTF-16 offset {end}"
            ));
        }
    };
    entity.offset = offset;
    Ok(())
}

/// Byte offset of the symbol after a UTF-16 position.
fn byte_after(text: &str, position: usize) -> usize {
    let mut units = 0;
    let before = text.chars().take_while(|c| {
        let is_before = units < position;
        units += c.len_utf16();
        is_before
    });
    before.map(char::len_utf8).sum()
}

/// Takes spaces and line ends off both ends; at the start only those before the first entity.
fn trim(text: &str, mut entities: Vec<Entity>) -> (String, Vec<Entity>) {
    let is_space = |c: char| c == ' ' || c == '\n';
    let kept = text.trim_end_matches(is_space);
    let end: usize = kept.chars().map(char::len_utf16).sum();
    entities.retain_mut(|entity| {
        entity.length = entity.end().min(end).saturating_sub(entity.offset);
        entity.length > 0
    });
    let first = entities.iter().map(|entity| entity.offset).min().unwrap_or(kept.len());
    let leading = (kept.len() - kept.trim_start_matches(is_space).len()).min(first);
    for entity in &mut entities {
        entity.offset -= leading;
    }
    (kept.get(leading..).unwrap_or_default().to_owned(), entities)
}

/// Whether a character shows nothing; a text of such characters alone is empty.
fn is_blank(c: char) -> bool {
    matches!(
        c,
        ' ' | '\n'
            | '\u{A0}'
            | '\u{1680}'
            | '\u{180E}'
            | '\u{2000}'..='\u{200F}'
            | '\u{202E}'
            | '\u{202F}'
            | '\u{205F}'
            | '\u{2800}'
            | '\u{3000}'
            | '\u{FEFF}'
            | '\u{FFFC}'
            | '\u{E0000}'..='\u{E007F}'
    )
}

#[cfg(test)]
mod tests {
    use super::super::{Entity, FormattedText, Style, parse_html};
    use super::finish;

    fn plain(text: &str) -> Result<String, String> {
        finish(FormattedText { text: text.to_owned(), entities: Vec::new() }).map(|formatted| formatted.text)
    }

    fn html(text: &str) -> String {
        finish(parse_html(text).unwrap()).unwrap().to_html()
    }

    fn with_range(text: &str, offset: usize, length: usize) -> Result<String, String> {
        let entities = vec![Entity { offset, length, style: Style::Bold }];
        finish(FormattedText { text: text.to_owned(), entities }).map(|formatted| formatted.to_html())
    }

    #[test]
    fn length_is_counted_in_code_points_after_markup() {
        for c in ["x", "é", "😀"] {
            assert_eq!(plain(&c.repeat(4096)), Ok(c.repeat(4096)));
            assert_eq!(plain(&c.repeat(4097)), Err("Message is too long".into()));
        }
        let bold = format!("<b>{}</b>  ", "😀".repeat(4096));
        assert_eq!(html(&bold), bold.trim());
    }

    #[test]
    fn characters_are_cleaned() {
        assert_eq!(plain("a\tb\0c\r\nd"), Ok("a b c\nd".into()));
        assert_eq!(plain("a\u{2028}b\u{202E}c\u{333}d"), Ok("abcd".into()));
        assert_eq!(plain("a\u{200F}\u{2028}\u{200E}b"), Ok("a\u{200C}\u{200E}b".into()));
        assert_eq!(html("\u{202E}a<b>\u{2028}b\r\u{202E}</b>c"), "a<b>b</b>c");
    }

    #[test]
    fn ends_are_trimmed_but_not_the_space_within_formatting_at_the_start() {
        assert_eq!(plain(" \n a b \n"), Ok("a b".into()));
        assert_eq!(html("  <b> a </b> "), "<b> a</b>");
        assert_eq!(html("a<b> </b>"), "a");
    }

    #[test]
    fn a_text_that_shows_nothing_is_empty() {
        for text in [" ", "\n\t", "\u{200B}\u{FEFF}", "\u{A0}\u{3000}", "\u{2028}"] {
            assert_eq!(plain(text), Err("Text must be non-empty".into()), "{text:?}");
        }
    }

    #[test]
    fn entities_must_lie_within_the_text() {
        assert_eq!(with_range("hello", 1, 4), Ok("h<b>ello</b>".into()));
        assert_eq!(
            with_range("hello", 100, 1),
            Err("Entity begins after the end of the text at UTF-16 offset 100".into())
        );
        let end = "Entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 6";
        assert_eq!(with_range("hello", 0, 6), Err(end.into()));
        let begin = "Entity begins in a middle of a UTF-16 symbol at byte offset 4";
        assert_eq!(with_range("😀x", 1, 1), Err(begin.into()));
        let middle = "Entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 4";
        assert_eq!(with_range("😀x", 0, 1), Err(middle.into()));
    }

    #[test]
    fn entities_are_made_to_nest() {
        assert_eq!(html("<b>a<b>b</b></b><b>c</b>"), "<b>abc</b>");
        assert_eq!(html("<code>a<b>b</b></code>"), "<code>ab</code>");
        assert_eq!(html("<b>a<code>b</code>c</b>"), "<b>a</b><code>b</code><b>c</b>");
        assert_eq!(html("<a href='a.b'>a<code>b</code></a>"), "<a href=\"http://a.b/\">ab</a>");
        assert_eq!(html("<blockquote>a<blockquote>b</blockquote></blockquote>"), "<blockquote>ab</blockquote>");
    }

    #[test]
    fn at_most_100_entities_are_kept_and_links_go_first() {
        let count = |text: &str| finish(parse_html(text).unwrap()).unwrap().entities.len();
        assert_eq!(count(&"<b>a</b> ".repeat(100)), 100);
        assert_eq!(count(&"<b>a</b> ".repeat(101)), 100);
        let mixed = format!("{}{}", "<b>a</b> ".repeat(60), "<a href='a.b'>b</a> ".repeat(60));
        let kept = finish(parse_html(&mixed).unwrap()).unwrap().entities;
        let links = kept.iter().filter(|entity| matches!(entity.style, Style::Link(_))).count();
        assert_eq!((links, kept.len()), (60, 100));
    }
}
