//! Quality bar 45: whatever offices, visitors, staff, administrators and the program itself do is in the audit log – all of it, each once –
//! with when (to the offset), where, who and what. A kind of entry that no act here brings about fails the test below.

mod browsers;
mod commands;
mod witness;

use std::collections::BTreeSet;
use std::path::Path;

use self::browsers::BY_BROWSER;
use self::commands::BY_COMMAND;

/// Literals of the form `"feature.verb"` in sources that write to the log or name its actions.
fn actions_of_the_sources() -> BTreeSet<String> {
    fn walk(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    // Wherever the sources lie.
    let names_tests = |file: &Path| file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_string_lossy().contains("tests");
    let mut files = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let mut actions = BTreeSet::new();
    // Words for actions are no actions, and tests make up their own.
    for file in files.iter().filter(|file| !names_tests(file) && !file.ends_with("ledger/desk/history.rs")) {
        let text = std::fs::read_to_string(file).unwrap();
        if !["Event::new(", "fn action(", ".event(\""].iter().any(|writes| text.contains(writes)) {
            continue;
        }
        let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
        for line in lines.filter(|line| !line.contains("Kind::new(") && !line.contains("Rule {")) {
            let literals = line.split('"').skip(1).step_by(2);
            let named = literals.filter(|literal| literal.split_once('.').is_some_and(|(room, verb)| word(room) && word(verb)));
            actions.extend(named.map(str::to_owned));
        }
    }
    actions
}

#[test]
fn q45_there_is_no_kind_of_entry_that_no_act_brings_about() {
    let found = actions_of_the_sources();
    let known: BTreeSet<String> = BY_BROWSER.iter().chain(BY_COMMAND).map(|action| (*action).to_owned()).collect();
    assert_eq!(found, known, "a new kind of entry needs an act in this file, and an act must not stand here for nothing");
}
