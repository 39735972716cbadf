#![doc = include_str!("../README.md")]

mod cipher;
mod key;

pub use cipher::{RingCipher, key_id_of};
pub use key::{Key, KeyError, KeyId};
