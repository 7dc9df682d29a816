//! Merging the layers, and telling every mistake at once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use figment::error::Kind;
use figment::providers::Serialized;
use figment::value::{Dict, Value};
use figment::{Figment, Source};
use serde::Deserialize as _;

use super::env::{Variable, variables};
use super::error::{Findings, expected, readable};
use super::file::File;
use super::{Config, ConfigErrors, Origin, Problem, SECRETS, folder_of};

/// Settings and where each came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The effective settings.
    pub config: Config,
    /// The configuration file that was read, if there is one.
    pub file: Option<PathBuf>,
    /// Origin of each key that is not a default; lists as a whole.
    origins: BTreeMap<String, Origin>,
}

impl Loaded {
    /// Settings that were made in the program, as `demo` has them.
    #[must_use]
    pub fn built_in(config: Config) -> Self {
        Self { config, file: None, origins: BTreeMap::new() }
    }

    /// Where a key (`password.max`, `federation`) came from.
    #[must_use]
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or_default()
    }

    /// Checks what only a serving process needs: a federation and a sender.
    ///
    /// # Errors
    /// One sentence for each thing that is missing.
    pub fn ready_to_serve(&self) -> Result<(), ConfigErrors> {
        let mut found = Findings::default();
        self.config.validate_for_serve(&mut found);
        let problems: Vec<Problem> = found
            .0
            .into_iter()
            .map(|(key, text)| Problem { origin: Origin::Default, key, text: text.unwrap_or_default() })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(ConfigErrors(problems)) }
    }
}

/// Loads the settings. Without `path` the file is `config.toml` beside the data folder, if it exists.
///
/// # Errors
/// Every mistake found, each with file and line or variable, key, and what is expected.
pub fn load(path: Option<&Path>, env: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Loaded, ConfigErrors> {
    let shape = Value::serialize(Config::default()).map_err(internal)?;
    let (variables, mut problems) = variables(env, &shape);
    let file = match read_file(path, &variables) {
        Ok(file) => file,
        Err(problem) => {
            problems.push(problem);
            return Err(ConfigErrors(problems));
        }
    };

    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    if let Some(file) = &file {
        figment = figment.merge(file);
    }
    for variable in &variables {
        figment = figment.merge(variable);
    }
    let merged = figment.find_value("").map_err(internal)?;
    let layers = Layers { figment, merged, file: file.as_ref(), variables: &variables };

    let mut config = layers.extract(&mut problems)?;
    let mut found = Findings::default();
    config.validate(&mut found);
    for (key, sentence) in found.0 {
        if !problems.iter().any(|problem| covers(&problem.key, &key)) {
            problems.push(layers.problem(&key, sentence));
        }
    }
    if !problems.is_empty() {
        problems.sort_by_key(|problem| match &problem.origin {
            Origin::File { line, .. } => (0, line.unwrap_or(0)),
            _ => (1, 0),
        });
        return Err(ConfigErrors(problems));
    }

    let base = file.as_ref().map(|file| folder_of(&file.path));
    config.resolve_paths(|key| match layers.origin(key) {
        Origin::Env { .. } | Origin::EnvFile { .. } => None,
        Origin::Default | Origin::File { .. } => base.clone(),
    });
    let mut found = Findings::default();
    config.validate_paths(&mut found);
    let problems: Vec<Problem> = found.0.into_iter().map(|(key, sentence)| layers.problem(&key, sentence)).collect();
    if !problems.is_empty() {
        return Err(ConfigErrors(problems));
    }
    let origins = layers.origins();
    Ok(Loaded { config, origins, file: file.map(|file| file.path) })
}

/// A mistake of ours, not of the settings; told instead of a panic.
fn internal(error: figment::Error) -> ConfigErrors {
    ConfigErrors(vec![Problem {
        origin: Origin::Default, key: String::new(), text: format!("設定を読めません（{error}）")
    }])
}

/// Whether a mistake already told at `told` may be the cause of one at `key`: the same key, one around it, or another in the
/// same list (its members are compared with each other, and a mended one is not what was meant).
fn covers(told: &str, key: &str) -> bool {
    let within = |outer: &str, inner: &str| inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
    let mut list = key;
    if let Some((index, _)) = key.match_indices('.').find(|(at, _)| key[at + 1..].starts_with(|c: char| c.is_ascii_digit())) {
        list = &key[..index];
    }
    !told.is_empty() && (within(told, key) || within(list, told))
}

fn read_file(path: Option<&Path>, variables: &[Variable]) -> Result<Option<File>, Problem> {
    if let Some(path) = path {
        return File::read(path).map(Some);
    }
    let from_env = variables.iter().find(|variable| variable.key == "server.data_dir").and_then(Variable::text);
    let data_dir = from_env.map_or_else(|| Config::default().server.data_dir, PathBuf::from);
    let beside = folder_of(&data_dir).join("config.toml");
    if beside.exists() { File::read(&beside).map(Some) } else { Ok(None) }
}

struct Layers<'a> {
    figment: Figment,
    merged: Value,
    file: Option<&'a File>,
    variables: &'a [Variable],
}

