//! The OpenAPI document, which programs are written against.

use std::collections::BTreeSet;

use http::Method;
use serde_json::Value;

use crate::api::Api;

pub(crate) fn document() -> Value {
    serde_json::from_str(&api_http::openapi()).unwrap()
}

/// Method, path and the operation itself.
pub(crate) fn operations() -> Vec<(Method, String, Value)> {
    let document = document();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((method.to_uppercase().parse().unwrap(), path.clone(), operation.clone()));
        }
    }
    operations
}

#[tokio::test]
async fn the_server_gives_the_document() {
    let given = Api::new().nobody().get("/openapi.json").await;
    assert_eq!(given.expect(200), document());
    assert_eq!(given.header("content-type"), Some("application/json"));
}

#[test]
fn every_row_of_the_contract_is_in_it() {
    let operations: Vec<_> = operations().iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    insta::assert_json_snapshot!("operations", operations);
}

#[tokio::test]
async fn the_router_has_the_methods_of_the_document_and_no_others() {
    let api = Api::new();
    let operations = operations();
    let paths: BTreeSet<_> = operations.iter().map(|(_, path, _)| path).collect();
    for path in paths {
        let reply = api.admin().ask(Method::TRACE, path.trim_matches(' '), "").await;
        reply.problem(405, "method_not_allowed");
        let allowed: BTreeSet<_> = reply.header("allow").unwrap().split(',').filter(|name| *name != "HEAD").collect();
        let described = operations.iter().filter(|(_, of, _)| of == path);
        assert_eq!(allowed, described.map(|(method, _, _)| method.as_str()).collect(), "{path}");
    }
}

#[test]
fn every_operation_is_described() {
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations() {
        let name = format!("{method} {path}");
        assert!(ids.insert(operation["operationId"].to_string()), "{name} shares its identifier");
        assert!(operation["summary"].is_string(), "{name}");
        assert!(operation["security"].is_array(), "{name} says who may call it");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.contains_key("default") && responses.keys().any(|status| status.starts_with('2')), "{name}");
        let has_body = operation.get("requestBody").is_some();
        let takes_none = path.ends_with("/test") || path.ends_with("/replay") || path.ends_with("/cancel");
        assert_eq!(has_body, method == Method::PATCH || (method == Method::POST && !takes_none), "{name}");
    }
}

/// Every `$ref` below `value`.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}
