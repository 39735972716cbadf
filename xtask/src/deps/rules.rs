//! Who may depend on whom, as data; `check.rs` reads it.
//!
//! It is about what a crate is built with. Tests (dev-dependencies) may use what they like, except what is
//! banned outright. Lists are words between spaces, and a word may hold one `*`.

/// What one crate, or all crates of a kind, may depend on.
pub(super) struct Rule {
    /// Whom it is about. The first rule with a fitting name counts.
    pub(super) crates: &'static str,
    /// The workspace crates it may depend on.
    pub(super) ours: &'static str,
    /// The outside crates it may depend on directly.
    pub(super) outside: &'static str,
    /// What it may not reach by any path.
    pub(super) never: &'static str,
    /// Why, and what to do instead.
    pub(super) why: &'static str,
}

/// A crate that only some of our crates may depend on.
pub(super) struct Owned {
    pub(super) package: &'static str,
    pub(super) owners: &'static str,
    pub(super) why: &'static str,
}

const ANY: &str = "*";
const NOTHING: &str = "";
const CORE: &str = "integrations-core";
/// Whatever makes a program run, talk or roll dice.
const MACHINERY: &str = "async-std axum getrandom hyper mio rand redis reqwest rusqlite rustls smol sqlx tokio ureq";
/// Whatever an adapter exists to hide.
const TECHNOLOGY: &str = "axum hyper mail-parser redis reqwest ring rusqlite rustls sqlx";

/// The table. A new crate is judged by its name, and refused if no rule fits it.
pub(super) const RULES: &[Rule] = &[
    Rule {
        crates: CORE,
        ours: NOTHING,
        outside: "async-trait base64 bytes event-listener foldhash http jiff schemars secrecy serde \
                  serde_json serde_path_to_error sha2 subtle thiserror url uuid zeroize",
        never: MACHINERY,
        why: "the core is data, rules and ports without a runtime and without I/O, so that it can \
              be embedded and simulated; describe the need as a port and implement it in an adapter",
    },
    Rule {
        crates: "integrations",
        ours: CORE,
        outside: ANY,
        never: TECHNOLOGY,
        why: "who embeds the platform chooses the technologies; take them as ports",
    },
    Rule {
        crates: "integrations-testkit",
        ours: CORE,
        outside: ANY,
        never: TECHNOLOGY,
        why: "the suites test ports and favour no adapter; let the adapter's tests call the suite",
    },
    Rule {
        crates: "provider-*",
        ours: CORE,
        outside: ANY,
        never: MACHINERY,
        why: "a provider has neither an HTTP client nor a runtime, and knows no other provider; \
              send through the HttpClient port, and move what providers share into the core",
    },
    Rule {
        crates: "inbound-email",
        ours: CORE,
        outside: ANY,
        never: MACHINERY,
        why: "it only turns bytes into an event; receive the bytes in another crate",
    },
    Rule {
        crates: "inbound-* api-*",
        ours: "integrations-core inbound-email",
        outside: ANY,
        never: "redis reqwest rusqlite sqlx",
        why: "a way in calls the core's use cases and sees neither stores nor services; \
              add a use case or a port to the core",
    },
    Rule {
        crates: "cipher-* http-* queue-* store-*",
        ours: CORE,
        outside: ANY,
        never: NOTHING,
        why: "adapters implement a port of the core and never see each other; move what they share \
              into the core, or let `server` bring them together",
    },
    Rule {
        crates: "*-sandbox",
        ours: NOTHING,
        outside: ANY,
        never: "redis reqwest rusqlite sqlx",
        why: "a sandbox stands in for a foreign service and must not share our reading of it; \
              write it from that service's documentation",
    },
    Rule {
        crates: "server",
        ours: "api-* cipher-* http-* inbound-* integrations integrations-core provider-* queue-* \
               store-* *-sandbox",
        outside: ANY,
        never: NOTHING,
        why: "the server wires the parts of the platform and nothing else; \
              call other programs of the workspace from a shell",
    },
    Rule {
        crates: "examples",
        ours: NOTHING,
        outside: NOTHING,
        never: NOTHING,
        why: "examples take what they show from [dev-dependencies]; nothing is built with them",
    },
    Rule {
        crates: "verify",
        ours: "*-sandbox",
        outside: ANY,
        never: "redis reqwest ring rusqlite rustls sqlx",
        why: "it judges the server from outside, by its API and by what a sandbox receives; whatever it shared with \
              the server could be wrong on both sides",
    },
    Rule {
        crates: "bench",
        ours: "verify",
        outside: ANY,
        never: "redis reqwest ring rusqlite rustls sqlx",
        why: "it measures the server from outside, as a process, with a client of its own",
    },
    Rule {
        crates: "xtask",
        ours: NOTHING,
        outside: ANY,
        never: MACHINERY,
        why: "the commands must build fast and also while the crates do not; start the program",
    },
];

const HIDDEN: &str = "each technology hides behind one adapter; use the port that the adapter \
                      implements and let `server` wire it";

/// Direct dependencies that not everybody may have.
pub(super) const OWNED: &[Owned] = &[
    Owned { package: "axum", owners: "api-http *-sandbox", why: HIDDEN },
    Owned { package: "mail-parser", owners: "inbound-email", why: HIDDEN },
    Owned { package: "redis", owners: "queue-redis", why: HIDDEN },
    Owned { package: "reqwest", owners: "http-reqwest", why: HIDDEN },
    Owned { package: "ring", owners: "cipher-ring", why: HIDDEN },
    Owned { package: "sqlx", owners: "store-*", why: HIDDEN },
    Owned {
        package: "integrations-testkit",
        owners: NOTHING,
        why: "it is made for tests; move it to [dev-dependencies]",
    },
    Owned { package: "verify", owners: "bench", why: "it breaks servers for a living; move it to [dev-dependencies]" },
];

/// What nothing may bring in, not even a test.
pub(super) const BANNED: &str = "aws-lc-rs aws-lc-sys native-tls openssl-sys";
/// Why that is so.
pub(super) const BANNED_WHY: &str = "rustls with ring is our only TLS: one implementation to watch \
                                     and no system library to find; switch off the feature that \
                                     brings it in";

/// Whether a name is on a list.
pub(super) fn listed(list: &str, name: &str) -> bool {
    list.split_whitespace().any(|word| fits(word, name))
}

fn fits(word: &str, name: &str) -> bool {
    match word.split_once('*') {
        None => word == name,
        Some((start, end)) => name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn a_word_fits_whole_names_and_a_star_fits_the_rest() {
        assert!(listed("store-* server", "store-postgres"));
        assert!(listed("store-* server", "server"));
        assert!(listed("*-sandbox", "telegram-sandbox"));
        assert!(!listed("integrations", "integrations-core"));
        assert!(!listed("store-*", "my-store-x"));
        assert!(!listed("", "server"));
    }
}
