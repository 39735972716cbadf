//! The HTTP API of the platform on axum.
