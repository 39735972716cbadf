//! Takes secrets out of texts that come back from services.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use crate::{SecretBytes, text};

/// The greatest length of a cleaned text, in characters.
pub const MAX_ERROR_CHARS: usize = 512;

/// Secrets shorter than this are words that any text may hold by chance.
const SHORTEST_SECRET: usize = 6;

/// The same for what is only a part of one, in bytes.
const SHORTEST_PART: usize = 16;

/// The same for parts of base64.
const SHORTEST_CODE: usize = 8;

/// Knows one integration's secrets.
pub(super) struct Redactor {
    /// Every text in them.
    texts: Vec<Zeroizing<String>>,
}

impl Redactor {
    /// Takes every text in the JSON `secret`.
    pub(super) fn new(secret: &SecretBytes) -> Self {
        let mut texts = Vec::new();
        if let Ok(value) = serde_json::from_slice(secret.expose_secret()) {
            collect_texts(&value, &mut texts);
        }
        Self { texts }
    }

    /// `message` as it may be shown and stored: one line, no secret, plain, percent-encoded or in base64, not long.
    pub(super) fn clean(&self, message: &str) -> String {
        let line = text::single_line(message);
        // No form is shorter than the part itself, so most answers, such as an identifier, are too short for any.
        let room = line.chars().count();
        let fitting =
            self.texts.iter().flat_map(|text| parts(text, room)).filter(|part| solid(part).nth(room).is_none());
        let mut needles: Vec<_> = fitting.flat_map(forms).map(Zeroizing::new).collect();
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
        let line = needles.iter().fold(line, |line, needle| without(&line, needle).into());
        text::cut(&line, MAX_ERROR_CHARS).into_owned()
    }

    /// Cleans every text in a JSON value; names of properties are the provider's own.
    pub(super) fn clean_texts(&self, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) => *text = self.clean(text),
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| self.clean_texts(item)),
            serde_json::Value::Object(map) => map.values_mut().for_each(|item| self.clean_texts(item)),
            _ => {}
        }
    }
}

/// `line` with every `needle` replaced, whatever the case of its letters and wherever line breaks, now spaces, cut it.
fn without(line: &str, needle: &str) -> String {
    let needle: Zeroizing<Vec<char>> = Zeroizing::new(solid(needle).map(|(_, c)| c).collect());
    let letters: Vec<_> = solid(line).collect();
    let (mut kept, mut from) = (String::with_capacity(line.len()), 0);
    for window in letters.windows(needle.len().max(1)) {
        let same = window.iter().zip(needle.iter()).all(|((_, a), b)| a.eq_ignore_ascii_case(b));
        if let (true, [(start, _), ..], [.., (last, c)]) = (same && !needle.is_empty(), window, window)
            && *start >= from
        {
            kept.push_str(line.get(from..*start).unwrap_or_default());
            kept.push_str("[redacted]");
            from = last + c.len_utf8();
        }
    }
    kept.push_str(line.get(from..).unwrap_or_default());
    kept
}

/// The characters that cleaning neither drops nor turns into spaces, with their places.
fn solid(text: &str) -> impl Iterator<Item = (usize, char)> {
    text.char_indices().filter(|(_, c)| !c.is_whitespace() && !text::is_deceptive(*c))
}

fn collect_texts(value: &serde_json::Value, into: &mut Vec<Zeroizing<String>>) {
    match value {
        serde_json::Value::String(text) => into.push(Zeroizing::new(text.clone())),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect_texts(item, into)),
        serde_json::Value::Object(map) => map.values().for_each(|item| collect_texts(item, into)),
        _ => {}
    }
}

/// The text, what stands between its separators, dashes and dots among them or not, and what follows a prefix: a part of
/// `123456:ABC…`, `xoxb-123-456-ABC…`, `whsec_ABC…` or `https://host/hook/ABC…` is secret by itself. The host of a URL is
/// not, and neither is a number, which names something: people are shown them.
///
/// What is only a part is not looked for where none fits into `room` characters.
fn parts(text: &str, room: usize) -> impl Iterator<Item = &str> {
    let whole = Some(text).filter(|text| text.len() >= SHORTEST_SECRET);
    let bytes_are_solid = || text.bytes().all(|byte| byte.is_ascii_graphic());
    let inner = Some(text).filter(|_| room >= SHORTEST_PART || !bytes_are_solid());
    whole.into_iter().chain(inner.into_iter().flat_map(inner_parts))
}

fn inner_parts(text: &str) -> impl Iterator<Item = &str> {
    let host = url::Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned));
    let between = text.split([':', '/', '?', '&', '=']).filter(move |part| host.as_deref() != Some(*part));
    let between = between.flat_map(|part| std::iter::once(part).chain(part.split(['-', '.'])));
    let prefixed = text.split_once('_').filter(|(prefix, _)| prefix.bytes().all(|b| b.is_ascii_lowercase()));
    let inner = between.chain(prefixed.map(|(_, rest)| rest));
    let is_secret = move |part: &&str| part.len() >= SHORTEST_PART && !part.bytes().all(|byte| byte.is_ascii_digit());
    inner.filter(is_secret).filter(move |part| part.len() < text.len())
}

fn forms(text: &str) -> impl Iterator<Item = String> {
    let whole = [
        text.to_owned(),
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
        STANDARD.encode(text),
        STANDARD_NO_PAD.encode(text),
        URL_SAFE.encode(text),
        URL_SAFE_NO_PAD.encode(text),
    ];
    whole.into_iter().chain([(0, 0), (1, 2), (2, 3)].into_iter().flat_map(|place| within_base64(text, place)))
}

