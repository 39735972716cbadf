//! The HTTP API of the integrations platform on axum.
#![doc = include_str!("../README.md")]

mod auth;
mod body;
mod input;
mod intake;
mod limits;
mod long_work;
mod observe;
mod openapi;
mod paging;
mod path;
mod problem;
mod recent;
mod router;
mod routes;
mod schema;
mod serve;
mod state;
mod throttle;

pub use limits::{ConnectionLimits, RequestLimits};
pub use openapi::openapi;
pub use router::{health_router, router};
pub use serve::serve;
pub use state::ApiState;
