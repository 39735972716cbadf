//! A faithful local stand-in for the Telegram Bot API, for tests, demos and bot authors.
