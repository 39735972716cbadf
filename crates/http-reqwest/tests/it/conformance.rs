//! The suite of the port.

use std::time::Duration;

use http_reqwest::{HttpConfig, ReqwestClient};

async fn make() -> ReqwestClient {
    ReqwestClient::trusted(&HttpConfig { total_timeout: Duration::from_secs(3), ..HttpConfig::default() }).unwrap()
}

integrations_testkit::http_client_conformance!(make);
