//! Every route of the OpenAPI document against every kind of caller. A route without a sample request fails.

use http::Method;
use serde_json::{Value, json};

use crate::{
    api::{Api, Client, Reply, SECRET, integration, subscription},
    openapi::operations,
};

/// One organization with one of everything, and keys of it.
struct Owner {
    all: Client,
    organization: String,
    integration: String,
    address: String,
    dispatch: String,
    key: String,
    scopes: [(&'static str, Client); 3],
}

impl Owner {
    async fn new(api: &Api, name: &str) -> Self {
        let organization = api.admin().post("/v1/organizations", json!({ "name": name })).await.id().to_owned();
        let admin = api.admin().naming(&organization);
        let integration = admin.integration(name).await;
        let address = admin.address(name, &[&integration]).await;
        let dispatch = admin.dispatch_at(&address).await;
        let scopes = [
            ("read", admin.key(&["read"]).await.1),
            ("publish", admin.key(&["publish"]).await.1),
            ("manage", admin.key(&["manage"]).await.1),
        ];
        let key = admin.key(&["read"]).await.0;
        let (_, all) = admin.key(&["manage"]).await;
        Self { all, organization, integration, address, dispatch, key, scopes }
    }

    /// The sample request of an operation: path, body, and the status with which its owner is answered.
    fn sample(&self, method: &Method, path: &str, name: &str) -> Option<(String, Value, u16)> {
        let Self { organization, integration: connection, address, dispatch, key, .. } = self;
        let at = |id: &str| path.replace("{id}", id).replace("{kind}", "postbox");
        let event = json!({ "type": "email.received", "addressId": address, "from": "ada@shop.example" });
        let sample = match (method.as_str(), path) {
            ("POST", "/v1/organizations") => (at(""), json!({ "name": "new" }), 201),
            ("GET", "/v1/organizations") => (at(""), Value::Null, 200),
            (_, "/v1/organizations/{id}") => (at(organization), Value::Null, 200),
            ("POST", "/v1/api-keys") => (at(""), json!({ "name": "new", "scopes": ["read"] }), 201),
            ("GET", "/v1/api-keys") => (at(""), Value::Null, 200),
            ("DELETE", "/v1/api-keys/{id}") => (at(key), Value::Null, 200),
            ("GET", "/v1/providers" | "/v1/providers/{kind}") => (at(""), Value::Null, 200),
            ("POST", "/v1/providers/{kind}/targets") => (at(""), json!({ "config": { "key": SECRET } }), 200),
            ("POST", "/v1/integrations/validate") => (at(""), integration(name), 200),
            ("POST", "/v1/integrations") => (at(""), integration(name), 201),
            ("GET", "/v1/integrations") => (at(""), Value::Null, 200),
            ("PATCH", "/v1/integrations/{id}") => (at(connection), json!({ "status": "active" }), 200),
            ("GET" | "DELETE", "/v1/integrations/{id}") => (at(connection), Value::Null, 200),
            ("POST", "/v1/integrations/{id}/test") => (at(connection), Value::Null, 200),
            ("POST", "/v1/addresses") => (at(""), json!({ "localPart": name }), 201),
            ("GET", "/v1/addresses") => (at(""), Value::Null, 200),
            ("PATCH", "/v1/addresses/{id}") => {
                (at(address), json!({ "integrationSubscriptions": [subscription(connection)] }), 200)
            }
            ("GET" | "DELETE", "/v1/addresses/{id}") => (at(address), Value::Null, 200),
            ("POST", "/v1/events") => (at(""), event, 202),
            ("POST", "/v1/emails") => (format!("{path}?recipient=owner@localhost"), json!("Subject: Hi\r\n\r\n"), 202),
            ("GET", "/v1/dispatches") => (at(""), Value::Null, 200),
            ("GET", "/v1/dispatches/{id}") | ("POST", "/v1/dispatches/{id}/cancel") => (at(dispatch), Value::Null, 200),
            // It is still waiting.
            ("POST", "/v1/dispatches/{id}/replay") => (at(dispatch), Value::Null, 409),
            ("GET", "/livez" | "/readyz" | "/openapi.json") => (at(""), Value::Null, 200),
            _ => return None,
        };
        Some(sample)
    }

    /// The client with that scope alone.
    fn scope(&self, wanted: &str) -> Client {
        self.scopes.iter().find(|(scope, _)| *scope == wanted).map(|(_, client)| client.clone()).unwrap()
    }

    /// Everything of this organization that a stranger might learn.
    fn traces(&self) -> [&str; 4] {
        [&self.integration, &self.address, &self.dispatch, &self.key]
    }
}

async fn ask(client: &Client, method: &Method, path: &str, body: &Value) -> Reply {
    match body {
        Value::Null => client.ask(method.clone(), path, "").await,
        Value::String(mail) => client.post_mail(path, mail.clone()).await,
        body => client.send_json(method.clone(), path, body.to_string()).await,
    }
}

/// The scope that the document demands; none for what is open to everybody.
fn demand(operation: &Value) -> Option<String> {
    operation["security"][0]["key"][0].as_str().map(str::to_owned)
}

#[tokio::test]
async fn promise_06_a_tenant_sees_its_own_only() {
    for (method, path, operation) in operations() {
        let route = format!("{method} {path}");
        let Some(scope) = demand(&operation) else { continue };
        let api = Api::new();
        let (owner, stranger) = (Owner::new(&api, "owner").await, Owner::new(&api, "stranger").await);
        let sample = |name| owner.sample(&method, &path, name).unwrap_or_else(|| panic!("{route} has no sample"));
        let (at, body, status) = sample("fresh");
        let asked = async |client: &Client| ask(client, &method, &at, &body).await;

        asked(&api.nobody()).await.problem(401, "unauthorized");
        let (dead_id, dead) = stranger.all.key(&["manage"]).await;
        stranger.all.delete(&format!("/v1/api-keys/{dead_id}")).await.expect(200);
        asked(&dead).await.problem(401, "unauthorized");
        asked(&owner.all.clone().naming(&stranger.organization)).await.problem(404, "not_found");
        asked(&api.admin().naming("org_00000000000000000000000000000000")).await.problem(404, "not_found");
        for (held, client) in &owner.scopes {
            if scope == "admin" || (*held != "manage" && *held != scope) {
                asked(client).await.problem(403, "insufficient_scope");
            }
        }

        let seen = ask(&stranger.all, &method, &at, &sample("theirs").1).await;
        let text = String::from_utf8_lossy(&seen.body).into_owned();
        assert!(seen.status.as_u16() < 500, "{route}: {text}");
        for trace in owner.traces() {
            assert!(!text.contains(trace), "{route} shows {trace} to a stranger: {text}");
        }
        let names_something = at != path.replace("{kind}", "postbox") || path == "/v1/events";
        if names_something && scope != "admin" {
            let unknown = ["/v1/events", "/v1/emails"].contains(&path.as_str());
            seen.problem(404, if unknown { "unknown_address" } else { "not_found" });
        }

        let able = if scope == "admin" { api.admin() } else { owner.scope(&scope) };
        let answered = asked(&able).await;
        assert_eq!(answered.status, status, "{route}: {}", String::from_utf8_lossy(&answered.body));
        assert!(!String::from_utf8_lossy(&answered.body).contains(SECRET), "{route} shows a secret");
    }
}

#[tokio::test]
async fn what_is_open_is_open_and_nothing_else_is() {
    let api = Api::new();
    let owner = Owner::new(&api, "owner").await;
    let mut open = Vec::new();
    for (method, path, operation) in operations() {
        if demand(&operation).is_none() {
            let (at, body, status) = owner.sample(&method, &path, "fresh").unwrap();
            assert_eq!(ask(&api.nobody(), &method, &at, &body).await.status, status);
            open.push(path);
        }
    }
    assert_eq!(open, ["/livez", "/openapi.json", "/readyz"]);
}

#[tokio::test]
async fn the_admin_may_do_everything_for_an_organization_that_is_named() {
    for (method, path, operation) in operations() {
        if demand(&operation).is_none_or(|scope| scope == "admin") {
            continue;
        }
        let api = Api::new();
        let owner = Owner::new(&api, "owner").await;
        let (at, body, status) = owner.sample(&method, &path, "fresh").unwrap();
        let named = ask(&api.admin().naming(&owner.organization), &method, &at, &body).await;
        assert_eq!(named.status, status, "{method} {path}");
        let unnamed = ask(&api.admin(), &method, &at, &body).await;
        let needs_none = path.starts_with("/v1/providers") || path == "/v1/integrations/validate";
        if needs_none {
            assert_eq!(unnamed.status, status, "{method} {path}");
        } else {
            unnamed.problem(400, "organization_required");
        }
    }
}
