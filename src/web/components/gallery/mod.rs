//! Sample screens for looking at: `UKETSUKE_GALLERY=folder cargo test --lib gallery` writes them there, beside the assets they fetch.
//! Serve the folder by any static server. What the tests assert here holds for every screen.

mod office;
mod staff;
mod visitor;

use maud::Markup;

use crate::web::assets::{asset_url, write_all};
use crate::web::layout::{DeskKind, HelpDesk, ServerTime};

fn now() -> ServerTime {
    ServerTime { hms: "12:47:46".to_owned(), epoch_ms: 1_767_671_266_000 }
}

fn desks() -> Vec<HelpDesk> {
    let desk = |kind, name: &str, telephone: &str, hours: &str| HelpDesk {
        kind,
        prefecture: None,
        name: name.to_owned(),
        telephone: telephone.to_owned(),
        hours: hours.to_owned(),
    };
    vec![
        desk(DeskKind::System, "介護電子請求ヘルプデスク", "0570-059-402", "平日 9時から17時まで"),
        desk(DeskKind::Federation, "福島県国民健康保険団体連合会", "024-000-0000", "平日 8時30分から17時15分まで"),
    ]
}

fn pages() -> Vec<(&'static str, Markup)> {
    let mut all = visitor::pages();
    all.extend(office::pages());
    all.extend(staff::pages());
    all
}

/// Attribute values of `name="…"` in `page`.
fn values<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!(" {name}=\"");
    page.split(open.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_sample_is_whole_and_its_ids_fit() {
    for (name, page) in pages() {
        let page = page.into_string();
        assert_eq!(page.matches("<h1").count(), 1, "{name}");
        let mut ids = values(&page, "id");
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "{name}: an id twice");
        for wanted in ["for", "form", "aria-describedby", "aria-labelledby"] {
            for id in values(&page, wanted).iter().flat_map(|value| value.split(' ')) {
                assert!(ids.contains(&id), "{name}: {wanted} names no id: {id}");
            }
        }
        for link in values(&page, "href").iter().filter_map(|href| href.strip_prefix('#')) {
            assert!(ids.contains(&link), "{name}: a link to nowhere: {link}");
        }
        assert!(!page.contains(" style=") && !page.contains(" onclick="), "{name}: inline");
        assert!(page.contains(asset_url("css/app.css")), "{name}: no stylesheet");
    }
}

#[test]
fn gallery_is_written_when_asked_for() {
    let Ok(folder) = std::env::var("UKETSUKE_GALLERY") else { return };
    let folder = std::path::PathBuf::from(folder);
    write_all(&folder.join("assets"));
    for (name, page) in pages() {
        std::fs::write(folder.join(format!("{name}.html")), page.into_string()).expect("gallery is writable");
    }
}
