//! Clients with one defect each: the suite of the port finds it.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, header};
use http_reqwest::{HttpConfig, ReqwestClient};
use integrations_core::{HttpClient, HttpError, HttpRequest, HttpResponse};
use integrations_testkit::{
    http_client as suite,
    suite::{assert_bites, block_on},
};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Defect {
    None,
    FollowsRedirects,
    RepeatsAfterALostAnswer,
    TakesALostAnswerForNotSent,
    TakesARefusedConnectionForUnknown,
    TakesABrokenRefusalForNoAnswer,
    TakesABrokenSuccessForWhole,
    ForgetsTheStatus,
    ForgetsTheHeaders,
    ForgetsThatItCut,
    ForgetsTheMethod,
    NeverKeepsConnections,
    ShowsTheUrl,
}

use Defect as D;

struct Broken {
    inner: ReqwestClient,
    defect: Defect,
}

fn client() -> ReqwestClient {
    ReqwestClient::trusted(&HttpConfig { total_timeout: Duration::from_secs(3), ..HttpConfig::default() }).unwrap()
}

#[async_trait::async_trait]
impl HttpClient for Broken {
    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if self.defect == D::ForgetsTheMethod {
            request.method = Method::POST;
        }
        let again = request.clone();
        let answer = if self.defect == D::NeverKeepsConnections {
            client().send(request).await
        } else {
            self.inner.send(request).await
        };
        match (self.defect, answer) {
            (D::FollowsRedirects, Ok(answer)) if answer.status.is_redirection() => {
                let to = answer.headers[header::LOCATION].to_str().unwrap().parse().unwrap();
                self.inner.send(HttpRequest { url: to, ..again }).await
            }
            (D::RepeatsAfterALostAnswer, Err(HttpError::Unknown { .. })) => self.inner.send(again).await,
            (D::TakesALostAnswerForNotSent, Err(HttpError::Unknown { reason })) => Err(HttpError::NotSent { reason }),
            (D::TakesARefusedConnectionForUnknown, Err(HttpError::NotSent { reason })) => {
                Err(HttpError::Unknown { reason })
            }
            (D::TakesABrokenRefusalForNoAnswer, Ok(answer)) if answer.truncated => {
                Err(HttpError::Unknown { reason: "broken off" })
            }
            (D::TakesABrokenSuccessForWhole, Err(HttpError::Unknown { .. })) => Ok(HttpResponse {
                status: StatusCode::OK,
                headers: HeaderMap::new(),
                body: "half".into(),
                truncated: true,
            }),
            (D::ForgetsTheStatus, Ok(answer)) => Ok(HttpResponse { status: StatusCode::OK, ..answer }),
            (D::ForgetsTheHeaders, Ok(answer)) => Ok(HttpResponse { headers: HeaderMap::new(), ..answer }),
            (D::ForgetsThatItCut, Ok(answer)) => Ok(HttpResponse { truncated: false, ..answer }),
            (D::ShowsTheUrl, Err(_)) => Err(HttpError::Unknown { reason: again.url.to_string().leak() }),
            (_, answer) => answer,
        }
    }
}

fn assert_found(defect: Defect, case: &impl AsyncFn(&Broken)) {
    let run = |defect| block_on(async { case(&Broken { inner: client(), defect }).await });
    assert_bites(&format!("{defect:?}"), || run(D::None), || run(defect));
}

#[test]
fn defects_are_found() {
    assert_found(D::FollowsRedirects, &async |c| suite::redirects_are_not_followed(c).await);
    assert_found(D::RepeatsAfterALostAnswer, &async |c| suite::an_ended_connection_is_unknown(c).await);
    assert_found(D::TakesALostAnswerForNotSent, &async |c| suite::an_ended_connection_is_unknown(c).await);
    assert_found(D::TakesARefusedConnectionForUnknown, &async |c| suite::a_refused_connection_is_not_sent(c).await);
    assert_found(D::TakesABrokenRefusalForNoAnswer, &async |c| suite::a_broken_refusal_keeps_its_status(c).await);
    assert_found(D::TakesABrokenSuccessForWhole, &async |c| suite::a_broken_success_is_unknown(c).await);
    assert_found(D::ForgetsTheStatus, &async |c| suite::an_answer_comes_back_whole(c).await);
    assert_found(D::ForgetsTheHeaders, &async |c| suite::an_answer_comes_back_whole(c).await);
    assert_found(D::ForgetsThatItCut, &async |c| suite::bodies_are_cut_at_the_limit(c).await);
    assert_found(D::ForgetsTheMethod, &async |c| suite::a_request_arrives_as_it_is(c).await);
    assert_found(D::NeverKeepsConnections, &async |c| suite::connections_are_kept(c).await);
    assert_found(D::ShowsTheUrl, &async |c| suite::nothing_shows_the_url(c).await);
}
