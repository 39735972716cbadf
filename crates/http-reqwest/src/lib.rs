//! The outbound HTTP port on reqwest.
#![doc = include_str!("../README.md")]

mod allow;
mod client;
mod failure;
mod gate;
mod guard;

pub use allow::{AllowList, AllowListError};
pub use client::{HttpConfig, ReqwestClient, SetupError, outbound};
pub use guard::is_public;

#[cfg(test)]
mod tests;
