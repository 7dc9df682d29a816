//! 利用規約: versions, and who is asked for which.

use uketsuke::terms;

use crate::support::TestApp;
use crate::support::installed::Installed;

fn newest(app: &TestApp) -> Option<terms::Terms> {
    app.app.store.read(terms::newest).unwrap()
}

#[tokio::test]
async fn the_text_built_in_is_version_1_and_a_start_with_the_same_text_writes_nothing() {
    let here = Installed::new();
    let app = here.open(|_| {}).await;
    assert_eq!((newest(&app), app.app.store.read(terms::newest_version).unwrap()), (None, 1), "before the first start");
    app.app.prepare().await.unwrap();
    let first = newest(&app).unwrap();
    assert!(first.version == 1 && first.text.contains("第1条") && first.from == app.clock.now());
    let written = app.app.store.counts().written;
    assert_eq!(terms::adopt(&app.app, first.text.clone()).await.unwrap(), 1);
    assert_eq!(app.app.store.counts().written, written);
}

#[tokio::test]
async fn a_text_of_the_federation_in_its_folder_is_the_next_version_and_a_broken_file_changes_nothing() {
    let here = Installed::new();
    here.open(|_| {}).await.app.prepare().await.unwrap();
    let folder = here.data().join("templates");
    std::fs::create_dir_all(&folder).unwrap();
    for (file, version, text) in [
        (&b"\xEF\xBB\xBFRengokai 1\r\n"[..], 2, "Rengokai 1"),
        (b"Rengokai 1\n", 2, "Rengokai 1"),
        (b"\xFF\xFE", 2, "Rengokai 1"),
        (b" \n", 2, "Rengokai 1"),
        (b"Rengokai 2", 3, "Rengokai 2"),
    ] {
        std::fs::write(folder.join("terms.txt"), file).unwrap();
        let app = here.open(|_| {}).await;
        app.app.prepare().await.unwrap();
        let newest = newest(&app).unwrap();
        assert_eq!((newest.version, newest.text.as_str()), (version, text), "{file:?}");
    }
    std::fs::remove_file(folder.join("terms.txt")).unwrap();
    let app = here.open(|_| {}).await;
    app.app.prepare().await.unwrap();
    assert_eq!(newest(&app).map(|newest| newest.version), Some(4), "back to the text built in is a new version too");
}
