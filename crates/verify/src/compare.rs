//! The comparison: what the client saw accepted, what the receiver got, and what the server says about repeats.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Report, client_log::Entries, history::Dispatch, marker::Marker};

/// A message as the receiver knows it: which event, in which chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Message {
    pub(crate) marker: Marker,
    pub(crate) chat: i64,
}

/// How often each message was received.
pub(crate) type Copies = BTreeMap<Message, usize>;

impl Report {
    /// Compares the logs.
    ///
    /// An event that was not accepted may arrive all the same, since its acceptance may be what was lost. It may not
    /// come twice without cause.
    pub(crate) fn compare(&mut self, client: &Entries, received: &Copies, dispatches: &[Dispatch]) {
        self.accepted = client.accepted.len();
        self.faults.extend(client.refused.iter().map(|answer| format!("refused while the server was up: {answer}")));
        self.judge_arrivals(client, received);
        self.judge_dispatches(client, dispatches);
        self.judge_repeats(received, dispatches);
    }

    fn judge_arrivals(&mut self, client: &Entries, received: &Copies) {
        let mut chats = BTreeMap::<Marker, usize>::new();
        for message in received.keys() {
            *chats.entry(message.marker).or_default() += 1;
        }
        for accepted in &client.accepted {
            let arrived = chats.get(&accepted.marker).copied().unwrap_or_default();
            if arrived >= accepted.dispatches {
                self.delivered += 1;
            } else {
                self.lost += 1;
                self.gone.insert(accepted.marker);
                let (marker, event, wanted) = (accepted.marker, &accepted.event, accepted.dispatches);
                self.faults
                    .push(format!("{marker} was accepted as {event} and arrived in {arrived} of {wanted} chats"));
            }
        }
        let unknown = chats.keys().filter(|marker| marker.0 >= client.offered);
        self.faults.extend(unknown.map(|marker| format!("{marker} arrived and was never sent")));
    }

    fn judge_dispatches(&mut self, client: &Entries, dispatches: &[Dispatch]) {
        let mut events = BTreeMap::<Marker, (usize, BTreeSet<&str>)>::new();
        for dispatch in dispatches {
            let (count, names) = events.entry(dispatch.message.marker).or_default();
            *count += 1;
            names.insert(&dispatch.event);
            if dispatch.status != "delivered" {
                let Message { marker, chat } = dispatch.message;
                self.faults.push(format!("{marker} to chat {chat} ended as {}", dispatch.status));
            }
        }
        for accepted in &client.accepted {
            let (count, names) = events.remove(&accepted.marker).unwrap_or_default();
            let is_it = count == accepted.dispatches && (count == 0 || names.iter().eq([&accepted.event]));
            if !is_it {
                self.gone.insert(accepted.marker);
                let (marker, event, wanted) = (accepted.marker, &accepted.event, accepted.dispatches);
                let fault = format!(
                    "{marker} was accepted as {event} with {wanted} dispatches; there are {count}, of {names:?}"
                );
                self.faults.push(fault);
            }
        }
    }

