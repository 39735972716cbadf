//! Messages as a person sees them, in plain text.

use std::fmt::Write;

use crate::text::FormattedText;
use crate::world::{Action, Author, Button, Chat, Message};

/// One message in a frame, as `demo` programs print it.
#[must_use]
pub fn pretty(chat: &Chat, message: &Message) -> String {
    let mut block = format!("╭─ {} · {}\n", chat.title, heading(chat, message));
    for line in lines(&message.content, &message.buttons) {
        // Writing to a String cannot fail.
        let _ = writeln!(block, "{}", format!("│ {line}").trim_end());
    }
    block + "╰─\n"
}

/// All that a chat holds, oldest first: for each message a heading, the text, and a line for each button.
#[must_use]
pub fn chat_text(chat: &Chat) -> String {
    let block = |message: &Message| {
        let author = match &message.from {
            Author::Bot(id) => format!("bot {id}"),
            Author::Person(name) => name.clone(),
        };
        let mut block = format!("{author} · {}\n", heading(chat, message));
        lines(&message.content, &message.buttons).for_each(|line| block += &(line + "\n"));
        block
    };
    chat.messages.iter().map(|message| block(message)).collect::<Vec<_>>().join("\n")
}

fn heading(chat: &Chat, message: &Message) -> String {
    let minutes = message.at_ms / 60_000;
    let mut heading = format!("{:02}:{:02} UTC", minutes / 60 % 24, minutes % 60);
    let topic = message.thread_id.and_then(|id| chat.topics.as_ref()?.get(&id));
    if let Some(topic) = topic {
        heading += &format!(" · in {}", topic.name);
    }
    if message.silent {
        heading += " · silent";
    }
    if message.edited_at_ms.is_some() {
        heading += " · edited";
    }
    heading
}

fn lines(content: &FormattedText, buttons: &[Vec<Button>]) -> impl Iterator<Item = String> {
    content.text.split('\n').map(str::to_owned).chain(buttons.iter().flatten().map(button))
}

fn button(button: &Button) -> String {
    match &button.action {
        Action::Url(url) | Action::WebApp(url) => format!("[{}]({url})", button.text),
        Action::CopyText(text) => format!("[{}](copies {text})", button.text),
        Action::Callback(_) | Action::Other(_) => format!("[{}]", button.text),
    }
}
