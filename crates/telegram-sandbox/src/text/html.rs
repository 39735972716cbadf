//! The HTML of the Bot API, read as TDLib 1.8.65 reads it, with its words for every refusal
//! (<https://core.telegram.org/bots/api#html-style>).

mod tag;

use super::reference::character_reference;
use super::{Entity, FormattedText, Style, check_link, entity, mentioned_user};
use tag::{Attribute, OpenTag, TAGS};

/// Reads a text with markup; a refusal comes in Telegram's words.
pub(crate) fn parse(input: &str) -> Result<FormattedText, String> {
    let mut parser = Parser { input, ..Parser::default() };
    while let Some(c) = parser.rest().chars().next() {
        match c {
            '<' => parser.tag()?,
            '&' => parser.reference(),
            _ => parser.copy(c),
        }
    }
    parser.finish()
}

#[derive(Default)]
struct Parser<'a> {
    input: &'a str,
    /// Byte offset of what comes next.
    at: usize,
    text: String,
    /// Length of `text` in UTF-16 code units.
    units: usize,
    open: Vec<OpenTag>,
    entities: Vec<Entity>,
    /// The language of the last entity, if it is code that told one.
    code_language: Option<String>,
    has_surrogate: bool,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.input.get(self.at..).unwrap_or_default()
    }

    /// The next byte; 0 at the end. A NUL in the text ends a tag in the same way, as it does at Telegram.
    fn byte(&self) -> u8 {
        self.input.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn take_until(&mut self, stop: impl Fn(u8) -> bool) -> String {
        let rest = self.rest();
        let end = rest.bytes().position(stop).unwrap_or(rest.len());
        let taken = rest.get(..end).unwrap_or_default().to_owned();
        self.at += end;
        taken
    }

    fn skip_spaces(&mut self) {
        self.take_until(|byte| byte == 0 || !is_space(byte));
    }

    fn copy(&mut self, c: char) {
        self.at += c.len_utf8();
        self.push(c);
    }

    fn push(&mut self, c: char) {
        self.text.push(c);
        self.units += c.len_utf16();
    }

    fn reference(&mut self) {
        let Some((code, length)) = character_reference(self.rest()) else { return self.copy('&') };
        self.at += length;
        match char::from_u32(code) {
            Some(c) => self.push(c),
            None => {
                self.has_surrogate = true;
                self.units += 1;
            }
        }
    }

    fn tag(&mut self) -> Result<(), String> {
        let begin = self.at;
        self.at += 1;
        if self.byte() == b'/' { self.end_tag(begin) } else { self.start_tag(begin) }
    }

    fn start_tag(&mut self, begin: usize) -> Result<(), String> {
        let name = self.take_until(|byte| is_space(byte) || byte == b'>').to_ascii_lowercase();
        if self.byte() == 0 {
            return Err(format!("Unclosed start tag at byte offset {begin}"));
        }
        if !TAGS.contains(&name.as_str()) {
            return Err(format!("Unsupported start tag \"{name}\" at byte offset {begin}"));
        }
        let attributes = self.attributes(&name, begin)?;
        self.at += 1;
        let tag = OpenTag { name, attributes, offset: self.units, byte: self.text.len() };
        if tag.name == "span" && !tag.is_spoiler() {
            return Err(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {begin}"));
        }
        self.open.push(tag);
        Ok(())
    }

    fn attributes(&mut self, tag: &str, begin: usize) -> Result<Vec<Attribute>, String> {
        let mut attributes = Vec::new();
        loop {
            self.skip_spaces();
            if self.byte() == b'>' {
                return Ok(attributes);
            }
            let name = self.take_until(|byte| is_space(byte) || b"=>/\"'".contains(&byte));
            if name.is_empty() {
                return Err(format!("Empty attribute name in the tag \"{tag}\" at byte offset {begin}"));
            }
            self.skip_spaces();
            let has_value = self.byte() == b'=';
            if has_value {
                self.at += 1;
                self.skip_spaces();
            }
            if self.byte() == 0 {
                return Err(format!("Unclosed start tag \"{tag}\" at byte offset {begin}"));
            }
            let value = if has_value { Some(self.attribute_value()?) } else { None };
            if self.byte() == 0 {
                return Err(format!("Unclosed start tag at byte offset {begin}"));
            }
            attributes.push(Attribute { name, value });
        }
    }

    fn attribute_value(&mut self) -> Result<String, String> {
        let quote = self.byte();
        if quote == b'"' || quote == b'\'' {
            return Ok(self.quoted(quote));
        }
        let begin = self.at;
        let token = self.take_until(|byte| !byte.is_ascii_alphanumeric() && byte != b'.' && byte != b'-');
        if is_space(self.byte()) || self.byte() == b'>' {
            Ok(token.to_ascii_lowercase())
        } else {
            Err(format!("Unexpected end of name token at byte offset {begin}"))
        }
    }

    fn quoted(&mut self, quote: u8) -> String {
        self.at += 1;
        let mut value = String::new();
        loop {
            value += &self.take_until(|byte| byte == quote || byte == 0 || byte == b'&');
            if self.byte() != b'&' {
                break;
            }
            let (code, length) = character_reference(self.rest()).unwrap_or((u32::from('&'), 1));
            value.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            self.at += length;
        }
        if self.byte() == quote {
            self.at += 1;
        }
        value
    }

    fn end_tag(&mut self, begin: usize) -> Result<(), String> {
        let Some(tag) = self.open.pop() else { return Err(format!("Unexpected end tag at byte offset {begin}")) };
        self.at += 1;
        let name = self.take_until(|byte| is_space(byte) || byte == b'>').to_ascii_lowercase();
        self.skip_spaces();
        if self.byte() != b'>' {
            return Err(format!("Unclosed end tag at byte offset {begin}"));
        }
        self.at += 1;
        if !name.is_empty() && name != tag.name {
            let expected = &tag.name;
            return Err(format!(
                "Unmatched end tag at byte offset {begin}, expected \"</{expected}>\", found \"</{name}>\""
            ));
        }
        if self.units > tag.offset { self.close(&tag) } else { Ok(()) }
    }

    fn close(&mut self, tag: &OpenTag) -> Result<(), String> {
        let style = match tag.name.as_str() {
            "b" | "strong" => Some(Style::Bold),
            "i" | "em" => Some(Style::Italic),
            "u" | "ins" => Some(Style::Underline),
            "s" | "strike" | "del" => Some(Style::Strikethrough),
            "tg-spoiler" | "span" => Some(Style::Spoiler),
            "tg-emoji" => Some(tag.custom_emoji()?),
            "tg-time" => tag.time()?,
            "a" => self.link(tag),
            "pre" | "code" => {
                self.close_code(tag);
                None
            }
            _ if tag.is_expandable() => Some(Style::ExpandableBlockquote),
            _ => Some(Style::Blockquote),
        };
        if let Some(style) = style {
            self.push_entity(tag, style);
        }
        Ok(())
    }

    fn push_entity(&mut self, tag: &OpenTag, style: Style) {
        self.entities.push(Entity { offset: tag.offset, length: self.units - tag.offset, style });
        self.code_language = None;
    }

    /// `<pre><code class="language-x">` around the same text is one block that knows its language,
    /// and so is the other way round.
    fn close_code(&mut self, tag: &OpenTag) {
        let length = self.units - tag.offset;
        let language = if tag.name == "code" { tag.language() } else { None };
        let twin = self.entities.last_mut().filter(|last| last.offset == tag.offset && last.length == length);
        match (twin, tag.name.as_str()) {
            (Some(twin), "pre") if twin.style == Style::Code && self.code_language.is_some() => {
                twin.style = Style::Pre(self.code_language.take());
            }
            (Some(twin), "code") if twin.style == Style::Pre(None) && language.is_some() => {
                twin.style = Style::Pre(language);
            }
            (_, "pre") => self.push_entity(tag, Style::Pre(None)),
            _ => {
                self.push_entity(tag, Style::Code);
                self.code_language = language;
            }
        }
    }

    fn link(&self, tag: &OpenTag) -> Option<Style> {
        let label = self.text.get(tag.byte..).unwrap_or_default();
        let link = tag.value("href").filter(|href| !href.is_empty()).unwrap_or(label);
        mentioned_user(link).map(Style::Mention).or_else(|| check_link(link).ok().map(Style::Link))
    }

    fn finish(mut self) -> Result<FormattedText, String> {
        if let Some(tag) = self.open.last() {
            return Err(format!("Can't find end tag corresponding to start tag \"{}\"", tag.name));
        }
        if self.has_surrogate {
            return Err("Text contains invalid Unicode characters after decoding HTML entities, check for unmatched \
                        surrogate code units"
                .into());
        }
        entity::sort(&mut self.entities);
        Ok(FormattedText { text: self.text, entities: self.entities })
    }
}

/// What TDLib takes for white space; a NUL is one.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'\0' | 0x0B)
}

#[cfg(test)]
mod tests;
