//! The name of a provider in its spellings.

use std::str::FromStr;

use anyhow::{Result, bail, ensure};

const LONGEST: usize = 32;

/// A name such as `two-words`.
#[derive(Debug, Clone)]
pub(super) struct Name(String);

impl FromStr for Name {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(rest) = text.strip_prefix("provider-") {
            bail!("leave `provider-` out, the package gets it by itself: {rest}");
        }
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        ensure!(
            text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('-').all(is_word) && text.len() <= LONGEST,
            "use lower-case letters and digits, a letter first, with single hyphens between words, at most {LONGEST}"
        );
        Ok(Self(text.to_owned()))
    }
}

impl Name {
    /// `provider-two-words`
    pub(super) fn package(&self) -> String {
        format!("provider-{}", self.0)
    }

    /// `provider_two_words`
    pub(super) fn module(&self) -> String {
        self.package().replace('-', "_")
    }

    /// `TwoWords`
    pub(super) fn type_name(&self) -> String {
        let words = self.0.split('-').map(|word| word.split_at(1));
        words.map(|(first, rest)| first.to_uppercase() + rest).collect()
    }

    /// The text with this name in place of the skeleton's.
    pub(super) fn put_into(&self, text: &str) -> String {
        text.replace("xtask/provider-skeleton", &format!("crates/{}", self.package()))
            .replace("provider_skeleton", &self.module())
            .replace("skeleton", &self.0)
            .replace("Skeleton", &self.type_name())
    }

    /// Whether the text, or a macro in it, means something else by this name.
    pub(super) fn clashes_with(&self, text: &str) -> bool {
        let type_name = self.type_name();
        let is_of_macros = ["Err", "None", "Ok", "Some"].contains(&type_name.as_str());
        is_of_macros || text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == type_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_its_spellings() {
        let name: Name = "my-chat2-x".parse().unwrap();
        assert_eq!(name.package(), "provider-my-chat2-x");
        assert_eq!(name.module(), "provider_my_chat2_x");
        assert_eq!(name.type_name(), "MyChat2X");
        assert_eq!(
            name.put_into("provider-skeleton provider_skeleton::Skeleton"),
            "provider-my-chat2-x provider_my_chat2_x::MyChat2X"
        );
    }

    #[test]
    fn other_names_are_refused() {
        let long = "x".repeat(33);
        for wrong in ["", "-", "a-", "-a", "a--b", "2fa", "Slack", "a_b", "a b", "../a", "a/b", "é", "aé", "a\n", &long]
        {
            let error = wrong.parse::<Name>().unwrap_err().to_string();
            assert!(error.starts_with("use lower-case letters and digits"), "{wrong}: {error}");
        }
        let error = "provider-zulip".parse::<Name>().unwrap_err().to_string();
        assert_eq!(error, "leave `provider-` out, the package gets it by itself: zulip");
    }
}
