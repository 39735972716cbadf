//! The program `integrations-server`, with the bundled providers.

/// What one thread allocates, another one frees here: a mail goes from the API to the store's thread and on to a worker.
/// The system's allocator takes a lock for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    server::main_with(server::bundled_providers)
}
