//! `config show`: the effective settings as TOML, each with where it came from.

use figment::value::{Dict, Value};

use super::{Loaded, SECTIONS};

impl Loaded {
    /// The settings in the order of the sections, valid as a configuration file, each key followed by its origin.
    /// Secrets are masked by their types.
    #[must_use]
    pub fn show(&self) -> String {
        let mut text = String::new();
        let root = Value::serialize(&self.config).ok().and_then(Value::into_dict).unwrap_or_default();
        for section in SECTIONS {
            // The first key names the section, or the list that is the section.
            let Some((first, _)) = section.first() else { continue };
            let name = first.split('.').next().unwrap_or(first);
            if !text.is_empty() {
                text.push('\n');
            }
            match root.get(name) {
                Some(Value::Array(_, members)) => self.list(&mut text, name, members),
                Some(Value::Dict(_, keys)) => self.section(&mut text, name, keys),
                _ => {}
            }
        }
        text
    }

    fn section(&self, text: &mut String, name: &str, keys: &Dict) {
        let plain: Vec<&str> = in_order(name).filter(|key| !is_table_list(name, key)).collect();
        if !plain.is_empty() {
            text.push_str(&format!("[{name}]\n"));
        }
        for key in plain {
            let origin = self.origin(&format!("{name}.{key}"));
            match keys.get(key).and_then(toml_text) {
                Some(value) => text.push_str(&format!("{key} = {value}  # {origin}\n")),
                None => text.push_str(&format!("# {key} は指定なし  # {origin}\n")),
            }
        }
        for key in in_order(name).filter(|key| is_table_list(name, key)) {
            if let Some(Value::Array(_, members)) = keys.get(key) {
                self.list(text, &format!("{name}.{key}"), members);
            }
        }
    }

    /// `[[name]]` for each member.
    fn list(&self, text: &mut String, name: &str, members: &[Value]) {
        let origin = self.origin(name);
        if members.is_empty() {
            text.push_str(&format!("# [[{name}]] は指定なし  # {origin}\n"));
        }
        for member in members.iter().filter_map(Value::as_dict) {
            text.push_str(&format!("[[{name}]]  # {origin}\n"));
            for key in in_order(name) {
                if let Some(value) = member.get(key).and_then(toml_text) {
                    text.push_str(&format!("{key} = {value}\n"));
                }
            }
        }
    }
}

/// The keys directly in a section or list, in the order of their declaration.
fn in_order(name: &str) -> impl Iterator<Item = &'static str> {
    let all = SECTIONS.iter().copied().flatten();
    all.filter_map(move |(key, _)| key.strip_prefix(name)?.strip_prefix('.')).filter(|key| !key.contains('.'))
}

/// Lists written as `[[section.key]]`; the portal's categories are short and stay on their line.
fn is_table_list(section: &str, key: &str) -> bool {
    matches!((section, key), ("certificate", "fee") | ("oidc", "client"))
}

/// A value as TOML on one line; `None` for an optional value that is not set.
fn toml_text(value: &Value) -> Option<String> {
    toml::Value::try_from(value).ok().filter(|_| !matches!(value, Value::Empty(..))).map(|value| value.to_string())
}

/// A value as an error message repeats it, on one line, if it is short enough to help.
pub(super) fn short(value: &Value) -> Option<String> {
    let text = toml_text(value)?.replace(['\n', '\r'], " ");
    let simple = matches!(value, Value::String(..) | Value::Bool(..) | Value::Num(..));
    (simple && text.chars().count() <= 100).then_some(text)
}

/// Whether every key has its words and every word its key.
#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::Config;
    use super::*;

    fn keys(value: &Value, at: &str, all: &mut BTreeSet<String>) {
        let join = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
        match value {
            Value::Dict(_, dict) => dict.iter().for_each(|(key, value)| keys(value, &join(key), all)),
            Value::Array(_, members) => {
                all.insert(at.to_owned());
                members.iter().filter(|one| one.as_dict().is_some()).for_each(|one| keys(one, at, all));
            }
            _ => {
                all.insert(at.to_owned());
            }
        }
    }

    #[test]
    fn every_key_has_its_words_and_no_words_lack_a_key() {
        let mut real = BTreeSet::new();
        keys(&Value::serialize(Config::sample()).unwrap(), "", &mut real);
        let described: BTreeSet<String> = SECTIONS.iter().copied().flatten().map(|(key, _)| (*key).to_owned()).collect();
        assert_eq!(real, described);
    }
}
