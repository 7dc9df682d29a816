//! What is wrong with the settings and where it stands.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Built into the program.
    #[default]
    Default,
    /// A configuration file, with the line if it could be told.
    File {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: Option<usize>,
    },
    /// An environment variable.
    Env {
        /// Its name.
        name: String,
    },
    /// A file named by an environment variable `…_FILE`.
    EnvFile {
        /// The variable's name.
        name: String,
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("既定値"),
            Self::File { path, line: Some(line) } => write!(f, "{} {line}行目", path.display()),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::Env { name } => write!(f, "環境変数 {name}"),
            Self::EnvFile { name, path } => write!(f, "環境変数 {name} のファイル {}", path.display()),
        }
    }
}

/// One mistake, as one Japanese sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands; `Default` when something is missing altogether.
    pub origin: Origin,
    /// The key in dots; members of lists carry their index from 0 (`federation.1.name`). Empty for a whole file.
    pub key: String,
    /// What is wrong and what is expected, naming the key.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Default => f.write_str(&self.text),
            origin => write!(f, "{origin}: {}", self.text),
        }
    }
}

/// All mistakes found, in the order of the file; shown one a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors(pub Vec<Problem>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

/// What the sections' `validate` found: key and, where the sentence of the key is not enough, one of its own.
#[derive(Debug, Default)]
pub(super) struct Findings(pub Vec<(String, Option<String>)>);

impl Findings {
    /// Notes the key unless `fits`; the answer is the key's own sentence of what is expected.
    pub fn expect(&mut self, key: &str, fits: bool) {
        if !fits {
            self.0.push((key.to_owned(), None));
        }
    }

    /// Notes the key with a sentence of its own.
    pub fn say(&mut self, key: &str, sentence: &str) {
        self.0.push((key.to_owned(), Some(sentence.to_owned())));
    }
}

/// A key as people read it: `federation.1.name` is 「federation の2番目の name」.
pub(super) fn readable(path: &[&str]) -> String {
    let mut text = String::new();
    let mut after_index = true;
    for part in path {
        if let Ok(index) = part.parse::<usize>() {
            text.push_str(&format!(" の{}番目", index + 1));
            after_index = false;
        } else if text.is_empty() {
            text.push_str(part);
        } else {
            text.push_str(if after_index { "." } else { "の " });
            text.push_str(part);
            after_index = true;
        }
    }
    text
}

/// What is expected at a key, list indexes left out of account.
pub(super) fn expected(path: &[&str]) -> &'static str {
    let plain: Vec<&str> = path.iter().copied().filter(|part| part.parse::<usize>().is_err()).collect();
    let key = plain.join(".");
    let row = super::SECTIONS.iter().copied().flatten().find(|(name, _)| *name == key);
    row.map_or("このセクションのキー", |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_members_are_counted_from_one() {
        assert_eq!(readable(&["password", "max"]), "password.max");
        assert_eq!(readable(&["federation", "1", "name"]), "federation の2番目の name");
        assert_eq!(readable(&["server", "trusted_proxies", "0"]), "server.trusted_proxies の1番目");
        assert_eq!(readable(&["certificate", "fee", "0", "from"]), "certificate.fee の1番目の from");
    }
}