    fn judge_repeats(&mut self, received: &Copies, dispatches: &[Dispatch]) {
        let lost_answers: BTreeMap<_, _> =
            dispatches.iter().map(|dispatch| (dispatch.message, dispatch.lost_answers.len())).collect();
        for (message, copies) in received {
            let repeats = copies.saturating_sub(1);
            let explained = repeats.min(lost_answers.get(message).copied().unwrap_or_default());
            self.repeated += repeats;
            self.explained += explained;
            self.unexplained += repeats - explained;
            if explained < repeats {
                let Message { marker, chat } = message;
                let fault = format!(
                    "{marker} arrived {copies} times in chat {chat}, and the log has {explained} lost answers of it"
                );
                self.faults.push(fault);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_log::Accepted;

    const CHAT: i64 = 1_001;
    const OTHER_CHAT: i64 = 1_002;

    /// Events 0 to 2 were offered; 0 and 1 were accepted, 1 for two chats. All is well.
    fn logs() -> (Entries, Copies, Vec<Dispatch>) {
        let accepted =
            |marker, dispatches| Accepted { marker: Marker(marker), event: format!("evt_{marker}"), dispatches };
        let client = Entries {
            offered: 3,
            accepted: vec![accepted(0, 1), accepted(1, 2)],
            refused: Vec::new(),
            slowest: std::time::Duration::ZERO,
        };
        let messages = [(0, CHAT), (1, CHAT), (1, OTHER_CHAT)].map(|(n, chat)| Message { marker: Marker(n), chat });
        let dispatches = messages.map(|message| Dispatch {
            id: String::new(),
            event: format!("evt_{}", message.marker.0),
            message,
            status: "delivered".to_owned(),
            lost_answers: Vec::new(),
        });
        (client, messages.map(|message| (message, 1)).into(), dispatches.into())
    }

    fn compare(client: &Entries, received: &Copies, dispatches: &[Dispatch]) -> Report {
        let mut report = Report::default();
        report.compare(client, received, dispatches);
        report
    }

    fn message(marker: u64, chat: i64) -> Message {
        Message { marker: Marker(marker), chat }
    }

    #[test]
    fn everything_arrived_once() {
        let (client, received, dispatches) = logs();
        let report = compare(&client, &received, &dispatches);
        assert_eq!((report.accepted, report.delivered, report.lost, report.repeated), (2, 2, 0, 0));
        assert_eq!(report.faults, [""; 0]);
    }

    #[test]
    fn an_accepted_event_that_did_not_arrive_is_lost() {
        let (client, mut received, dispatches) = logs();
        received.remove(&message(0, CHAT));
        let report = compare(&client, &received, &dispatches);
        assert_eq!((report.delivered, report.lost), (1, 1));
        assert_eq!(report.faults, ["verify-0 was accepted as evt_0 and arrived in 0 of 1 chats"]);
    }

    #[test]
    fn an_event_that_is_lost_and_forgotten_is_gone_once() {
        let (client, mut received, mut dispatches) = logs();
        received.remove(&message(0, CHAT));
        dispatches.remove(0);
        let report = compare(&client, &received, &dispatches);
        assert_eq!((report.faults.len(), report.gone), (2, [Marker(0)].into()));
    }

    #[test]
    fn an_accepted_event_that_arrived_in_one_chat_of_two_is_lost() {
        let (client, mut received, dispatches) = logs();
        received.remove(&message(1, OTHER_CHAT));
        let report = compare(&client, &received, &dispatches);
        assert_eq!((report.delivered, report.lost), (1, 1));
        assert_eq!(report.faults, ["verify-1 was accepted as evt_1 and arrived in 1 of 2 chats"]);
    }

    #[test]
    fn copies_in_one_chat_do_not_make_up_for_another() {
        let (client, mut received, mut dispatches) = logs();
        received.remove(&message(1, OTHER_CHAT));
        received.insert(message(1, CHAT), 2);
        dispatches[1].lost_answers.push(crate::clock::now());
        let report = compare(&client, &received, &dispatches);
        assert_eq!((report.lost, report.explained), (1, 1));
    }

    #[test]
    fn an_event_whose_acceptance_was_lost_may_arrive() {
        let (client, mut received, dispatches) = logs();
        received.insert(message(2, CHAT), 1);
        assert_eq!(compare(&client, &received, &dispatches).faults, [""; 0]);
    }

    #[test]
    fn an_event_that_nobody_sent_is_a_fault() {
        let (client, mut received, dispatches) = logs();
        received.insert(message(3, CHAT), 1);
        assert_eq!(compare(&client, &received, &dispatches).faults, ["verify-3 arrived and was never sent"]);
    }

    #[test]
    fn a_repeat_needs_a_lost_answer() {
        let (client, mut received, mut dispatches) = logs();
        received.insert(message(0, CHAT), 3);
        dispatches[0].lost_answers.push(crate::clock::now());
        let report = compare(&client, &received, &dispatches);
        assert_eq!((report.repeated, report.explained, report.unexplained), (2, 1, 1));
        assert_eq!(report.faults, ["verify-0 arrived 3 times in chat 1001, and the log has 1 lost answers of it"]);
        dispatches[0].lost_answers.push(crate::clock::now());
        let report = compare(&client, &received, &dispatches);
        assert_eq!((report.repeated, report.explained, report.unexplained), (2, 2, 0));
        assert_eq!(report.faults, [""; 0]);
    }

    #[test]
    fn a_repeat_of_an_event_that_was_not_accepted_needs_one_too() {
        let (client, mut received, dispatches) = logs();
        received.insert(message(2, CHAT), 2);
        assert_eq!(compare(&client, &received, &dispatches).unexplained, 1);
    }

    #[test]
    fn a_dispatch_that_ended_otherwise_is_a_fault() {
        let (client, received, mut dispatches) = logs();
        dispatches[2].status = "failed (rejected)".to_owned();
        let report = compare(&client, &received, &dispatches);
        assert_eq!(report.faults, ["verify-1 to chat 1002 ended as failed (rejected)"]);
    }

    #[test]
    fn a_dispatch_that_disappeared_is_a_fault_even_if_its_message_arrived() {
        let (client, received, mut dispatches) = logs();
        dispatches.pop();
        assert_eq!(compare(&client, &received, &dispatches).faults.len(), 1);
    }

    #[test]
    fn an_event_under_two_names_is_a_fault() {
        let (client, received, mut dispatches) = logs();
        dispatches[2].event = "evt_9".to_owned();
        assert_eq!(compare(&client, &received, &dispatches).faults.len(), 1);
    }

    #[test]
    fn a_refusal_is_a_fault() {
        let (mut client, received, dispatches) = logs();
        client.refused.push("verify-2: 500".to_owned());
        assert_eq!(compare(&client, &received, &dispatches).faults.len(), 1);
    }
}
