//! What an administrator does at the command line, and what the program does by itself.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use uketsuke::audit::Actor;
use uketsuke::kernel::Prefecture;
use uketsuke::ledger;

use super::witness::{Who, Witness, check, entries};
use crate::support::installed::Installed;

/// What an administrator brings about at the command line.
pub const BY_COMMAND: &[&str] = &[
    "account.issue",
    "backup.restore",
    "backup.take",
    "keys.export",
    "ledger.import",
    "ledger.undo",
    "staff.add",
    "staff.disable",
    "staff.reset_authenticator",
    "terms.adopt",
];

const LEDGER: &str = "\
都道府県番号,事業所番号,事業所名,事業所名カナ,郵便番号,住所,方書,電話番号,FAX番号,法人名,状態,請求方法
13,1399900014,さくらの里デイサービス,サクラノサトデイサービス,000-0001,東京都架空市見本町1番地1,,0000-07-0101,,社会福祉法人見本会,有効,電子
";

#[tokio::test]
async fn q45_every_act_at_the_command_line_is_told_once_with_when_who_and_what() {
    let (here, there) = (Installed::new(), Installed::new());
    let (file, backup, keys) = (here.path("ledger.csv"), here.path("b.redb"), here.path("exported.keys"));
    std::fs::write(&file, LEDGER).unwrap();
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let before = uketsuke::kernel::Clock::system().now() - SignedDuration::from_secs(1);
    let commands: [(&[&str], &str, &str); 7] = [
        (&["staff", "add", "佐藤", "--prefecture", "13", "--role", "admin"], "staff.add", ""),
        (&["staff", "reset-authenticator", "佐藤"], "staff.reset_authenticator", ""),
        (&["staff", "disable", "佐藤"], "staff.disable", ""),
        (&["ledger", "import", &path(&file)], "ledger.import", ""),
        (&["account", "issue", "--prefecture", "13", "--all-new"], "account.issue", "1399900014"),
        (&["backup", &path(&backup)], "backup.take", ""),
        (&["keys", "export", &path(&keys)], "keys.export", ""),
    ];
    for (words, ..) in &commands {
        let said = here.run(words);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{words:?}: {}", said.out);
    }
    // The restored one goes on with the log of its backup.
    let said = there.run(&["restore", &path(&backup), "--keys", &path(&keys)]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let said = there.run(&["verify"]);
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
    for _ in 0..2 {
        // Told at the first start, and only then.
        there.open(|_| {}).await.app.prepare().await.unwrap();
    }

    let mut seen = BTreeSet::new();
    for (installed, restored) in [(&here, false), (&there, true)] {
        let app = installed.open(|_| {}).await;
        let told = entries(&app.app.store);
        // Whatever comes first takes the terms on, of the reception system and of the portal.
        let acts = commands.iter().map(|(_, action, what)| (*action, *what));
        let mut wanted: Vec<(&str, &str)> = [("terms.adopt", ""); 2].into_iter().chain(acts).collect();
        if restored {
            // A backup does not tell of itself.
            wanted.retain(|(action, _)| !["backup.take", "keys.export"].contains(action));
            wanted.push(("backup.restore", ""));
        }
        let actions: Vec<&str> = told.iter().map(|entry| entry.action.as_str()).collect();
        assert_eq!(actions, wanted.iter().map(|(action, _)| *action).collect::<Vec<_>>());
        for (entry, (action, what)) in told.iter().zip(wanted) {
            // The program's own doing at its start.
            check(entry, if action == "terms.adopt" { Who::System } else { Who::Console }, what);
            assert_eq!(entry.outcome, "done");
            // The clock of an installation that a test opens stands still; the others are the program's.
            let at: Timestamp = entry.at.parse().unwrap();
            assert!(at >= before || action == "backup.restore", "{entry:?}");
            seen.insert(action.to_owned());
        }
    }
    undo_an_import(&here, &mut seen).await;
    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), BY_COMMAND);
}

/// For which there is no command yet.
async fn undo_an_import(here: &Installed, seen: &mut BTreeSet<String>) {
    let mut changed = LEDGER.to_owned();
    changed.push_str("13,1399900022,すみれ訪問看護,,000-0002,東京都架空市例町2-3,,,,,有効,電子\n");
    std::fs::write(here.path("ledger.csv"), changed).unwrap();
    assert_eq!(here.run(&["ledger", "import", here.path("ledger.csv").to_str().unwrap()]).code, Some(0));
    let app = here.open(|_| {}).await;
    let moment = app.app.moment();
    assert!(app.write(move |tx| ledger::undo(tx, &moment, Actor::Console, Prefecture::new(13).unwrap())).await);
    let told = entries(&app.app.store);
    let last = told.last().unwrap();
    assert_eq!((last.action.as_str(), last.prefecture), ("ledger.undo", Prefecture::new(13)));
    check(last, Who::Console, "");
    seen.insert(last.action.clone());
}

#[tokio::test]
async fn q45_what_the_program_does_by_itself_is_told_as_its_own() {
    let here = Installed::new();
    let folder = here.path("backups");
    std::fs::create_dir(&folder).unwrap();
    let app = here.open(|config| config.backup.directory = Some(folder)).await;
    app.app.prepare().await.unwrap();
    app.run_jobs().await;
    let mut witness = Witness::new();
    let terms = ("terms.adopt", "done", Who::System, "");
    let told = [terms, terms, ("backup.take", "done", Who::System, "")];
    witness.expect(&app, &told);
}
