//! The arguments of a call: from the query, a form, or a JSON object. All of them are texts.

use serde_json::Value;

use crate::world::Refusal;

/// The arguments of a call.
#[derive(Default)]
pub(crate) struct Args(Vec<(String, String)>);

impl Args {
    /// Reads the arguments of a request. A body of another type than JSON or a form is ignored, except that
    /// multipart is refused: the sandbox takes no files.
    pub(crate) fn read(query: &str, content_type: &str, body: &[u8]) -> Result<Self, Refusal> {
        let mut args = Self::default();
        args.read_form(query.as_bytes())?;
        let content_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match content_type.as_str() {
            "application/json" => args.read_json(body)?,
            "application/x-www-form-urlencoded" => args.read_form(body)?,
            "multipart/form-data" => {
                let reason = "the sandbox does not read multipart/form-data; send JSON or a URL-encoded form";
                return Err(Refusal::bad_request(reason));
            }
            _ => {}
        }
        Ok(args)
    }

    fn read_form(&mut self, form: &[u8]) -> Result<(), Refusal> {
        for pair in form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let key = decode(parts.next().unwrap_or_default())?;
            let value = decode(parts.next().unwrap_or_default())?;
            self.0.push((key, value));
        }
        Ok(())
    }

    fn read_json(&mut self, body: &[u8]) -> Result<(), Refusal> {
        if body.is_empty() {
            return Ok(());
        }
        let value = serde_json::from_slice(body).map_err(|_| Refusal::bad_request("can't parse JSON object"))?;
        let Value::Object(fields) = value else { return Err(Refusal::bad_request("JSON object expected")) };
        let text = |value| if let Value::String(text) = value { text } else { value.to_string() };
        self.0.extend(fields.into_iter().map(|(key, value)| (key, text(value))));
        Ok(())
    }

    /// The argument of this name, or an empty text.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    /// The argument of this name, if it was given.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The identifier of a message or topic, if one was given.
    pub(crate) fn id(&self, name: &str) -> Option<i64> {
        self.get(name).trim().parse().ok().filter(|id| *id > 0)
    }

    /// A number within bounds.
    pub(crate) fn number(&self, name: &str, default: i64, least: i64, most: i64) -> i64 {
        self.get(name).trim().parse().unwrap_or(default).clamp(least, most)
    }

    /// Whether something was switched on.
    pub(crate) fn flag(&self, name: &str) -> bool {
        ["true", "yes", "1"].iter().any(|word| self.get(name).trim().eq_ignore_ascii_case(word))
    }
}

/// Undoes the encoding of forms and queries. What is not an escape stays as it is.
fn decode(encoded: &[u8]) -> Result<String, Refusal> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        decoded.push(match first {
            b'+' => b' ',
            b'%' => match escape(more) {
                Some(byte) => {
                    rest = more.get(2..).unwrap_or_default();
                    byte
                }
                None => b'%',
            },
            byte => *byte,
        });
    }
    String::from_utf8(decoded).map_err(|_| Refusal::bad_request("strings must be encoded in UTF-8"))
}

fn escape(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits.get(..2)?).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16).ok())?
}
