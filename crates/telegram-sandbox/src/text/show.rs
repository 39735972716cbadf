//! A formatted text turned back into the HTML of the Bot API.

use super::{Entity, FormattedText, Style};

/// The text with a tag at both ends of each entity. The entities nest.
pub(super) fn html(formatted: &FormattedText) -> String {
    let mut html = String::with_capacity(formatted.text.len());
    let mut coming = formatted.entities.iter().peekable();
    let mut open: Vec<&Entity> = Vec::new();
    let mut units = 0;
    for c in formatted.text.chars() {
        close(&mut html, &mut open, units);
        while let Some(entity) = coming.next_if(|entity| entity.offset <= units) {
            html += &start(&entity.style);
            open.push(entity);
        }
        escape(&mut html, c);
        units += c.len_utf16();
    }
    close(&mut html, &mut open, units);
    html
}

fn close(html: &mut String, open: &mut Vec<&Entity>, units: usize) {
    while let Some(entity) = open.pop_if(|entity| entity.end() <= units) {
        *html += end(&entity.style);
    }
}

fn escape(html: &mut String, c: char) {
    match c {
        '<' => html.push_str("&lt;"),
        '>' => html.push_str("&gt;"),
        '&' => html.push_str("&amp;"),
        '"' => html.push_str("&quot;"),
        c => html.push(c),
    }
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    text.chars().for_each(|c| escape(&mut html, c));
    html
}

fn start(style: &Style) -> String {
    match style {
        Style::Blockquote => "<blockquote>".into(),
        Style::ExpandableBlockquote => "<blockquote expandable>".into(),
        Style::Pre(None) => "<pre>".into(),
        Style::Pre(Some(language)) => format!("<pre><code class=\"language-{}\">", escaped(language)),
        Style::Code => "<code>".into(),
        Style::Link(url) => format!("<a href=\"{}\">", escaped(url)),
        Style::Mention(user) => format!("<a href=\"tg://user?id={user}\">"),
        Style::Time(unix, format) if format.is_empty() => format!("<tg-time unix=\"{unix}\">"),
        Style::Time(unix, format) => format!("<tg-time unix=\"{unix}\" format=\"{}\">", escaped(format)),
        Style::CustomEmoji(id) => format!("<tg-emoji emoji-id=\"{id}\">"),
        Style::Bold => "<b>".into(),
        Style::Italic => "<i>".into(),
        Style::Underline => "<u>".into(),
        Style::Strikethrough => "<s>".into(),
        Style::Spoiler => "<tg-spoiler>".into(),
    }
}

fn end(style: &Style) -> &'static str {
    match style {
        Style::Blockquote | Style::ExpandableBlockquote => "</blockquote>",
        Style::Pre(None) => "</pre>",
        Style::Pre(Some(_)) => "</code></pre>",
        Style::Code => "</code>",
        Style::Link(_) | Style::Mention(_) => "</a>",
        Style::Time(..) => "</tg-time>",
        Style::CustomEmoji(_) => "</tg-emoji>",
        Style::Bold => "</b>",
        Style::Italic => "</i>",
        Style::Underline => "</u>",
        Style::Strikethrough => "</s>",
        Style::Spoiler => "</tg-spoiler>",
    }
}
