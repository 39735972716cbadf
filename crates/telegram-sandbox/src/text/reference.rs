//! Character references of HTML: the four names and the numbers that Telegram knows.

/// The character that a reference such as `&lt;` or `&#60` stands for, and the reference's length.
/// What Telegram does not know stays as it is written.
pub(super) fn character_reference(text: &str) -> Option<(u32, usize)> {
    let body = text.get(1..)?;
    let (code, length) = match body.strip_prefix('#') {
        Some(number) => numeric_reference(number)?,
        None => named_reference(body)?,
    };
    let length = 1 + length;
    let semicolon = usize::from(text.as_bytes().get(length) == Some(&b';'));
    Some((code, length + semicolon))
}

fn named_reference(body: &str) -> Option<(u32, usize)> {
    let end = body.bytes().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(body.len());
    let c = match body.get(..end)? {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        _ => return None,
    };
    Some((c.into(), end))
}

fn numeric_reference(number: &str) -> Option<(u32, usize)> {
    let (digits, radix, prefix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16, 2),
        None => (number, 10, 1),
    };
    let end = digits.bytes().position(|byte| !char::from(byte).is_digit(radix)).unwrap_or(digits.len());
    let length = prefix + end;
    let code = u32::from_str_radix(digits.get(..end)?, radix).ok()?;
    (length < 9 && code > 0 && code < 0x0010_FFFF).then_some((code, length))
}
