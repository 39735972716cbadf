//! What TDLib 1.8.65 answered to these inputs.

use super::super::{FormattedText, Style};
use super::parse;

/// The text and, for each entity, `offset+length style`.
fn read(input: &str) -> (String, Vec<String>) {
    let formatted = parse(input).unwrap();
    let entities = formatted.entities.iter();
    let entities = entities.map(|it| format!("{}+{} {}", it.offset, it.length, name(&it.style)));
    (formatted.text.clone(), entities.collect())
}

fn name(style: &Style) -> String {
    match style {
        Style::Pre(Some(language)) => format!("pre {language}"),
        Style::Link(url) => url.clone(),
        Style::Mention(user) => format!("user {user}"),
        other => format!("{other:?}").to_lowercase(),
    }
}

#[test]
fn tags_become_entities() {
    let table: &[(&str, &str, &[&str])] = &[
        ("plain", "plain", &[]),
        ("<b>a</b><strong>b</strong>", "ab", &["0+1 bold", "1+1 bold"]),
        ("<i>a</i><em>b</em>", "ab", &["0+1 italic", "1+1 italic"]),
        ("<u>a</u><ins>b</ins>", "ab", &["0+1 underline", "1+1 underline"]),
        (
            "<s>a</s><strike>b</strike><del>c</del>",
            "abc",
            &["0+1 strikethrough", "1+1 strikethrough", "2+1 strikethrough"],
        ),
        ("<tg-spoiler>a</tg-spoiler><span class='tg-spoiler'>b</span>", "ab", &["0+1 spoiler", "1+1 spoiler"]),
        ("<blockquote>a</blockquote>", "a", &["0+1 blockquote"]),
        ("<blockquote expandable>a</blockquote>", "a", &["0+1 expandableblockquote"]),
        ("<blockquote EXPANDABLE>a</blockquote>", "a", &["0+1 blockquote"]),
        ("<tg-emoji emoji-id='5'>x</tg-emoji>", "x", &["0+1 customemoji(5)"]),
        ("<tg-time unix='17' format='wDT'>x</tg-time>", "x", &["0+1 time(17, \"wdt\")"]),
        ("<tg-time unix='0'>x</tg-time>", "x", &[]),
        ("<B>x</b>", "x", &["0+1 bold"]),
        ("<b x>y</b >", "y", &["0+1 bold"]),
        ("<b>x</>", "x", &["0+1 bold"]),
        ("<b></b>x", "x", &[]),
        ("<b>a<i>b</i></b>", "ab", &["0+2 bold", "1+1 italic"]),
        ("<b>😀</b><i>x</i>", "😀x", &["0+2 bold", "2+1 italic"]),
        ("<code>a</code><pre>b</pre>", "ab", &["0+1 code", "1+1 pre(none)"]),
        ("<pre><code class='language-rs'>a</code></pre>", "a", &["0+1 pre rs"]),
        ("<code class='language-rs'><pre>a</pre></code>", "a", &["0+1 pre rs"]),
        ("<pre><code class=language-RS>a</code></pre>", "a", &["0+1 pre rs"]),
        ("<pre>a<code class='language-rs'>b</code></pre>", "ab", &["0+2 pre(none)", "1+1 code"]),
        ("<pre><code class='language-'>a</code></pre>", "a", &["0+1 pre(none)", "0+1 code"]),
    ];
    for (input, text, entities) in table {
        let (read_text, read_entities) = read(input);
        assert_eq!(
            (read_text.as_str(), read_entities),
            (*text, entities.iter().map(|it| (*it).to_owned()).collect()),
            "{input}"
        );
    }
}

#[test]
fn links_are_kept_rewritten_or_dropped() {
    let table = [
        ("<a href='http://a.b'>x</a>", Some("http://a.b/")),
        ("<a href=a.b>x</a>", Some("http://a.b/")),
        ("<a href='a.b/c d'>x</a>", Some("http://a.b/c%20d")),
        ("<a href='https://a.b?x=1&amp;y=2'>x</a>", Some("https://a.b/?x=1&y=2")),
        ("<a href='http://c.d' href='http://a.b'>x</a>", Some("http://a.b/")),
        ("<a href='mailto:a@b.co'>x</a>", Some("http://mailto:a@b.co/")),
        ("<a href='tg://user?id=5'>x</a>", Some("user 5")),
        ("<a href='tg://resolve?domain=x'>x</a>", Some("tg://resolve?domain=x")),
        ("<a>a.b</a>", Some("http://a.b/")),
        ("<a href=''>a.b</a>", Some("http://a.b/")),
        ("<a HREF='http://a.b'>x</a>", None),
        ("<a href='http://localhost'>x</a>", None),
        ("<a href='javascript:alert(1)'>x</a>", None),
        ("<a href='ftp://a.b'>x</a>", None),
        ("<a href=' http://a.b'>x</a>", None),
    ];
    for (input, link) in table {
        let (_, entities) = read(input);
        let links: Vec<_> = entities.iter().map(|entity| entity.split_once(' ').unwrap().1).collect();
        assert_eq!(links, Vec::from_iter(link), "{input}");
    }
}

