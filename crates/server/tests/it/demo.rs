//! The first command that anybody runs.

use std::process::Command;

#[test]
fn the_demo_shows_a_message_and_ends_well() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_integrations-server"));
    let output = command.args(["demo", "--once"]).env_remove("TELEGRAM_BOT_TOKEN").output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{shown}{}", String::from_utf8_lossy(&output.stderr));
    assert!(shown.contains("Subject: Your code is 482 913 – welcome aboard ⛵"), "{shown}");
    assert!(shown.contains("From: Søren from Harbour <welcome@harbour.example.com>"), "{shown}");
    assert!(shown.contains("Attachments: 1"), "{shown}");
}

#[test]
fn a_chat_without_a_token_is_told_what_is_missing() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_integrations-server"));
    let output = command.args(["demo", "--chat-id", "-1001234567890"]).env_remove("TELEGRAM_BOT_TOKEN").output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: --chat-id needs the bot's token in TELEGRAM_BOT_TOKEN\n"
    );
}
