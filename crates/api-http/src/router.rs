//! All routes under all limits.

use axum::{Router, middleware::from_fn_with_state};
use integrations_core::Platform;

use crate::{
    RequestLimits,
    observe::{deadline, observe},
    problem::{Code, Problem},
    routes,
    state::{Api, ApiState},
};

/// The whole API. To be served with [`crate::serve`], or nested into another router.
pub fn router(state: ApiState) -> Router {
    let state = Api::new(state);
    let limits = &state.limits;
    let mail_deadline = from_fn_with_state(limits.mail_time + limits.handling_time, deadline);
    let json_deadline = from_fn_with_state(limits.json_time + limits.handling_time, deadline);
    let routes: Router<Api> =
        routes::emails::routes().layer(mail_deadline).merge(routes::all_but_emails().layer(json_deadline)).into();
    finished(routes, state)
}

/// `/livez`, `/readyz` and `/openapi.json` alone: for a process that takes no requests of tenants. `ready` says whether
/// it is at work, not while it is shutting down, and `queue_reached` whether it gets any.
pub fn health_router(
    platform: Platform,
    ready: impl Fn() -> bool + Send + Sync + 'static,
    queue_reached: impl Fn() -> bool + Send + Sync + 'static,
) -> Router {
    let state = ApiState::without_admin(platform, RequestLimits::default(), ready);
    let state = Api::new(ApiState { queue_reached: Box::new(queue_reached), ..state });
    let deadline = from_fn_with_state(state.limits.json_time + state.limits.handling_time, deadline);
    finished(routes::health().layer(deadline).into(), state)
}

fn finished(routes: Router<Api>, state: Api) -> Router {
    routes
        .fallback(async || Problem::new(Code::NotFound))
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed))
        .layer(from_fn_with_state(state.clone(), observe))
        .with_state(state)
}
