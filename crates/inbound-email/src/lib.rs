//! Raw RFC 5322 mail to an email.received event, with limits against hostile mail.
