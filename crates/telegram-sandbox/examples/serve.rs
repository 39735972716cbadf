//! An empty sandbox at the address that is given, until it is stopped.

use telegram_sandbox::Sandbox;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "a program for the terminal")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listen = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8081".into());
    let sandbox = Sandbox::start(listen.parse()?).await?;
    println!("The Bot API listens on {}; fill it under /sandbox.", sandbox.base_url());
    std::future::pending().await
}
