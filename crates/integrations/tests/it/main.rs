//! The platform running on memory adapters.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test says that something is wrong"
)]

mod first_attempts;
mod lifecycle;
mod outcomes;
mod parking;
mod queue_loss;
mod rotation;
mod sharing;
mod world;
