//! The Telegram Bot API on this machine.
#![doc = include_str!("../README.md")]

mod api;
mod config;
mod http;
mod sandbox;
mod shape;
mod show;
mod text;
mod world;

pub use config::{Clock, Config, Limit, Limits};
pub use sandbox::Sandbox;
pub use show::{chat_text, pretty};
pub use text::{Entity, FormattedText, Style};
pub use world::{
    Action, Author, Button, Call, Chat, ChatKind, Fault, Message, NewBot, NewChat, Standing, Topic, World, WorldError,
};