#[test]
fn references_are_decoded_or_stay() {
    let table = [
        ("&lt;b&gt; &amp; &quot;", "<b> & \""),
        ("&amp;lt;", "&lt;"),
        ("&lt d", "< d"),
        ("&#65;&#65 &#x41;&#x1F600;", "AA A😀"),
        ("& && a&b", "& && a&b"),
        ("&nbsp; &apos; &LT; &ampx", "&nbsp; &apos; &LT; &ampx"),
        ("&#; &#x; &#0; &#X41;", "&#; &#x; &#0; &#X41;"),
        ("&#0000065; &#000000065;", "A &#000000065;"),
        ("&#1114110; &#1114111;", "\u{10FFFE} &#1114111;"),
    ];
    for (input, text) in table {
        assert_eq!(read(input), (text.to_owned(), Vec::new()), "{input}");
    }
}

#[test]
fn refusals_come_in_telegrams_words() {
    let table = [
        ("<p>", "Unsupported start tag \"p\" at byte offset 0"),
        ("é<br/>", "Unsupported start tag \"br/\" at byte offset 2"),
        ("<img src=x>", "Unsupported start tag \"img\" at byte offset 0"),
        ("<!-- x -->", "Unsupported start tag \"!--\" at byte offset 0"),
        ("a < b", "Unsupported start tag \"\" at byte offset 2"),
        ("<3 >", "Unsupported start tag \"3\" at byte offset 0"),
        ("<ESCЖ>", "Unsupported start tag \"escЖ\" at byte offset 0"),
        ("I <3", "Unclosed start tag at byte offset 2"),
        ("x<", "Unclosed start tag at byte offset 1"),
        ("<a href='a.b>x</a>", "Unclosed start tag at byte offset 0"),
        ("<b x=y", "Unclosed start tag at byte offset 0"),
        ("<b x ", "Unclosed start tag \"b\" at byte offset 0"),
        ("<b x= ", "Unclosed start tag \"b\" at byte offset 0"),
        ("<b\0>x</b>", "Unclosed start tag at byte offset 0"),
        ("<b>x", "Can't find end tag corresponding to start tag \"b\""),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("</>", "Unexpected end tag at byte offset 0"),
        ("<b>a</i>", "Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\""),
        ("<s>a</del>", "Unmatched end tag at byte offset 4, expected \"</s>\", found \"</del>\""),
        ("<b><i></b></i>", "Unmatched end tag at byte offset 6, expected \"</i>\", found \"</b>\""),
        ("<b / >y</b>", "Empty attribute name in the tag \"b\" at byte offset 0"),
        ("<i =b>x</i>", "Empty attribute name in the tag \"i\" at byte offset 0"),
        ("<a href=http://a.b>x</a>", "Unexpected end of name token at byte offset 8"),
        ("<span>x</span>", "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0"),
        ("<tg-emoji>x</tg-emoji>", "Invalid custom emoji identifier specified"),
        ("<tg-time unix='1' format='q'>x</tg-time>", "Invalid date format used"),
        (
            "&#55296;",
            "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code \
             units",
        ),
    ];
    for (input, words) in table {
        assert_eq!(parse(input), Err(words.to_owned()), "{input}");
    }
}

#[test]
fn html_that_is_shown_means_the_same() {
    let inputs = [
        "a &lt; b &amp; &quot;c&quot;",
        "<b>a<i>b</i></b><u>c</u>",
        "<blockquote expandable>a\n<a href='http://a.b/?x=1&amp;y=&quot;'>b</a></blockquote>",
        "<pre><code class='language-rs'>let a = &amp;b;</code></pre><pre>x</pre><code>y</code>",
        "<tg-spoiler>😀</tg-spoiler><tg-emoji emoji-id='7'>x</tg-emoji><tg-time unix='17' format='r'>y</tg-time>",
        "<a href='tg://user?id=5'><s>Ada</s></a>",
    ];
    for input in inputs {
        let formatted: FormattedText = parse(input).unwrap();
        assert_eq!(parse(&formatted.to_html()).as_ref(), Ok(&formatted), "{input}");
    }
}
