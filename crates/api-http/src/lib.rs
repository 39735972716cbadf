//! The HTTP API of the platform on axum.
//!
//! [`router`] gives all routes over a [`integrations_core::Platform`]; [`serve`] serves them so that slow and greedy
//! clients are dropped; [`openapi`] describes them.

mod auth;
mod body;
mod input;
mod intake;
mod limits;
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
pub use router::router;
pub use serve::serve;
pub use state::ApiState;
