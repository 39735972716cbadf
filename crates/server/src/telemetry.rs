//! The log: what is let through, and how an entry becomes one harmless line on standard error.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    io::{self, IsTerminal as _},
};

use integrations_core::text;
use tracing::{Subscriber, field::Field};
use tracing_subscriber::{
    Layer as _,
    field::MakeExt as _,
    filter::{LevelFilter, Targets},
    fmt::{
        MakeWriter,
        format::{Writer, debug_fn},
    },
    layer::SubscriberExt as _,
    registry,
    util::SubscriberInitExt as _,
};

use crate::config::{LogConfig, LogFormat};

/// Libraries that tell more than an operator wants to know: warnings only, unless they are named.
const QUIET: [&str; 7] = ["h2", "hyper", "reqwest", "rustls", "sqlx", "tokio", "tower"];

/// Which entries are let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter {
    default: LevelFilter,
    parts: BTreeMap<String, LevelFilter>,
}

impl Default for LogFilter {
    fn default() -> Self {
        Self { default: LevelFilter::INFO, parts: BTreeMap::new() }
    }
}

impl LogFilter {
    /// The same with that level for what is not named.
    #[must_use]
    pub fn with_default(self, level: LevelFilter) -> Self {
        Self { default: level, ..self }
    }

    /// The same with that level for the module or crate of that name, and all whose names begin like it.
    #[must_use]
    pub fn with_part(mut self, part: &str, level: LevelFilter) -> Self {
        self.parts.insert(part.to_owned(), level);
        self
    }

    fn targets(&self) -> Targets {
        let quiet = self.default.min(LevelFilter::WARN);
        let named = self.parts.iter().map(|(part, level)| (part.as_str(), *level));
        Targets::new().with_default(self.default).with_targets(QUIET.map(|part| (part, quiet))).with_targets(named)
    }
}

/// Starts the log of the process. Where there is one already, that one stays.
pub fn init(log: &LogConfig) {
    // An embedder's own subscriber is no mistake.
    let _ = subscriber(log, io::stderr, io::stderr().is_terminal()).try_init();
}

fn subscriber<W>(log: &LogConfig, writer: W, terminal: bool) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    let layer = match log.format {
        LogFormat::Json => layer.json().flatten_event(true).with_span_list(false).boxed(),
        // Colors where the default wants them (see NO_COLOR) and somebody looks.
        LogFormat::Text if terminal => layer.fmt_fields(debug_fn(write_field).delimited(" ")).boxed(),
        LogFormat::Text => layer.with_ansi(false).fmt_fields(debug_fn(write_field).delimited(" ")).boxed(),
    };
    registry().with(log.filter.targets()).with(layer)
}

/// Writes a field so that its value can neither forge a line nor steer the terminal. The library's own fields let line
/// breaks pass, and in other fields than the message everything.
fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    match field.name() {
        "message" => write!(Escaping(writer), "{value:?}"),
        name => write!(Escaping(writer), "{name}={value:?}"),
    }
}

/// Writes deceptive characters as their escapes.
struct Escaping<'a, 'b>(&'a mut Writer<'b>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| {
            if text::is_deceptive(c) { write!(self.0, "{}", c.escape_default()) } else { self.0.write_char(c) }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;

    use super::*;

    /// What is logged by `act`.
    fn logged(filter: LogFilter, format: LogFormat, act: impl FnOnce()) -> String {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let log = LogConfig { filter, format };
        with_default(subscriber(&log, Shared(lines.clone()), false), act);
        let bytes = lines.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[derive(Clone)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Shared {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    const HOSTILE: &str = "a\r\nb\u{1b}[31m\u{9b}\u{202e}c";

    #[test]
    fn text_cannot_forge_lines_or_steer_the_terminal() {
        let text = logged(LogFilter::default(), LogFormat::Text, || {
            let span = tracing::info_span!("work", subject = %HOSTILE);
            span.in_scope(|| tracing::info!(shown = %HOSTILE, quoted = HOSTILE, "{HOSTILE}"));
        });
        assert!(text.ends_with("c\"\n"), "{text:?}");
        assert_eq!(text.matches(r"b\u{1b}[31m\u{9b}\u{202e}c").count(), 4, "{text:?}");
        assert_eq!(text.chars().filter(|c| text::is_deceptive(*c)).collect::<String>(), "\n");
    }

    #[test]
    fn json_is_one_object_a_line() {
        let text = logged(LogFilter::default(), LogFormat::Json, || tracing::info!(shown = %HOSTILE, "{HOSTILE}"));
        let entry: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
        assert_eq!((&entry["message"], &entry["shown"]), (&HOSTILE.into(), &HOSTILE.into()));
        assert_eq!(text.lines().count(), 1);
    }

    #[test]
    fn libraries_are_quiet_unless_they_are_named() {
        let speak = || {
            tracing::info!(target: "sqlx::query", "sqlx");
            tracing::info!(target: "hyper_util::client", "hyper");
            tracing::info!(target: "server", "server");
        };
        let heard = |filter: LogFilter| {
            let text = logged(filter, LogFormat::Text, speak);
            text.lines().filter_map(|line| line.split(' ').next_back().map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(heard(LogFilter::default()), ["server"]);
        assert_eq!(heard(LogFilter::default().with_default(LevelFilter::TRACE)), ["server"]);
        assert_eq!(heard(LogFilter::default().with_part("sqlx", LevelFilter::DEBUG)), ["sqlx", "server"]);
        assert_eq!(heard(LogFilter::default().with_default(LevelFilter::ERROR)), [""; 0]);
    }
}
