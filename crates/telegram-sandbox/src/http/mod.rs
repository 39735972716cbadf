//! The HTTP shell: `/bot<token>/<method>` for bots, `/sandbox/...` for those who run the tests.

mod bot_api;
mod connection;
mod control;
mod control_views;
mod faulty;

use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;

use crate::world::World;

/// Serves until it is dropped.
pub(crate) async fn serve(listener: TcpListener, world: Arc<World>) {
    let router = Router::new().nest("/sandbox", control::routes()).fallback(bot_api::answer).with_state(world);
    connection::accept(listener, router).await;
}
