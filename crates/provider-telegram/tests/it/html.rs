//! A strict reader of the part of Telegram's HTML that messages may be written in.
//!
//! Written from <https://core.telegram.org/bots/api#html-style>: three tags that do not nest, four entities that are
//! always closed, and nothing else. Telegram itself is more lenient.

/// What a reader would see, and how many texts are formatted.
pub(crate) struct Read {
    pub(crate) visible: String,
    pub(crate) entities: usize,
}

pub(crate) fn read(html: &str) -> Result<Read, String> {
    let mut read = Read { visible: String::new(), entities: 0 };
    let (mut rest, mut open) = (html, None);
    while let Some(next) = rest.chars().next() {
        let token = match next {
            '<' => rest.find('>').map(|end| &rest[..=end]).ok_or("a tag without an end")?,
            '&' => rest.find(';').map(|end| &rest[..=end]).ok_or("an entity without an end")?,
            '>' | '"' => return Err(format!("a bare {next}")),
            _ => &rest[..next.len_utf8()],
        };
        match (token, open) {
            ("&amp;", _) => read.visible.push('&'),
            ("&lt;", _) => read.visible.push('<'),
            ("&gt;", _) => read.visible.push('>'),
            ("&quot;", _) => read.visible.push('"'),
            ("<b>", None) => open = Some(("</b>", read.visible.len())),
            ("<code>", None) => open = Some(("</code>", read.visible.len())),
            (tag, Some((end, start))) if tag == end => {
                if start == read.visible.len() {
                    return Err("a formatted nothing".to_owned());
                }
                read.entities += 1;
                open = None;
            }
            (token, _) if token.starts_with(['<', '&']) => return Err(format!("unexpected {token}")),
            (plain, _) => read.visible.push_str(plain),
        }
        rest = &rest[token.len()..];
    }
    if open.is_some() { Err("a tag that is never closed".to_owned()) } else { Ok(read) }
}

#[test]
fn the_reader_is_strict() {
    assert_eq!(read("<b>a&lt;</b> <code>&amp;</code>").unwrap().visible, "a< &");
    for wrong in
        ["<", "<b>", "<b></b>", "<b>x</code>", "<b><b>x</b></b>", "</b>", "<p>x</p>", "&", "&nbsp;", "&#60;", ">"]
    {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}
