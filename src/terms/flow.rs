//! Adopting a text as the terms.

use std::path::Path;

use super::model::{Terms, Text, tidy};
use super::store;
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::store::StoreError;

/// At the start, for each text: the federation's own if it has one, else the one built in. A file that cannot be read changes nothing:
/// nobody is to be asked for the text built in because of a mistake in a folder's rights.
pub(crate) async fn prepare(app: &App) -> Result<(), StoreError> {
    for which in Text::ALL {
        let path = app.config.server.data_dir.join(which.own_file());
        match own(&path, which) {
            Ok(text) => {
                adopt(app, which, text).await?;
            }
            Err(reason) => {
                tracing::error!(path = %path.display(), reason, "the terms of use cannot be read; the version of before stays");
            }
        }
    }
    Ok(())
}

fn own(path: &Path, which: Text) -> Result<String, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(which.built_in().to_owned()),
        Err(error) => Err(error.to_string()),
    }
    .and_then(|text| tidy(&text).ok_or_else(|| "the file is empty".to_owned()))
}

/// Makes `text` the terms: the next version, which everybody is asked about whom they concern, unless it is the newest already. Gives the
/// version that is asked for now.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub async fn adopt(app: &App, which: Text, text: String) -> Result<u32, StoreError> {
    let moment = app.moment();
    let newest = app.store.read(|r| store::newest(r, which))?;
    // Most starts find the text of before: then nothing is written.
    if let Some(newest) = newest.filter(|newest| Terms::after(Some(newest), text.clone(), moment.now).is_none()) {
        return Ok(newest.version);
    }
    app.store
        .write(move |tx| {
            let newest = store::newest(tx, which)?;
            let Some(next) = Terms::after(newest.as_ref(), text.clone(), moment.now) else {
                return Ok(newest.map_or(1, |newest| newest.version));
            };
            store::put(tx, which, &next)?;
            let event = Event::new(Actor::System, "terms.adopt").detail("text", which.word()).detail("version", next.version);
            audit::record(tx, &moment, event)?;
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
        assert_eq!(own(&path, Text::Reception), Ok(tidy(Text::Reception.built_in()).unwrap()));
        assert!(own(&path, Text::Portal).unwrap().contains("介護情報基盤ポータル"));
        std::fs::write(&path, "連合会の規約\r\n").unwrap();
        assert_eq!(own(&path, Text::Portal).as_deref(), Ok("連合会の規約"));
        for broken in [&b" \n"[..], b"\xff\xfe"] {
            std::fs::write(&path, broken).unwrap();
            assert!(own(&path, Text::Portal).is_err());
        }
    }
}
