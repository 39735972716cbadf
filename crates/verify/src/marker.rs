//! The name by which an event is known on both sides: the client writes it into the subject, the receiver reads it out
//! of the message.

use std::fmt;

const PREFIX: &str = "verify-";

/// The number of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Marker(pub(crate) u64);

impl Marker {
    /// The first one in a text.
    pub(crate) fn find(text: &str) -> Option<Self> {
        let (_, rest) = text.split_once(PREFIX)?;
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok().map(Self)
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Marker;

    #[test]
    fn markers_are_found_in_texts() {
        let marker = Marker(1_207);
        assert_eq!(Marker::find(&format!("New mail\n{marker}\nHello.")), Some(marker));
        assert_eq!(Marker::find("verify-"), None);
        assert_eq!(Marker::find("something else"), None);
    }
}
