//! Telegram as a provider: configuration, calls, rendering and the reading of its errors.
