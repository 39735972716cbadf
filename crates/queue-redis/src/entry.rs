//! The text in which Redis keeps an entry; `lua/common.lua` describes it.

use integrations_core::{LaneKey, QueueEntry};
use jiff::Timestamp;

/// The text of an entry, without its dispatch.
pub(crate) fn encode(entry: &QueueEntry) -> String {
    let QueueEntry { organization, lane, due, sequence, .. } = entry;
    let lane = lane.as_str();
    format!("{organization}{:08}{lane}{}{sequence:020}", lane.len(), encode_time(*due))
}

/// Milliseconds since 1970, so that order of text is order of time. Nothing is due earlier than that.
pub(crate) fn encode_time(at: Timestamp) -> String {
    format!("{:015}", at.as_millisecond().max(0))
}

/// The entry that an entry's text and its dispatch make.
pub(crate) fn decode(member: &[u8]) -> Option<QueueEntry> {
    let (organization, rest) = text(member, 36)?;
    let (length, rest) = text(rest, 8)?;
    let (lane, rest) = rest.split_at_checked(length.parse().ok()?)?;
    let (due, rest) = text(rest, 15)?;
    let (sequence, rest) = text(rest, 20)?;
    let (dispatch, &[]) = text(rest, 36)? else { return None };
    Some(QueueEntry {
        dispatch: dispatch.parse().ok()?,
        organization: organization.parse().ok()?,
        lane: LaneKey::from_stored(String::from_utf8_lossy(lane).into_owned()),
        // What the scripts let pass is a number; whoever wrote a larger one by hand meant "late".
        due: Timestamp::from_millisecond(due.parse().ok()?).unwrap_or(Timestamp::MAX),
        sequence: sequence.parse().unwrap_or(u64::MAX),
    })
}

fn text(bytes: &[u8], length: usize) -> Option<(&str, &[u8])> {
    let (head, rest) = bytes.split_at_checked(length)?;
    Some((str::from_utf8(head).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use integrations_core::{DispatchId, OrganizationId};
    use proptest::{prelude::any, prop_assert_eq, proptest};

    use super::{LaneKey, QueueEntry, Timestamp, decode, encode};

    proptest! {
        /// Whatever a lane is called, an entry comes back as it went in, and starts with its organization.
        #[test]
        fn an_entry_comes_back_as_it_went_in(
            organization in any::<[u8; 16]>(),
            dispatch in any::<[u8; 16]>(),
            lane in any::<String>(),
            due in 0..=Timestamp::MAX.as_millisecond(),
            sequence in any::<u64>(),
        ) {
            let entry = QueueEntry {
                dispatch: DispatchId::from_bytes(dispatch),
                organization: OrganizationId::from_bytes(organization),
                lane: LaneKey::from_stored(lane),
                due: Timestamp::from_millisecond(due).unwrap(),
                sequence,
            };
            let member = format!("{}{}", encode(&entry), entry.dispatch);
            prop_assert_eq!(decode(member.as_bytes()), Some(entry));
        }

        /// Hostile bytes are refused without harm.
        #[test]
        fn anything_else_is_refused(member in any::<Vec<u8>>()) {
            prop_assert_eq!(decode(&member), None);
        }
    }
}
