//! Adopting a text as the terms.

use std::path::Path;

use super::model::{BUILT_IN, Terms, tidy};
use super::store;
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::store::StoreError;

/// Where a federation puts a text of its own, in the data folder.
const OWN: &str = "templates/terms.txt";

/// At the start: the federation's own text if it has one, else the one built in. A file that cannot be read changes nothing: nobody is to
/// be asked for the text built in because of a mistake in a folder's rights.
pub(crate) async fn prepare(app: &App) -> Result<(), StoreError> {
    let path = app.config.server.data_dir.join(OWN);
    match own(&path) {
        Ok(text) => adopt(app, text).await.map(drop),
        Err(reason) => {
            tracing::error!(path = %path.display(), reason, "the terms of use cannot be read; the version of before stays");
            Ok(())
        }
    }
}

fn own(path: &Path) -> Result<String, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BUILT_IN.to_owned()),
        Err(error) => Err(error.to_string()),
    }
    .and_then(|text| tidy(&text).ok_or_else(|| "the file is empty".to_owned()))
}

/// Makes `text` the terms: the next version, which every office is asked about, unless it is the newest already. Gives the version that is
/// asked for now.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub async fn adopt(app: &App, text: String) -> Result<u32, StoreError> {
    let moment = app.moment();
    let newest = app.store.read(store::newest)?;
    // Most starts find the text of before: then nothing is written.
    if let Some(newest) = newest.filter(|newest| Terms::after(Some(newest), text.clone(), moment.now).is_none()) {
        return Ok(newest.version);
    }
    app.store
        .write(move |tx| {
            let newest = store::newest(tx)?;
            let Some(next) = Terms::after(newest.as_ref(), text.clone(), moment.now) else {
                return Ok(newest.map_or(1, |newest| newest.version));
            };
            store::put(tx, &next)?;
            audit::record(tx, &moment, Event::new(Actor::System, "terms.adopt").detail("version", next.version))?;
            Ok(next.version)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_the_federation_goes_before_the_one_built_in_and_a_broken_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("terms.txt");
        assert_eq!(own(&path), Ok(tidy(BUILT_IN).unwrap()));
        std::fs::write(&path, "連合会の規約\r\n").unwrap();
        assert_eq!(own(&path).as_deref(), Ok("連合会の規約"));
        for broken in [&b" \n"[..], b"\xff\xfe"] {
            std::fs::write(&path, broken).unwrap();
            assert!(own(&path).is_err());
        }
    }
}
