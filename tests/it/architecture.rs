//! The rule of the house: who may name whom. Reads every path in every file, not only the `use` lines.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const FOUNDATIONS: [&str; 9] = ["kernel", "store", "jobs", "security", "mail", "pdf", "audit", "web", "config"];
/// These name every room.
const TOP: [&str; 5] = ["lib", "main", "routes", "app", "cli"];
/// Built of all features, and named by `cli` alone.
const DEMO: &str = "demo";
/// Crates that only one room may name.
const RESERVED: [(&str, &str); 4] = [("redb", "store"), ("lettre", "mail"), ("typst", "pdf"), ("argon2", "security")];

struct File {
    path: String,
    room: String,
    code: String,
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(read(&root, &path));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn read(root: &Path, path: &PathBuf) -> File {
    let relative = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
    let room = relative.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
    // Comments may speak of anything.
    let code = fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| if line.trim_start().starts_with("//") { "" } else { line })
        .collect::<Vec<_>>()
        .join("\n");
    File { path: relative, room, code }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The names that stand behind `crate::` (also inside braces), with the path that follows each.
fn crate_paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].chars().next_back().is_some_and(is_word) {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            for part in group.split_inclusive([',', '{', '}']) {
                if depth == 0 {
                    let name: String = part.trim().chars().take_while(|c| is_word(*c) || *c == ':').collect();
                    if !name.is_empty() {
                        paths.push(name);
                    }
                }
                match part.chars().next_back() {
                    Some('{') => depth += 1,
                    Some('}') if depth == 0 => break,
                    Some('}') => depth -= 1,
                    _ => {}
                }
            }
        } else {
            paths.push(rest.chars().take_while(|c| is_word(*c) || *c == ':').collect());
        }
    }
    paths
}

/// Whether the code names this crate as a path (`redb::…`).
fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = &code[at + name.len()..];
        !before.is_some_and(|c| is_word(c) || c == ':' || c == '"' || c == '.')
            && (after.starts_with("::") || after.starts_with("_pdf::"))
    })
}

fn breaches(files: &[File], wrong: impl Fn(&File) -> Vec<String>) -> Vec<String> {
    files.iter().flat_map(|file| wrong(file).into_iter().map(|what| format!("{}: {what}", file.path))).collect()
}

#[test]
fn foundations_never_name_a_feature() {
    let files = files();
    let found = breaches(&files, |file| {
        if !FOUNDATIONS.contains(&file.room.as_str()) {
            return Vec::new();
        }
        crate_paths(&file.code)
            .into_iter()
            .filter(|path| !FOUNDATIONS.contains(&path.split("::").next().unwrap_or_default()))
            .collect()
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_feature_calls_another_only_through_what_its_mod_re_exports() {
    let files = files();
    let private = ["store", "pages", "desk", "flow", "mails", "model"];
    let found = breaches(&files, |file| {
        let top = TOP.contains(&file.room.as_str()) || file.room == DEMO;
        crate_paths(&file.code)
            .into_iter()
            .filter(|path| {
                let mut parts = path.split("::");
                let (room, inner) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                let feature = !FOUNDATIONS.contains(&room) && !TOP.contains(&room);
                feature && room != file.room && !top && private.contains(&inner)
            })
            .collect()
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn only_the_top_names_routes_cli_and_demo() {
    let files = files();
    let found = breaches(&files, |file| {
        if TOP.contains(&file.room.as_str()) || file.room == DEMO {
            return Vec::new();
        }
        crate_paths(&file.code)
            .into_iter()
            .filter(|path| matches!(path.split("::").next(), Some("routes" | "cli" | "demo")))
            .collect()
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn some_crates_have_one_room() {
    let files = files();
    let found = breaches(&files, |file| {
        RESERVED
            .iter()
            .filter(|(name, room)| file.room != *room && names_crate(&file.code, name))
            .map(|(name, _)| (*name).to_owned())
            .collect()
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn models_are_pure_and_screens_do_not_name_the_database() {
    let files = files();
    let found = breaches(&files, |file| {
        let part = file.path.split('/').nth(1).unwrap_or_default().trim_end_matches(".rs");
        if FOUNDATIONS.contains(&file.room.as_str()) || TOP.contains(&file.room.as_str()) {
            return Vec::new();
        }
        let forbidden: &[&str] = match part {
            "model" => &["poem", "maud", "redb", "lettre", "tokio"],
            "pages" | "desk" => &["redb"],
            _ => &[],
        };
        forbidden.iter().filter(|name| names_crate(&file.code, name)).map(|name| (*name).to_owned()).collect()
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_table_has_a_name_of_its_own() {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for file in files() {
        // Tables of unit tests live in memory only.
        if file.path.contains("tests") {
            continue;
        }
        let code = file.code.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        for (at, _) in code.match_indices("Table::new(\"") {
            let name = code[at + 12..].split('"').next().unwrap().to_owned();
            if let Some(other) = names.insert(name.clone(), file.path.clone()) {
                panic!("table {name} is declared in {other} and in {}", file.path);
            }
        }
    }
    assert!(names.len() > 5);
}

#[test]
fn files_stay_small() {
    let found = breaches(&files(), |file| {
        let lines = file.code.lines().count();
        if lines > 400 { vec![format!("{lines} lines")] } else { Vec::new() }
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn nothing_is_printed_by_a_macro_that_panics_where_it_cannot_be_written() {
    let found = breaches(&files(), |file| {
        let code = file.code.split("#[cfg(test)]").next().unwrap_or_default();
        let macros = ["print!(", "println!(", "eprint!(", "eprintln!("];
        macros.iter().filter(|name| code.contains(**name)).map(|name| (*name).to_owned()).collect()
    });
    assert!(found.is_empty(), "cli/out.rs is the way: {found:#?}");
}
