//! The program `integrations-server`, with the bundled providers.

fn main() -> std::process::ExitCode {
    server::main_with(server::bundled_providers)
}
