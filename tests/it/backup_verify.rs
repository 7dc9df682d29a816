//! `verify`: every kind of damage is named, and every table is looked at.

use jiff::{SignedDuration, Timestamp};
use uketsuke::app::{self, App};
use uketsuke::audit;
use uketsuke::backup::verify_live;
use uketsuke::demo;
use uketsuke::kernel::{ControlNumber, Id, OfficeKey};
use uketsuke::store::{Check, Damage, Reads as _, Span, Store, Table};

use crate::support::TestApp;
use crate::support::reissue::office;

fn damage(app: &App) -> Vec<Damage> {
    verify_live(app, &mut |_, _| true).unwrap().findings.damage
}

fn says(app: &App, table: &str, what: &str) {
    let all = damage(app);
    assert!(all.iter().any(|one| one.table == table && one.what.contains(what)), "{table}: {what}: {all:#?}");
}

async fn filled() -> TestApp {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    demo::fill(&app.app).await.unwrap();
    app.run_jobs().await;
    app
}

#[tokio::test]
async fn the_demo_with_its_months_of_work_has_no_damage() {
    let app = filled().await;
    app.applied(office(13, "1311111111"), Some("a@example.jp")).await;
    assert_eq!(damage(&app.app), []);
}

/// The tables that the code declares, tests aside.
pub fn declared() -> Vec<&'static str> {
    let mut names = Vec::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_string_lossy().contains("tests") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
                for (at, call) in code.match_indices("Table::new(\"") {
                    // Tables of pages are called `DataTable`.
                    if !code[..at].ends_with("Data") {
                        let name = code[at + call.len()..].split('"').next().unwrap();
                        names.push(&*Box::leak(name.to_owned().into_boxed_str()));
                    }
                }
            }
        }
    }
    names
}

#[test]
fn every_table_of_the_code_is_checked() {
    let names = declared();
    assert!(names.len() > 40, "{names:?}");
    let store = Store::in_memory().unwrap();
    for name in names {
        store.write_blocking(move |tx| tx.put(&Table::<u64, String>::new(name), &1, &"odd".to_owned())).unwrap();
    }
    let odd: Table<u64, String> = Table::new("nobody_knows_it");
    store.write_blocking(move |tx| tx.put(&odd, &1, &"odd".to_owned())).unwrap();
    let found = store.read(|r| Check::run(r, &mut |_, _| true, |c| app::check(c, None))).unwrap();
    let unknown: Vec<&str> =
        found.damage.iter().filter(|one| one.what.contains("知らない表")).map(|one| one.table.as_str()).collect();
    assert_eq!(unknown, ["nobody_knows_it"]);
}

#[tokio::test]
async fn a_removed_index_row_is_named_with_what_it_belongs_to() {
    let by_office: Table<(OfficeKey, ControlNumber), ()> = Table::new("reissue_by_office");
    let app = filled().await;
    let one = app.applied(office(13, "1311111111"), Some("a@example.jp")).await;
    app.write(move |tx| tx.delete(&by_office, &(one.office, one.number))).await;
    let all = damage(&app.app);
    assert_eq!(all.len(), 1, "{all:#?}");
    assert_eq!((all[0].table.as_str(), all[0].key.as_str()), ("reissue", one.number.to_string().as_str()));
    assert!(all[0].what.contains("reissue_by_office"), "{}", all[0]);
}

#[tokio::test]
async fn an_index_row_without_its_row_is_named() {
    let by_office: Table<(OfficeKey, ControlNumber), ()> = Table::new("reissue_by_office");
    let app = filled().await;
    let one = app.applied(office(13, "1311111111"), None).await;
    let elsewhere = office(13, "1322222222");
    app.write(move |tx| tx.put(&by_office, &(elsewhere, one.number), &())).await;
    says(&app.app, "reissue_by_office", "申請の行と合いません");
}

#[tokio::test]
async fn a_lost_application_is_missed_by_its_number() {
    let applications: Table<ControlNumber, serde_json::Value> = Table::new("reissue");
    let app = filled().await;
    let one = app.applied(office(13, "1311111111"), None).await;
    app.write(move |tx| tx.delete(&applications, &one.number)).await;
    says(&app.app, "reissue_sequences", "番の申請がありません");
}

#[tokio::test]
async fn a_waiting_mail_without_its_job_is_named() {
    let jobs: Table<Id, serde_json::Value> = Table::new("jobs");
    let due: Table<(u8, Timestamp, Id), ()> = Table::new("jobs_due");
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    app.applied(office(13, "1311111111"), Some("a@example.jp")).await;
    app.write(move |tx| {
        for ((lane, at, id), ()) in tx.list(&due, &Span::all(), 99)? {
            tx.delete(&due, &(lane, at, id))?;
            tx.delete(&jobs, &id)?;
        }
        Ok(())
    })
    .await;
    says(&app.app, "outbox", "送信の仕事がありません");
}

