//! All routes under all limits.

use axum::{Router, middleware::from_fn_with_state};

use crate::{
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
    let routes = routes::emails::routes().layer(mail_deadline).merge(routes::all_but_emails().layer(json_deadline));
    observed(routes.into(), state)
}

/// `/livez` and `/readyz` alone, for a process that takes no requests but is looked after like one.
pub fn probes(state: ApiState) -> Router {
    let state = Api::new(state);
    let json_deadline = from_fn_with_state(state.limits.json_time + state.limits.handling_time, deadline);
    observed(routes::server::probes().layer(json_deadline).into(), state)
}

fn observed(routes: Router<Api>, state: Api) -> Router {
    routes
        .fallback(async || Problem::new(Code::NotFound))
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed))
        .layer(from_fn_with_state(state.clone(), observe))
        .with_state(state)
}
