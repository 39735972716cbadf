//! Previews of texts, and of HTML as text.

use inbound_email::{preview_of_html, preview_of_text};

#[test]
fn a_long_text_is_cut_at_280_characters() {
    let preview = preview_of_text(&"日本語 ".repeat(1_000));
    assert_eq!(preview.chars().count(), 280);
    assert!(preview.ends_with('…'));
    assert_eq!(preview_of_text(" one\r\n\r\n  two\t\u{200b}three "), "one two three");
    assert_eq!(preview_of_text("<p>not markup</p>"), "<p>not markup</p>");
}

#[test]
fn html_reads_as_its_reader_sees_it() {
    for (html, expected) in [
        ("<p>one</p><p>two</p>", "one two"),
        ("<div>Your code is</div><div>482913</div>", "Your code is 482913"),
        ("<td>a</td><td>b</td><unknown>c</unknown>d", "a b c d"),
        ("<b>4</b><span class=x>8</span><FONT>2</FONT>", "482"),
        ("line<br>break<BR/>again", "line break again"),
        ("&lt;b&gt; &amp;amp; &eacute;&#233;&#xE9; &nbsp;x&hellip;", "<b> &amp; ééé x…"),
        ("AT&T &unknown; & &; &#; &#xFFFFFFFF; R&D", "AT&T &unknown; & &; &#; \u{fffd} R&D"),
        ("a &lt;script&gt; b", "a <script> b"),
        ("1 < 2 and 3 > 2, i <3 u", "1 < 2 and 3 > 2, i <3 u"),
        ("<head><title>t</title><style>p > b{}</style></head><body>x", "x"),
        ("<script>if (a < b) { x = '</p>'; }</script>y<SCRIPT>z</SCRIPT >w", "y w"),
        ("a<!-- <p>hidden</p> -->b<!---->c<!-->d", "abcd"),
        ("<!--[if mso]>old<![endif]--><!--[if !mso]><!-->new<!--<![endif]-->", "new"),
        ("<!DOCTYPE html><?xml version='1.0'?><a title=\"x > y\" href='a'>link</a>", "link"),
        ("<p class=it's>apostrophe</p>", "apostrophe"),
        ("<title/>text", "text"),
        ("<xml:namespace prefix=o>a<o:p>b</o:p>", "a b"),
        ("text<style>never closed", "text"),
        ("text<!-- never closed", "text"),
        ("text<a href=\"never closed>", "text"),
        ("text<", "text<"),
        ("&#0;&#8238;&#x202E;nul and bidi&#65279;", "nul and bidi"),
        ("Preheader<span>&#847; &zwnj; &nbsp; &#847;&zwnj;&nbsp;&#8199;&shy;</span><p>Hello", "Preheader Hello"),
    ] {
        assert_eq!(preview_of_html(html), expected, "{html}");
    }
}

#[test]
fn html_of_any_shape_takes_linear_time() {
    for piece in [
        "<div>",
        "<",
        "</",
        "<!",
        "<!--",
        "<a ",
        "<a b=\"",
        "&",
        "&#",
        "&amp",
        "<style>",
        "</style",
        "<title>a</",
        "-->",
    ] {
        let html = piece.repeat((1 << 20) / piece.len());
        assert!(preview_of_html(&html).chars().count() <= 280, "{piece}");
    }
    assert_eq!(preview_of_html(&format!("{}deep{}", "<div>".repeat(1_000_000), "</div>".repeat(1_000_000))), "deep");
}
