//! Regular backups on the clock: when they come, what stays, and who hears when they do not.

use std::path::PathBuf;

use jiff::SignedDuration;
use uketsuke::backup::verify_backup;
use uketsuke::staff::Role;

use crate::support::installed::Installed;
use crate::support::reissue::office;
use crate::support::{TestApp, staff};

struct House {
    here: Installed,
    app: TestApp,
}

impl House {
    /// Tuesday, 10:00 in Japan; backups are due at 02:00.
    async fn new() -> Self {
        let here = Installed::new();
        let folder = here.path("backups");
        std::fs::create_dir(&folder).unwrap();
        let app = here
            .open(|config| {
                config.backup.directory = Some(folder);
                config.backup.keep_daily = 3;
                config.backup.keep_monthly = 2;
            })
            .await;
        app.app.prepare().await.unwrap();
        Self { here, app }
    }

    fn folder(&self) -> PathBuf {
        self.here.path("backups")
    }

    fn names(&self) -> Vec<String> {
        let all = std::fs::read_dir(self.folder()).unwrap().map(|one| one.unwrap().file_name().into_string().unwrap());
        let mut all: Vec<String> = all.collect();
        all.sort();
        all
    }

    async fn pass(&self, minutes: i64) {
        self.app.advance(SignedDuration::from_mins(minutes));
        self.app.run_jobs().await;
    }
}

#[tokio::test]
async fn a_missed_backup_is_made_up_for_once_and_the_next_comes_at_its_time() {
    let house = House::new().await;
    house.app.run_jobs().await;
    assert_eq!(house.names(), ["uketsuke-20260120-100000.redb"]);
    for _ in 0..15 {
        house.pass(60).await;
    }
    assert_eq!(house.names().len(), 1, "01:00: not yet");
    house.pass(60).await;
    assert_eq!(house.names(), ["uketsuke-20260120-100000.redb", "uketsuke-20260121-020000.redb"]);
    // A week without a server.
    house.pass(7 * 24 * 60).await;
    assert_eq!(house.names().len(), 3);
    house.pass(60).await;
    assert_eq!(house.names().len(), 3, "one for the whole week");
}

