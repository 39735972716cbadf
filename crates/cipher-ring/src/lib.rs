//! The secret cipher port with AES-256-GCM from *ring*.
#![doc = include_str!("../README.md")]

mod cipher;
mod key;
mod record_keys;

pub use cipher::{RingCipher, key_id_of};
pub use key::{Key, KeyError, KeyId};