#[tokio::test]
async fn an_application_without_its_audit_entry_is_named() {
    let by_subject: Table<(String, u64), ()> = Table::new("audit_by_subject");
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let one = app.applied(office(13, "1311111111"), None).await;
    app.write(move |tx| {
        for (key, ()) in tx.list(&by_subject, &Span::prefix(&one.number.to_string()), 9)? {
            tx.delete(&by_subject, &key)?;
        }
        Ok(())
    })
    .await;
    says(&app.app, "reissue", "監査記録がありません");
    says(&app.app, "audit", "audit_by_subject");
}

/// Cuts the newest entries of the log off with everything that points to them, as somebody would who knows the tables.
async fn cut_tail(app: &TestApp, entries: usize) {
    app.write(move |tx| {
        let chain: Table<u64, serde_json::Value> = Table::new("audit");
        let details: Table<u64, serde_json::Value> = Table::new("audit_details");
        let by_subject: Table<(String, u64), ()> = Table::new("audit_by_subject");
        let by_prefecture: Table<(uketsuke::kernel::Prefecture, u64), ()> = Table::new("audit_by_prefecture");
        let gone: Vec<u64> =
            tx.list(&chain, &Span::all().descending(), entries)?.into_iter().map(|(sequence, _)| sequence).collect();
        for sequence in &gone {
            tx.delete(&chain, sequence)?;
            tx.delete(&details, sequence)?;
        }
        for (key, ()) in tx.list(&by_subject, &Span::all(), usize::MAX)? {
            if gone.contains(&key.1) {
                tx.delete(&by_subject, &key)?;
            }
        }
        for (key, ()) in tx.list(&by_prefecture, &Span::all(), usize::MAX)? {
            if gone.contains(&key.1) {
                tx.delete(&by_prefecture, &key)?;
            }
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn q47_a_tail_cut_off_the_log_is_found_by_its_signature() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    for number in ["1311111111", "1322222222", "1333333333"] {
        let moment = app.app.moment();
        let event = audit::Event::new(audit::Actor::System, "test.event").office(office(13, number));
        app.write(move |tx| audit::record(tx, &moment, event.clone())).await;
    }
    // Adopts the two terms, the fourth entry and the fifth.
    app.app.prepare().await.unwrap();
    app.run_jobs().await;
    assert_eq!(damage(&app.app), []);
    cut_tail(&app, 1).await;
    let all = damage(&app.app);
    assert_eq!(all.len(), 1, "{all:#?}");
    assert_eq!((all[0].table.as_str(), all[0].key.as_str()), ("audit_checkpoints", "5"));
}

#[tokio::test]
async fn q47_a_tail_older_than_an_hour_cannot_be_cut_off_unseen() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    app.app.prepare().await.unwrap();
    app.run_jobs().await;
    let moment = app.app.moment();
    let event = audit::Event::new(audit::Actor::System, "test.event");
    app.write(move |tx| audit::record(tx, &moment, event.clone())).await;
    app.advance(SignedDuration::from_hours(1));
    app.run_jobs().await;
    cut_tail(&app, 1).await;
    says(&app.app, "audit_checkpoints", "署名");
}

#[tokio::test]
async fn q47_deleted_signatures_and_details_are_named_and_the_last_signature_is_told() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let write = async |number| {
        let moment = app.app.moment();
        let event = audit::Event::new(audit::Actor::System, "test.event").office(office(13, number)).client("203.0.113.9");
        app.write(move |tx| audit::record(tx, &moment, event.clone())).await;
    };
    write("1311111111").await;
    // Adopts the two terms, the second entry and the third.
    app.app.prepare().await.unwrap();
    app.run_jobs().await;
    write("1322222222").await;
    let verified = verify_live(&app.app, &mut |_, _| true).unwrap();
    assert_eq!(verified.findings.damage, []);
    assert!(verified.notes.iter().any(|note| note.contains("最後の署名は3番")), "{:?}", verified.notes);
    let checkpoints: Table<u64, serde_json::Value> = Table::new("audit_checkpoints");
    app.write(move |tx| tx.delete(&checkpoints, &3)).await;
    says(&app.app, "audit_checkpoints", "署名が消されています");
    let details: Table<u64, serde_json::Value> = Table::new("audit_details");
    app.write(move |tx| tx.delete(&details, &4)).await;
    says(&app.app, "audit_details", "保存期間の前に消されています");
}

#[tokio::test]
async fn the_check_of_a_year_of_work_stays_without_damage_while_jobs_go_on() {
    let app = filled().await;
    app.app.prepare().await.unwrap();
    for _ in 0..40 {
        app.advance(SignedDuration::from_hours(24 * 10));
        app.run_jobs().await;
        assert_eq!(damage(&app.app), [], "{}", app.clock.now());
    }
}