#[tokio::test]
async fn every_regular_backup_was_read_back_and_stands_in_the_log() {
    let house = House::new().await;
    house.app.applied(office(13, "1311111111"), None).await;
    house.app.run_jobs().await;
    let file = house.folder().join(&house.names()[0]);
    assert_eq!(verify_backup(&file, &house.app.app.keys, &mut |_, _| true).unwrap().findings.damage, []);
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn older_ones_go_by_day_and_month_and_no_file_of_somebody_else() {
    let house = House::new().await;
    let kept = ["notes.txt", "uketsuke.redb", "uketsuke-20200101-020000.redb.old", "my-uketsuke-20200101-020000.redb"];
    for name in kept {
        std::fs::write(house.folder().join(name), "somebody's").unwrap();
    }
    // What a killed process of ours has left.
    std::fs::write(house.folder().join("uketsuke-20260119-020000.redb.part"), "half").unwrap();
    std::fs::create_dir(house.folder().join("uketsuke-20190101-020000.redb")).unwrap();
    for _ in 0..45 {
        house.pass(24 * 60).await;
    }
    let ours: Vec<String> =
        house.names().into_iter().filter(|name| !kept.contains(&name.as_str()) && !name.starts_with("uketsuke-2019")).collect();
    assert_eq!(
        ours,
        [
            "uketsuke-20260201-100000.redb",
            "uketsuke-20260301-100000.redb",
            "uketsuke-20260304-100000.redb",
            "uketsuke-20260305-100000.redb",
            "uketsuke-20260306-100000.redb",
        ]
    );
    assert!(kept.iter().all(|name| house.names().iter().any(|one| one == name)));
}

#[tokio::test]
async fn nothing_older_goes_when_the_new_one_fails_and_it_is_tried_again() {
    let house = House::new().await;
    for day in 10..20 {
        std::fs::write(house.folder().join(format!("uketsuke-202601{day}-020000.redb")), "older").unwrap();
    }
    // A template that is too large for a backup.
    let templates = house.here.data().join("templates");
    std::fs::create_dir_all(&templates).unwrap();
    std::fs::File::create(templates.join("huge.svg")).unwrap().set_len(65 * 1024 * 1024).unwrap();
    house.app.run_jobs().await;
    assert_eq!(house.names().len(), 10, "{:?}", house.names());
    std::fs::remove_file(templates.join("huge.svg")).unwrap();
    house.pass(14).await;
    assert_eq!(house.names().len(), 10);
    house.pass(1).await;
    assert!(house.names().contains(&"uketsuke-20260120-101500.redb".to_owned()));
    // The newest three days, and the first of January.
    assert_eq!(house.names().len(), 4, "{:?}", house.names());
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_not_made() {
    let house = House::new().await;
    std::fs::remove_dir(house.folder()).unwrap();
    house.app.run_jobs().await;
    assert!(!house.folder().exists(), "where a medium is not mounted the system's own disk would fill up");
    std::fs::create_dir(house.folder()).unwrap();
    house.pass(15).await;
    assert_eq!(house.names().len(), 1);
}

#[tokio::test]
async fn the_administrator_of_a_federation_hears_of_missing_backups_and_a_clerk_does_not() {
    let house = House::new().await;
    std::fs::remove_dir(house.folder()).unwrap();
    house.app.run_jobs().await;
    let mut admin = staff(&house.app, "管理", Role::Admin, 13).await;
    let page = admin.get("/staff").await;
    assert!(page.says("データのバックアップがとれていません まだ一度もとれていません。"), "{}", page.text());
    assert!(page.says("の失敗: "), "{}", page.text());
    let page = staff(&house.app, "受付", Role::Clerk, 13).await.get("/staff").await;
    assert!(!page.says("バックアップ"), "{}", page.text());
    std::fs::create_dir(house.folder()).unwrap();
    house.pass(15).await;
    assert!(!admin.get("/staff").await.says("バックアップ"));
    std::fs::remove_dir_all(house.folder()).unwrap();
    for _ in 0..10 {
        house.pass(5 * 60).await;
    }
    let mut admin = staff(&house.app, "管理2", Role::Admin, 13).await;
    let page = admin.get("/staff").await;
    assert!(page.says("最後は2026年1月20日 10時15分です。"), "{}", page.text());
}

#[tokio::test]
async fn without_a_folder_in_the_settings_nothing_is_backed_up_and_the_administrator_is_told() {
    for (elsewhere, told) in [(false, true), (true, false)] {
        let mut app = TestApp::with(|config| config.backup.elsewhere = elsewhere);
        app.may_leave_mails = true;
        app.app.prepare().await.unwrap();
        for _ in 0..4 {
            app.advance(SignedDuration::from_hours(24));
            app.run_jobs().await;
        }
        let page = staff(&app, "管理", Role::Admin, 13).await.get("/staff").await;
        assert_eq!(page.says("データのバックアップが設定されていません"), told, "{}", page.text());
        let page = staff(&app, "受付", Role::Clerk, 13).await.get("/staff").await;
        assert!(!page.says("バックアップ"), "{}", page.text());
    }
}

#[tokio::test]
async fn a_server_that_stops_breaks_the_backup_off_and_the_next_one_makes_up_for_it() {
    let house = House::new().await;
    house.app.app.break_off();
    house.app.run_jobs().await;
    assert_eq!(house.names(), [] as [&str; 0]);
    let House { here, app } = house;
    drop(app);
    let folder = here.path("backups");
    let app = here.open(|config| config.backup.directory = Some(folder)).await;
    app.app.prepare().await.unwrap();
    let house = House { here, app };
    house.pass(1).await;
    assert_eq!(house.names().len(), 1);
    let page = staff(&house.app, "管理", Role::Admin, 13).await.get("/staff").await;
    assert!(!page.says("の失敗"), "{}", page.text());
}

#[tokio::test]
async fn a_backup_of_a_clock_that_was_ahead_does_not_stand_for_those_of_a_year() {
    let house = House::new().await;
    let year = SignedDuration::from_hours(365 * 24);
    house.app.advance(year);
    house.app.run_jobs().await;
    let ahead = house.names();
    assert_eq!(ahead.len(), 1);
    house.app.advance(-year);
    let page = staff(&house.app, "管理", Role::Admin, 13).await.get("/staff").await;
    assert!(page.says("バックアップ"), "{}", page.text());
    // As at the next start; it looks every hour.
    house.app.app.prepare().await.unwrap();
    house.pass(60).await;
    assert!(house.names().iter().any(|name| !ahead.contains(name)), "{:?}", house.names());
}
