//! The layer of the environment: `UKETSUKE_SECTION__KEY`, and `UKETSUKE_SECTION__KEY_FILE` for secrets.

use std::ffi::OsString;
use std::path::PathBuf;

use figment::value::{Dict, Empty, Map, Tag, Value};
use figment::{Error, Metadata, Profile, Provider};

use super::SECRETS;
use super::error::{Origin, Problem};
use crate::kernel::os;

/// One variable that sets one key.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub key: String,
    pub origin: Origin,
    value: Value,
}

/// Reads all variables of ours. `shape` holds every known key with its default: its type says how to read the text.
pub(super) fn variables(all: impl IntoIterator<Item = (OsString, OsString)>, shape: &Value) -> (Vec<Variable>, Vec<Problem>) {
    let (mut variables, mut problems) = (Vec::<Variable>::new(), Vec::new());
    let mut ours: Vec<(String, OsString)> = all
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with("UKETSUKE_"))
        .collect();
    ours.sort();
    for (name, value) in ours {
        match variable(&name, value, shape) {
            Ok(one) => match variables.iter().find(|other| other.key == one.key) {
                Some(other) => problems.push(Problem {
                    text: format!("{} は{}でも指定されています。どちらか一方にしてください", one.key, other.origin),
                    origin: one.origin,
                    key: one.key,
                }),
                None => variables.push(one),
            },
            Err(problem) => problems.push(problem),
        }
    }
    (variables, problems)
}

fn variable(name: &str, value: OsString, shape: &Value) -> Result<Variable, Problem> {
    let key = name.strip_prefix("UKETSUKE_").unwrap_or(name).to_ascii_lowercase().replace("__", ".");
    let problem = |key: &str, text: String| Problem { origin: Origin::Env { name: name.to_owned() }, key: key.to_owned(), text };
    let Ok(text) = value.into_string() else {
        return Err(problem(&key, "UTF-8で書いてください".into()));
    };
    // A key that itself ends in _file (server.key_file) is no secret in a file.
    if shape.find_ref(&key).is_none()
        && let Some(secret) = key.strip_suffix("_file")
        && shape.find_ref(secret).is_some()
    {
        if !SECRETS.contains(&secret) {
            return Err(problem(secret, format!("_FILE で指定できるのは {} だけです", SECRETS.join("・"))));
        }
        let path = PathBuf::from(text);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            problem(secret, format!("{secret} のファイル {} を読めません（{}）", path.display(), os::cause(&error)))
        })?;
        let origin = Origin::EnvFile { name: name.to_owned(), path };
        return Ok(Variable { key: secret.to_owned(), origin, value: text.trim_end_matches(['\r', '\n']).into() });
    }
    let value = read(&text, shape.find_ref(&key));
    Ok(Variable { key, origin: Origin::Env { name: name.to_owned() }, value })
}

/// Reads the text by the type of the default; what cannot be read stays a string and is refused by the key's own type.
fn read(text: &str, default: Option<&Value>) -> Value {
    match default {
        Some(Value::Bool(..)) => text.parse::<bool>().map_or_else(|_| text.into(), Value::from),
        Some(Value::Num(..)) => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
        Some(Value::Array(..)) => list(text),
        // Container set-ups leave variables empty: for an optional key that means unset.
        Some(Value::Empty(..)) if text.is_empty() => Value::Empty(Tag::Default, Empty::None),
        _ => text.into(),
    }
}

/// `["a", "b"]` as in the file, or simply `a,b`.
fn list(text: &str) -> Value {
    if text.trim_start().starts_with('[') {
        let parsed = toml::from_str::<toml::Table>(&format!("list = {text}")).ok();
        let list = parsed.and_then(|mut table| table.remove("list"));
        return list.and_then(|list| Value::serialize(list).ok()).unwrap_or_else(|| text.into());
    }
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    Value::from(parts.map(str::to_owned).collect::<Vec<_>>())
}

impl Variable {
    /// The value, if it is a string.
    pub fn text(&self) -> Option<&str> {
        self.value.as_str()
    }
}

impl Provider for &Variable {
    fn metadata(&self) -> Metadata {
        Metadata::from("environment", self.key.as_str())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let nested = self
            .key
            .rsplit('.')
            .fold(self.value.clone(), |value, part| Value::Dict(Tag::Default, Dict::from([(part.to_owned(), value)])));
        Ok(Map::from([(Profile::Default, nested.into_dict().unwrap_or_default())]))
    }
}