impl Layers<'_> {
    /// Reads the merged values; each mistake is noted, mended with a sample, and the reading begins again, so that all are found.
    fn extract(&self, problems: &mut Vec<Problem>) -> Result<Config, ConfigErrors> {
        let default = Value::serialize(Config::default()).map_err(internal)?;
        let sample = Value::serialize(Config::sample()).map_err(internal)?;
        let mut values = self.merged.clone();
        // Each round mends one value, so the number of rounds is bounded by the number of values.
        for _ in 0..10_000 {
            let error = match Config::deserialize(&values) {
                Ok(config) => return Ok(config),
                Err(error) => error,
            };
            let mut path = error.path.clone();
            let mend = match &error.kind {
                Kind::UnknownField(name, known) => {
                    problems.push(self.unknown(&path, name, known));
                    None
                }
                Kind::MissingField(name) => {
                    path.push(name.to_string());
                    let key = path.join(".");
                    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
                    let text = format!("{} がありません。{}を書いてください", readable(&parts), expected(&parts));
                    problems.push(Problem { origin: self.origin(&key), key, text });
                    find(&sample, &of_sample(&path))
                }
                _ => {
                    problems.push(self.problem(&path.join("."), None));
                    find(&default, &path).or_else(|| find(&sample, &of_sample(&path)))
                }
            };
            if !put(&mut values, &path, mend.cloned()) {
                return Err(internal(error));
            }
        }
        Err(ConfigErrors(std::mem::take(problems)))
    }

    fn unknown(&self, path: &[String], name: &str, known: &[&str]) -> Problem {
        let key = path.join(".");
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let text = format!("{} というキーはありません（ここで使えるのは {}）", readable(&parts), known.join("・"));
        debug_assert!(key.ends_with(name), "figment names the key in the path");
        Problem { origin: self.origin(&key), key, text }
    }

    /// The usual sentence: what is expected at the key, and what stands there unless it is a secret.
    fn problem(&self, key: &str, sentence: Option<String>) -> Problem {
        let parts: Vec<&str> = key.split('.').collect();
        let text = sentence.unwrap_or_else(|| {
            let path: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            let now = match find(&self.merged, &path) {
                Some(value) if !SECRETS.contains(&key) => super::show::short(value).map(|value| format!("（今の値: {value}）")),
                _ => None,
            };
            format!("{} には、{}を書いてください{}", readable(&parts), expected(&parts), now.unwrap_or_default())
        });
        Problem { origin: self.origin(key), key: key.to_owned(), text }
    }

    /// Where the value at a key, or the nearest thing around it, came from.
    fn origin(&self, key: &str) -> Origin {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        let mut depth = path.len();
        while depth > 0 {
            if let Some(value) = find(&self.merged, &path[..depth]) {
                return self.origin_of(value, key);
            }
            depth -= 1;
        }
        Origin::Default
    }

    fn origin_of(&self, value: &Value, key: &str) -> Origin {
        match self.figment.get_metadata(value.tag()).and_then(|metadata| metadata.source.as_ref()) {
            Some(Source::File(path)) => Origin::File { path: path.clone(), line: self.file.and_then(|file| file.line(key)) },
            Some(Source::Custom(variable)) => {
                let variable = self.variables.iter().find(|one| one.key == *variable);
                variable.map(|one| one.origin.clone()).unwrap_or_default()
            }
            _ => Origin::Default,
        }
    }

    /// Origins of all keys that are not defaults.
    fn origins(&self) -> BTreeMap<String, Origin> {
        let mut all = BTreeMap::new();
        self.collect(&self.merged, "", &mut all);
        all
    }

    fn collect(&self, value: &Value, key: &str, all: &mut BTreeMap<String, Origin>) {
        if let Value::Dict(_, dict) = value {
            for (name, value) in dict {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                self.collect(value, &key, all);
            }
            return;
        }
        let origin = self.origin_of(value, key);
        if origin != Origin::Default {
            all.insert(key.to_owned(), origin);
        }
    }
}

/// A path into the sample, which has one member in every list.
fn of_sample(path: &[String]) -> Vec<String> {
    path.iter().map(|part| if part.parse::<usize>().is_ok() { "0".into() } else { part.clone() }).collect()
}

/// The value at a path; list members by index.
fn find<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, part| match value {
        Value::Dict(_, dict) => dict.get(part),
        Value::Array(_, all) => part.parse::<usize>().ok().and_then(|index| all.get(index)),
        _ => None,
    })
}

/// Puts a value at a path, or removes what is there. `false` if the path leads nowhere.
fn put(value: &mut Value, path: &[String], new: Option<Value>) -> bool {
    let Some((part, rest)) = path.split_first() else {
        return false;
    };
    match value {
        Value::Dict(_, dict) if rest.is_empty() => put_in(dict, part, new),
        Value::Dict(_, dict) => dict.get_mut(part).is_some_and(|value| put(value, rest, new)),
        Value::Array(_, all) => {
            let Some(index) = part.parse::<usize>().ok().filter(|index| *index < all.len()) else {
                return false;
            };
            match (rest.is_empty(), new) {
                (false, new) => put(&mut all[index], rest, new),
                (true, Some(new)) => {
                    all[index] = new;
                    true
                }
                (true, None) => {
                    all.remove(index);
                    true
                }
            }
        }
        _ => false,
    }
}

fn put_in(dict: &mut Dict, name: &str, new: Option<Value>) -> bool {
    match new {
        Some(new) => {
            dict.insert(name.to_owned(), new);
            true
        }
        None => dict.remove(name).is_some(),
    }
}
