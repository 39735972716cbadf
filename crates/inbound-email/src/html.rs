//! HTML to the text that a reader sees, by one scan: no tree, no recursion, time linear in the length.

use mail_parser::decoders::html::add_html_token;

/// Elements whose content is not shown.
const HIDDEN: [&str; 5] = ["script", "style", "template", "title", "xml"];

/// Elements that do not break the line. All others do, known or not, so that words never run together.
const INLINE: [&str; 36] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins",
    "kbd", "label", "mark", "nobr", "q", "rb", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup",
    "time", "tt", "u", "var", "wbr",
];

/// The longest name of a character reference is `CounterClockwiseContourIntegral`.
const REFERENCE_BYTES: usize = 31;

/// The text with its character references decoded. Line breaks stand where block elements begin and end; white space
/// is otherwise as written.
pub(crate) fn to_text(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        let (plain, markup) = rest.split_at(at);
        text.push_str(plain);
        rest = if markup.starts_with('&') { reference(markup, &mut text) } else { tag(markup, &mut text) };
    }
    text.push_str(rest);
    text
}

/// Decodes the character reference that `markup` begins with, and gives what follows.
fn reference<'a>(markup: &'a str, text: &mut String) -> &'a str {
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'#';
    let length = markup.bytes().skip(1).take(REFERENCE_BYTES).take_while(name).count();
    match markup.split_at_checked(length + 2) {
        Some((whole, after)) if whole.ends_with(';') => {
            add_html_token(text, whole.as_bytes(), false);
            after
        }
        _ => literal(markup, text),
    }
}

/// Passes over the tag or comment that `markup` begins with, and what a hidden element holds; gives what follows.
fn tag<'a>(markup: &'a str, text: &mut String) -> &'a str {
    if markup.starts_with("<!--") {
        // `<!-->` is a whole comment, so its end may overlap its beginning.
        return markup.get(2..).map_or("", |inner| after(inner, "-->"));
    }
    let inner = markup.strip_prefix("</").or_else(|| markup.strip_prefix('<')).unwrap_or(markup);
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-');
    let name_length = inner.bytes().take_while(in_name).count();
    let (name, attributes) = inner.split_at(name_length);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let is_comment = ["<!", "<?", "</"].iter().any(|start| markup.starts_with(start));
        return if is_comment { after(markup, ">") } else { literal(markup, text) };
    }
    if !INLINE.iter().any(|inline| inline.eq_ignore_ascii_case(name)) {
        text.push('\n');
    }
    let (attributes, rest) = split_tag(attributes);
    let opens = !markup.starts_with("</") && !attributes.ends_with('/');
    if opens && HIDDEN.iter().any(|hidden| hidden.eq_ignore_ascii_case(name)) {
        after_element(rest, name)
    } else {
        rest
    }
}

/// The character is no markup.
fn literal<'a>(markup: &'a str, text: &mut String) -> &'a str {
    let (character, rest) = markup.split_at(1);
    text.push_str(character);
    rest
}

/// The attributes up to the `>` that ends the tag, which may stand within quoted values, and what follows it.
fn split_tag(attributes: &str) -> (&str, &str) {
    let mut quote = None;
    let mut value_begins = false;
    for (at, byte) in attributes.bytes().enumerate() {
        match byte {
            _ if quote == Some(byte) => quote = None,
            _ if quote.is_some() => {}
            b'>' => {
                let (attributes, end) = attributes.split_at(at);
                return (attributes, after(end, ">"));
            }
            b'"' | b'\'' if value_begins => quote = Some(byte),
            _ => {}
        }
        value_begins = byte == b'=' || value_begins && byte.is_ascii_whitespace();
    }
    (attributes, "")
}

/// What follows the closing tag of the element.
fn after_element<'a>(content: &'a str, name: &str) -> &'a str {
    let mut rest = content;
    while !rest.is_empty() {
        rest = after(rest, "</");
        if rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return after(rest, ">");
        }
    }
    ""
}

/// What follows the first `end`; nothing where there is none.
fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, after)| after)
}