/// What the base64 of `user:password` and the like has of a password whatever stands around it. `place` says how many
/// bytes before the text share its first group of three, and how many characters these leave unsure.
fn within_base64(text: &str, (before, unsure): (usize, usize)) -> Vec<String> {
    let mut bytes = Zeroizing::new(vec![0; before]);
    bytes.extend_from_slice(text.as_bytes());
    let whole_groups = bytes.len() / 3 * 3;
    bytes.truncate(whole_groups);
    let sure = |code: String| Some(code.get(unsure..)?.to_owned()).filter(|sure| sure.len() >= SHORTEST_CODE);
    [STANDARD.encode(&*bytes), URL_SAFE.encode(&*bytes)].into_iter().filter_map(sure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(json: &str) -> Redactor {
        Redactor::new(&json.as_bytes().to_vec().into())
    }

    /// Characters count here, and letters of some scripts take two bytes each.
    #[test]
    fn a_part_that_just_fits_goes() {
        for part in ["ABCDEFGHIJKLMNOP", "пароль-и-ключ", "ключключ"] {
            let redactor = redactor(&format!(r#"{{"hook":"12345:{part}"}}"#));
            assert_eq!(redactor.clean(part), "[redacted]");
        }
    }

    #[test]
    fn every_form_of_a_secret_goes() {
        let token = "123456:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr";
        let redactor = redactor(&format!(r#"{{"botToken":"{token}"}}"#));
        let half = token.split(':').nth(1).unwrap();
        for form in [token.to_owned(), half.to_owned(), token.replace(':', "%3A"), STANDARD.encode(token)] {
            let cleaned = redactor.clean(&format!("no bot at /bot{form}/getMe"));
            assert_eq!(cleaned.matches("[redacted]").count(), 1, "{cleaned}");
            assert!(!cleaned.contains(half));
        }
    }

    #[test]
    fn what_is_left_of_a_password_in_basic_authentication_tells_nothing() {
        let password = "cor?ect>horse~battery";
        let redactor = redactor(&format!(r#"{{"password":"{password}"}}"#));
        for user in ["a", "ab", "abc", "abcd"] {
            for engine in [STANDARD, URL_SAFE] {
                let code = engine.encode(format!("{user}:{password}"));
                let cleaned = redactor.clean(&format!("wrong: Basic {code}"));
                let left = cleaned.strip_prefix("wrong: Basic ").unwrap().split("[redacted]").collect::<Vec<_>>();
                let [start, end] = left[..] else { panic!("{cleaned}") };
                assert!(start.len() <= (user.len() + 1) / 3 * 4 + 3 && end.len() <= 4, "{cleaned}");
            }
        }
    }

    #[test]
    fn the_secret_parts_of_urls_and_prefixed_keys_go() {
        let redactor = redactor(
            r#"{"url":"https://hooks.company.example/v1/1194285672123039744/To_ken-To_ken-To_ken?x=1","key":"whsec_c2VjcmV0/c2VjcmV0+c2VjcmV0==",
                "bot":"xoxb-1234567890-1234567890-AbCdEfGhIjKlMnOp","jwt":"eyJhbGciOi.eyJzdWIiOiIxMjM0NTY3.c2lnbmF0dXJl"}"#,
        );
        for (echo, shown) in [
            ("no hook 42/To_ken-To_ken-To_ken", "no hook 42/[redacted]"),
            (
                "no hook at /1194285672123039744/To_ken-To_ken-To_ken?x=1!",
                "no hook at /1194285672123039744/[redacted]?x=1!",
            ),
            ("no key c2VjcmV0/c2VjcmV0+c2VjcmV0==", "no key [redacted]"),
            ("no bot AbCdEfGhIjKlMnOp", "no bot [redacted]"),
            ("no eyJzdWIiOiIxMjM0NTY3", "no [redacted]"),
            ("hooks.company.example has no such hook", "hooks.company.example has no such hook"),
        ] {
            assert_eq!(redactor.clean(echo), shown);
        }
    }

    #[test]
    fn a_secret_is_found_in_pieces_and_in_other_case() {
        let redactor = redactor(r#"{"password":"correct horse/battery"}"#);
        for form in [
            "correct horse/battery",
            "CORRECT HORSE/BATTERY",
            "correct+horse%2fbattery",
            "cor\r\nrect\u{200b}horse/\tbattery",
        ] {
            assert_eq!(redactor.clean(&format!("no «{form}» here")), "no «[redacted]» here", "{form:?}");
        }
        assert_eq!(redactor.clean("incorrect horses"), "incorrect horses");
    }

    #[test]
    fn a_text_that_is_a_secret_and_nothing_else_goes() {
        let redactor = redactor(r#"{"pin":"48291377"}"#);
        assert_eq!(redactor.clean("48291377"), "[redacted]");
        assert_eq!(redactor.clean("4829137"), "4829137");
    }

    #[test]
    fn long_and_dirty_texts_become_one_short_line() {
        let cleaned = redactor("{}").clean(&format!("a\r\n\u{202e}b\u{0}{}", "x".repeat(2_000)));
        assert!(cleaned.starts_with("a bxx"));
        assert_eq!(cleaned.chars().count(), MAX_ERROR_CHARS);
    }
}
