//! Real mails through the real program: HTTP in, store, queue, worker, Telegram's API out.

use std::path::Path;

use integrations_testkit::suite::block_on;

use crate::running::{CHAT, Client, Server, sandbox};

/// All sample mails, by name.
fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut samples: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap()))
        .collect();
    samples.sort();
    samples
}

/// A client of an organization whose one address subscribes the one chat.
async fn inbox(server: &Server, token: &str) -> (Client, String) {
    let client = Client::with_organization(server).await;
    let integration = client.connect(token).await;
    let address = client.address("inbox", &integration).await;
    (client, address)
}

#[test]
fn every_sample_mail_becomes_a_message() {
    block_on(async {
        let (sandbox, token) = sandbox().await;
        let server = Server::start(&sandbox, &[]);
        let (client, address) = inbox(&server, &token).await;
        let samples = samples();
        assert!(samples.len() >= 5);
        let mut shown = String::new();
        for (number, (name, mail)) in (1..).zip(samples) {
            let accepted = client.send_mail(&address, mail).await;
            assert_eq!(accepted["data"][0]["status"], "accepted", "{name}");
            let messages = sandbox.world().wait_for_messages(CHAT, number).await;
            let text = &messages.last().unwrap().content.text;
            let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("Received: ")).collect();
            shown += &format!("== {name} ==\n{}\n\n", lines.join("\n"));
        }
        insta::assert_snapshot!(shown);
    });
}

#[test]
fn the_same_mail_again_is_not_shown_again() {
    block_on(async {
        let (sandbox, token) = sandbox().await;
        let server = Server::start(&sandbox, &[]);
        let (client, address) = inbox(&server, &token).await;
        let (_, mail) = samples().remove(0);
        let first = client.send_mail(&address, mail.clone()).await;
        let again = client.send_mail(&address, mail).await;
        assert_eq!(again["data"][0]["duplicate"], true);
        assert_eq!(again["data"][0]["id"], first["data"][0]["id"]);
        client.newest_in(&["delivered"]).await;
        assert_eq!(client.get("/v1/dispatches").await["data"].as_array().unwrap().len(), 1);
    });
}
