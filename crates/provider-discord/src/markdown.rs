//! Text that Discord shows as it is, in its markdown.
//!
//! A backslash takes the meaning from any sign of punctuation. Links are the exception: a backslash in one would become
//! part of it, and Discord takes a link as a whole anyway
//! (<https://support.discord.com/hc/en-us/articles/210298617-Markdown-Text-101-Chat-Formatting-Bold-Italic-Underline>).

use integrations_core::text;

/// Emphasis, code, spoilers, named links, and the start of mentions, timestamps and custom emoji.
const TEXT: &[(char, &str)] = &[
    ('\\', "\\\\"),
    ('*', "\\*"),
    ('_', "\\_"),
    ('~', "\\~"),
    ('`', "\\`"),
    ('|', "\\|"),
    ('[', "\\["),
    (']', "\\]"),
    ('<', "\\<"),
];

/// The same without what links are full of.
const LINK: &[(char, &str)] =
    &[('\\', "\\\\"), ('*', "\\*"), ('`', "\\`"), ('|', "\\|"), ('[', "\\["), (']', "\\]"), ('<', "\\<")];

/// Headings and small print, quotations, lists.
const LINE_START: &[(char, &str)] = &[('#', "\\#"), ('>', "\\>"), ('-', "\\-")];

/// Clean text in pieces that must not be cut.
pub(crate) fn escaped(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n').flat_map(|line| {
        let start = LINE_START.iter().find_map(|(sign, escape)| Some((*escape, line.strip_prefix(*sign)?)));
        let (start, rest) = start.unwrap_or(("", line));
        let words = rest.split_inclusive([' ', '\n']).flat_map(|word| {
            let (before, link) = word.split_at(link_start(word));
            text::escaped(before, TEXT).chain(text::escaped(link, LINK))
        });
        std::iter::once(start).chain(words)
    })
}

/// Where a link starts in a word; its end if there is none.
fn link_start(word: &str) -> usize {
    ["https://", "http://"].iter().filter_map(|scheme| word.find(scheme)).min().unwrap_or(word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escape(text: &str) -> String {
        escaped(text).collect()
    }

    #[test]
    fn markup_loses_its_meaning() {
        let cases = [
            ("**a** __b__ ~~c~~ `d` ||e||", r"\*\*a\*\* \_\_b\_\_ \~\~c\~\~ \`d\` \|\|e\|\|"),
            (r"[bank](https://evil.example) \*", r"\[bank\](https://evil.example) \\\*"),
            (
                "<@1> <#2> <:x:3> <t:4> </c:5> <https://a.example>",
                r"\<@1> \<#2> \<:x:3> \<t:4> \</c:5> \<https://a.example>",
            ),
            ("# a\n-# b\n>>> c\n- d # - >", "\\# a\n\\-# b\n\\>>> c\n\\- d # - >"),
            ("", ""),
        ];
        for (text, escaped) in cases {
            assert_eq!(escape(text), escaped);
        }
    }

    #[test]
    fn links_stay_links() {
        for link in ["https://a.example/verify_me?x=~a_b-c#d", "http://a.example/__init__"] {
            assert_eq!(escape(link), link);
            assert_eq!(escape(&format!("a_b:{link} c_d")), format!(r"a\_b:{link} c\_d"));
        }
        assert_eq!(escape("https://a.example/**[`|<"), r"https://a.example/\*\*\[\`\|\<");
    }
}
