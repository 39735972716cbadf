//! The secret cipher port with AES-256-GCM from ring.
