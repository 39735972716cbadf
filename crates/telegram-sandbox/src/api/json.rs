//! Fields of the JSON objects that stand in arguments, with the Bot API server's words for what is wrong.

use serde_json::{Map, Value};

pub(super) type Object = Map<String, Value>;

/// A text; a number will do.
pub(super) fn string(object: &Object, name: &str) -> Result<Option<String>, String> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(format!("Field \"{name}\" must be of type String")),
    }
}

pub(super) fn required_string(object: &Object, name: &str) -> Result<String, String> {
    string(object, name)?.ok_or_else(|| missing(name))
}

/// A whole number; a text that is one will do.
pub(super) fn integer(object: &Object, name: &str) -> Result<Option<i64>, String> {
    let number = match object.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => return Err(format!("Field \"{name}\" must be of type Number")),
    };
    number.map(Some).ok_or_else(|| format!("Field \"{name}\" must be a valid Number"))
}

pub(super) fn required_integer(object: &Object, name: &str) -> Result<i64, String> {
    integer(object, name)?.ok_or_else(|| missing(name))
}

pub(super) fn boolean(object: &Object, name: &str) -> Result<bool, String> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(format!("Field \"{name}\" must be of type Boolean")),
    }
}

pub(super) fn array<'a>(object: &'a Object, name: &str) -> Result<&'a [Value], String> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(format!("Field \"{name}\" must be of type Array")),
    }
}

pub(super) fn required_object<'a>(object: &'a Object, name: &str) -> Result<&'a Object, String> {
    match object.get(name) {
        None | Some(Value::Null) => Err(missing(name)),
        Some(Value::Object(inner)) => Ok(inner),
        Some(_) => Err(format!("Field \"{name}\" must be of type Object")),
    }
}

/// An argument that is a JSON object; none if it was not given.
pub(super) fn argument(text: &str, what: &str) -> Result<Option<Object>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(Some(object)),
        Ok(_) => Err(format!("Object expected as {what}")),
        Err(_) => Err(format!("Can't parse {what} JSON object")),
    }
}

fn missing(name: &str) -> String {
    format!("Can't find field \"{name}\"")
}
