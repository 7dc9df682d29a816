//! The command lines of spec 5, read by the argument structs of every command.

use std::fmt::Debug;

use clap::{Args, Command};

use super::*;
use crate::cli::ledger::{Encoding, Format};
use crate::cli::staff::{Role, Scope};
use crate::kernel::Prefecture;

/// Reads a line as one command's arguments.
fn read<A: Args + Debug>(line: &str) -> Result<A, String> {
    let command = A::augment_args(Command::new("uketsuke"));
    command.clone().debug_assert();
    let words = std::iter::once("uketsuke").chain(line.split_whitespace());
    let matches = command.try_get_matches_from(words).map_err(|error| usage::sentence(&error))?;
    A::from_arg_matches(&matches).map_err(|error| usage::sentence(&error))
}

#[test]
fn demo_reads_address_time_and_folder() {
    let demo: demo::Args = read("").unwrap();
    assert_eq!((demo.listen.to_string().as_str(), demo.now, demo.data), ("127.0.0.1:8080", None, None));
    let demo: demo::Args = read("--listen 0.0.0.0:80 --now 2026-01-20T09:00:00+09:00 --data here").unwrap();
    assert_eq!(demo.now.unwrap().to_string(), "2026-01-20T00:00:00Z");
    let refused = read::<demo::Args>("--now yesterday").unwrap_err();
    assert!(refused.starts_with("--now <RFC3339> の値「yesterday」は使えません: 時刻を"), "{refused}");
}

#[test]
fn ledger_import_reads_its_options() {
    let ledger::Action::Import(import) = read::<ledger::Args>("import a.csv").unwrap().action;
    assert_eq!((import.format, import.encoding, import.prefecture), (None, Encoding::Auto, None));
    assert!(!import.dry_run && !import.close_missing && !import.force);
    let line = "import a.csv --format mhlw --prefecture 07 --encoding cp932 --dry-run --close-missing --force";
    let ledger::Action::Import(import) = read::<ledger::Args>(line).unwrap().action;
    assert_eq!((import.format, import.encoding, import.prefecture), (Some(Format::Mhlw), Encoding::Cp932, Prefecture::new(7)));
    assert!(import.dry_run && import.close_missing && import.force);
    let refused = read::<ledger::Args>("import a.csv --format excel").unwrap_err();
    assert_eq!(refused, "--format <FORMAT> の値「excel」は使えません: uketsuke・mhlw のどれかを書いてください");
    let refused = read::<ledger::Args>("import a.csv --prefecture 48").unwrap_err();
    assert!(refused.ends_with("都道府県番号を 01 から 47 までの2桁で書いてください"), "{refused}");
}

#[test]
fn account_issue_takes_all_new_offices_or_named_ones() {
    let account::Action::Issue(issue) = read::<account::Args>("issue --prefecture 13 --all-new").unwrap().action;
    assert!(issue.all_new && issue.office.is_empty() && issue.kind == account::Kind::New);
    let line = "issue --prefecture 13 --office 1311111111 1311111112 --kind existing";
    let account::Action::Issue(issue) = read::<account::Args>(line).unwrap().action;
    assert!(!issue.all_new && issue.office.len() == 2 && issue.kind == account::Kind::Existing);
    for wrong in ["issue --prefecture 13", "issue --all-new", "issue --prefecture 13 --all-new --office 1311111111"] {
        assert!(read::<account::Args>(wrong).is_err(), "{wrong}");
    }
    let refused = read::<account::Args>("issue --prefecture 13 --office 12").unwrap_err();
    assert!(refused.starts_with("--office <NUMBER>... の値「12」は使えません: "), "{refused}");
}

#[test]
fn staff_add_reads_scope_and_role() {
    let staff::Action::Add(add) = read::<staff::Args>("add sato --prefecture all --role admin").unwrap().action else {
        panic!("not add");
    };
    assert_eq!((add.name.as_str(), add.prefecture, add.role), ("sato", Scope::All, Role::Admin));
    let refused = read::<staff::Args>("add sato --prefecture 07").unwrap_err();
    assert!(refused.contains("--role <ROLE>"), "{refused}");
    assert!(matches!(read::<staff::Args>("reset-authenticator sato").unwrap().action, staff::Action::ResetAuthenticator(_)));
    assert!(matches!(read::<staff::Args>("disable sato").unwrap().action, staff::Action::Disable(_)));
}
