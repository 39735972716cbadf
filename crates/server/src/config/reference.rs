//! The reference of all settings: the text of `docs/configuration.md`.

use super::{Entry, table::SECTIONS};

const INTRODUCTION: &str = "\
# Configuration

Generated from the code by `cargo xtask codegen`; do not edit.

Settings are environment variables. A TOML file named by `--config` may set the same names in lower case; the
environment wins. An empty value counts as not set.

```toml
integration_http_listen = \"0.0.0.0:8080\"
integration_email_domains = [\"mail.example.org\", \"example.org\"]
integration_admin_token_file = \"/run/secrets/admin-token\"
```

Each secret may be given as `NAME_FILE` instead, in both places: the path of a file with the value. White space around
a value does not count, so that the file may end with a line break.

A bad value anywhere, or an unknown name in the file, stops the start with one line that names the setting, its fault
and an example. An unknown variable that begins with `INTEGRATION_` is warned about. `integrations-server doctor` checks
everything without starting.
";

/// The reference as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = INTRODUCTION.to_owned();
    for section in SECTIONS {
        text.push_str(&format!(
            "\n## {}\n\n| name | default | example | what it does |\n|---|---|---|---|\n",
            section.title
        ));
        section.settings.iter().for_each(|setting| text.push_str(&row(setting.entry())));
    }
    text
}

fn row(entry: &Entry) -> String {
    let Entry { name, default, example, about, secret } = entry;
    let default = default.map_or("none".to_owned(), |value| format!("`{value}`"));
    let also = if *secret { " Secret: also as `_FILE`." } else { "" };
    format!("| `{name}` | {default} | `{example}` | {about}{also} |\n")
}
