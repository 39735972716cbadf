//! The form that a user fills in, generated from a provider's two types, and the reading of what was filled in.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use serde_path_to_error::Segment;

/// What is wrong with one part of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where, as a JSON pointer (RFC 6901) into the input.
    pub pointer: String,
    /// What is wrong and what is allowed. Never the value itself.
    pub detail: String,
}

impl FieldError {
    /// An error at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// A JSON object, split into the half that may be shown and the half that is sealed.
#[derive(Clone, Default)]
pub struct Halves {
    /// What may be shown.
    pub public: Map<String, Value>,
    /// What is sealed.
    pub secret: Map<String, Value>,
}

/// One JSON Schema for both halves: the secret's properties are marked `writeOnly`.
pub(super) fn schema<Config: JsonSchema, Secret: JsonSchema>() -> Value {
    let mut schema = half_schema::<Config>();
    let secret = half_schema::<Secret>();
    let mut properties = object(&schema, "properties");
    for (name, mut property) in object(&secret, "properties") {
        if let Some(property) = property.as_object_mut() {
            property.insert("writeOnly".to_owned(), json!(true));
        }
        properties.insert(name, property);
    }
    let mut required = array(&secret, "required");
    required.extend(array(&schema, "required"));
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("title");
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), Value::Object(properties));
        schema.insert("required".to_owned(), Value::Array(required));
        schema.insert("additionalProperties".to_owned(), json!(false));
    }
    schema
}

fn half_schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

fn object(schema: &Value, key: &str) -> Map<String, Value> {
    schema.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
}

fn array(schema: &Value, key: &str) -> Vec<Value> {
    schema.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// The names of the properties that `T` has.
pub(super) fn property_names<T: JsonSchema>() -> Vec<String> {
    object(&half_schema::<T>(), "properties").into_iter().map(|(name, _)| name).collect()
}

/// Reads one half of a form; what is wrong is said with its place below `/config`.
pub(super) fn read<T: DeserializeOwned>(value: Value) -> Result<T, FieldError> {
    read_input("/config", value)
}

/// Reads a `T` out of JSON that a user sent as the part `base` of an input.
///
/// # Errors
/// What is wrong, with its place below `base`, and never with its value.
pub fn read_input<T: DeserializeOwned>(base: &str, value: Value) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut path: Vec<_> = error.path().iter().filter_map(step).collect();
        let text = error.inner().to_string();
        let name = quoted(&text, "missing field ").or_else(|| quoted(&text, "unknown field "));
        path.extend(name.filter(|name| path.last() != Some(name)));
        FieldError::new(path.iter().fold(base.to_owned(), |pointer, step| pointer + "/" + step), without_value(&text))
    })
}

/// A step of a path as a JSON pointer writes it.
fn step(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(escaped(key)),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The name in back quotes that follows `prefix`, as a JSON pointer writes it.
fn quoted(text: &str, prefix: &str) -> Option<String> {
    text.strip_prefix(prefix)?.strip_prefix('`')?.split('`').next().map(escaped)
}

/// serde quotes the value that it did not like; the value may be a secret.
fn without_value(text: &str) -> String {
    if text.starts_with("missing field") {
        return "is required".to_owned();
    }
    if text.starts_with("unknown field") {
        return "is not a known field".to_owned();
    }
    if text.starts_with("invalid ") || text.starts_with("unknown variant") {
        let expected = text.rsplit_once(", expected ").map_or("another kind of value", |(_, expected)| expected);
        return format!("must be {}", in_words(expected));
    }
    text.to_owned()
}

/// serde calls some kinds of values by their Rust names.
fn in_words(expected: &str) -> &str {
    match expected {
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "an object",
        "string or map" => "a string",
        other if other.starts_with("struct ") => "an object",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Config {
        /// Where to.
        #[allow(dead_code, reason = "only read by serde")]
        chat_id: String,
        #[allow(dead_code, reason = "only read by serde")]
        #[serde(default)]
        silent: bool,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Secret {
        /// The token.
        #[allow(dead_code, reason = "only read by serde")]
        bot_token: String,
    }

    #[test]
    fn one_schema_marks_the_secret_half() {
        let schema = schema::<Config, Secret>();
        assert_eq!(schema["properties"]["botToken"]["writeOnly"], json!(true));
        assert_eq!(schema["properties"]["botToken"]["description"], json!("The token."));
        assert!(schema["properties"]["chatId"].get("writeOnly").is_none());
        assert_eq!(schema["required"], json!(["botToken", "chatId"]));
        assert_eq!(property_names::<Secret>(), ["botToken"]);
    }

    #[test]
    fn places_within_lists_and_choices_are_named() {
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Choice {
            A,
            B,
        }
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Item {
            choice: Choice,
        }
        let cases = [
            (json!([{"choice": "a"}, {}]), "/list/1/choice", "is required"),
            (json!([{"choice": "hunter2"}]), "/list/0/choice", "must be `a` or `b`"),
            (json!([{"choice": 1}]), "/list/0/choice", "must be a string"),
            (json!([{"choice": "b", "a/b": 1}]), "/list/0/a~1b", "is not a known field"),
            (json!([1]), "/list/0", "must be an object"),
            (json!({}), "/list", "must be a list"),
        ];
        for (input, pointer, detail) in cases {
            assert_eq!(read_input::<Vec<Item>>("/list", input).unwrap_err(), FieldError::new(pointer, detail));
        }
    }

    #[test]
    fn errors_name_the_place_and_keep_the_value() {
        let cases = [
            (json!({}), "/config/chatId", "is required"),
            (json!({"chatId": "1", "nope": 1}), "/config/nope", "is not a known field"),
            (json!({"chatId": 987_654}), "/config/chatId", "must be a string"),
            (json!({"chatId": "1", "silent": "hunter2, expected x"}), "/config/silent", "must be a boolean"),
        ];
        for (input, pointer, detail) in cases {
            assert_eq!(read::<Config>(input).unwrap_err(), FieldError::new(pointer, detail));
        }
    }
}
