//! The layer of `config.toml`: its values for figment, and the line of every key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Map, Tag, Value};
use figment::{Error, Metadata, Profile, Provider};
use toml::de::{DeTable, DeValue};

use super::error::{Origin, Problem};
use crate::kernel::os;

/// A configuration file that could be read.
#[derive(Clone, Debug, Default)]
pub(super) struct File {
    pub path: PathBuf,
    values: Dict,
    /// Line of each key in dots, list members by index.
    lines: BTreeMap<String, usize>,
}

impl File {
    /// Reads and parses; a mistake of syntax is told with its line.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let text = std::fs::read_to_string(path).map_err(|error| Problem {
            origin: Origin::Default,
            key: String::new(),
            text: format!("設定ファイル {} を読めません（{}）", path.display(), os::cause(&error)),
        })?;
        Self::parse(path, &text)
    }

    pub fn parse(path: &Path, text: &str) -> Result<Self, Problem> {
        let text = text.trim_start_matches('\u{feff}');
        let table = DeTable::parse(text).map_err(|error| Problem {
            origin: Origin::File { path: path.to_owned(), line: error.span().map(|span| line_of(text, span.start)) },
            key: String::new(),
            text: format!("TOMLとして読めません（{}）", error.message().replace('\n', " ")),
        })?;
        let mut file = Self { path: path.to_owned(), ..Self::default() };
        file.values = file.table(text, "", table.get_ref());
        Ok(file)
    }

    /// The line of a key, or of the nearest thing around it.
    pub fn line(&self, key: &str) -> Option<usize> {
        let mut key = key;
        loop {
            if let Some(line) = self.lines.get(key) {
                return Some(*line);
            }
            key = key.rsplit_once('.')?.0;
        }
    }

    fn table(&mut self, text: &str, at: &str, table: &DeTable<'_>) -> Dict {
        let mut dict = Dict::new();
        for (name, value) in table {
            let key = if at.is_empty() { name.get_ref().to_string() } else { format!("{at}.{}", name.get_ref()) };
            self.lines.insert(key.clone(), line_of(text, name.span().start));
            let value = self.value(text, &key, value.get_ref());
            dict.insert(name.get_ref().to_string(), value);
        }
        dict
    }

    fn value(&mut self, text: &str, key: &str, value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(one) => one.as_ref().into(),
            DeValue::Boolean(one) => (*one).into(),
            // Dates become strings, so that a date may be written with or without quotes.
            DeValue::Datetime(one) => one.to_string().into(),
            DeValue::Integer(one) => match i64::from_str_radix(one.as_str(), one.radix()) {
                Ok(number) => number.into(),
                Err(_) => one.to_string().into(),
            },
            DeValue::Float(one) => one.as_str().parse::<f64>().map_or_else(|_| one.to_string().into(), Value::from),
            DeValue::Array(all) => {
                let mut values = Vec::new();
                for (index, one) in all.iter().enumerate() {
                    let key = format!("{key}.{index}");
                    self.lines.insert(key.clone(), line_of(text, one.span().start));
                    values.push(self.value(text, &key, one.get_ref()));
                }
                Value::Array(Tag::Default, values)
            }
            DeValue::Table(table) => Value::Dict(Tag::Default, self.table(text, key, table)),
        }
    }
}

/// The line of a byte, counted from 1.
fn line_of(text: &str, byte: usize) -> usize {
    let before = text.as_bytes().get(..byte).unwrap_or(text.as_bytes());
    1 + before.iter().filter(|one| **one == b'\n').count()
}

impl Provider for &File {
    fn metadata(&self) -> Metadata {
        Metadata::from("config file", self.path.as_path())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_knows_its_line_and_dates_need_no_quotes() {
        let text = "\u{feff}# 設定\n[password]\nmax = 20\n\n[[federation]]\nprefecture = \"07\"\n[[federation]]\nname = \"x\"\n[security_mail]\ngrace_until = 2026-01-31\n";
        let file = File::parse(Path::new("config.toml"), text).unwrap();
        assert_eq!(file.line("password.max"), Some(3));
        assert_eq!(file.line("federation.0.prefecture"), Some(6));
        assert_eq!(file.line("federation.1.name"), Some(8));
        assert_eq!(file.line("federation.1.telephone"), Some(7), "a missing member points at its table");
        assert_eq!(file.line("log.level"), None);
        let date = Value::Dict(Tag::Default, file.values).find("security_mail.grace_until").unwrap();
        assert_eq!(date.as_str(), Some("2026-01-31"));
    }

    #[test]
    fn a_mistake_of_syntax_is_told_with_its_line() {
        let problem = File::parse(Path::new("config.toml"), "[log]\nlevel = info\n").unwrap_err();
        assert!(problem.to_string().starts_with("config.toml 2行目: TOMLとして読めません"), "{problem}");
    }
}
