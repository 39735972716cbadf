//! The OpenAPI document: made of the routes themselves, so that it cannot tell of others.

use std::fmt::Write as _;

use utoipa::openapi::{
    ComponentsBuilder, Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, Response,
    path::Operation,
    security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::{
    problem::{Code, FieldProblem, ProblemBody},
    routes,
};

const INTRODUCTION: &str = "\
Mail arrives at an address of an organization; that is an event. The address subscribes integrations, and for each event \
and each subscription there is one dispatch, which is attempted until it is delivered or ends with a stated reason.

Every request but those of the tag Server carries `Authorization: Bearer <key>`. What the key must allow stands at each \
operation; `manage` includes `publish` and `read`. The admin token may do everything, and names the organization with the \
header `X-Org-Id`.

An answer that is no success is a problem (RFC 9457, `application/problem+json`) with one of these codes:

| code | status | meaning |
|---|---|---|
";

/// The document, as OpenAPI 3.1 in JSON.
#[must_use]
pub fn openapi() -> String {
    document().to_pretty_json().unwrap_or_default()
}

fn document() -> OpenApi {
    let mut document = base();
    document.merge(routes::emails::routes().into_openapi());
    document.merge(routes::all_but_emails().into_openapi());
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete];
        operations.into_iter().flatten().for_each(complete);
    }
    document
}

fn base() -> OpenApi {
    let mut description = INTRODUCTION.to_owned();
    for code in Code::ALL {
        // Writing to a string does not fail.
        let _ = writeln!(description, "| `{}` | {} | {} |", code.as_str(), code.status().as_u16(), code.meaning());
    }
    let info =
        InfoBuilder::new().title("Integrations API").version(env!("CARGO_PKG_VERSION")).description(Some(description));
    let components = ComponentsBuilder::new()
        .schema("Problem", ProblemBody::schema())
        .schema(FieldProblem::name(), FieldProblem::schema())
        .security_scheme("key", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    OpenApiBuilder::new().info(info).components(Some(components.build())).build()
}

/// Adds what holds for every operation.
fn complete(operation: &mut Operation) {
    let mut problem = Response::new("A problem");
    problem
        .content
        .insert("application/problem+json".to_owned(), Content::new(Some(Ref::from_schema_name("Problem"))).into());
    operation.responses.responses.insert("default".to_owned(), problem.into());
}
