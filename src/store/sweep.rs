//! Removing rows that say nothing any more, without holding the writer while looking for them.

use serde::de::DeserializeOwned;

use super::{Key, Reads as _, Span, Store, StoreError, Table, Tx};

/// Rows that one read looks at, and at most as many that one write removes: a few milliseconds of the writer, which serves everybody
/// and is held no longer than 50 ms at a time.
const CHUNK: usize = 200;

/// Removes all stale rows of a table; says how many. Looks for them in short reads that do not disturb the writer, each going on
/// behind the last key of the one before, and removes them in small writes, which look again: a row may have been used meanwhile.
///
/// # Errors
/// [`StoreError`] when the database fails or a record cannot be read. What was removed before stays removed.
pub async fn sweep<K, V, S, R>(store: &Store, table: Table<K, V>, is_stale: S, remove: R) -> Result<usize, StoreError>
where
    K: Key + Clone + Send + 'static,
    V: DeserializeOwned + 'static,
    S: Fn(&V) -> bool + Clone + Send + 'static,
    R: Fn(&mut Tx<'_>, &K) -> Result<(), StoreError> + Clone + Send + 'static,
{
    let mut span = Span::all();
    let mut removed = 0;
    loop {
        let (stale, last) = look(store, &table, &span, &is_stale)?;
        if !stale.is_empty() {
            let (name, is_stale, remove) = (table.name(), is_stale.clone(), remove.clone());
            removed += store.write(move |tx| remove_some(tx, &Table::new(name), &stale, &is_stale, &remove)).await?;
        }
        let Some(last) = last else { return Ok(removed) };
        span = span.after(&last);
        // A long table has many chunks; requests go between them.
        tokio::task::yield_now().await;
    }
}

/// The keys of stale rows in the next chunk, and the key to go on behind. `None` at the end of the table.
fn look<K: Key + Clone, V: DeserializeOwned>(
    store: &Store,
    table: &Table<K, V>,
    span: &Span,
    is_stale: &impl Fn(&V) -> bool,
) -> Result<(Vec<K>, Option<K>), StoreError> {
    store.read(|r| {
        let (mut stale, mut last, mut seen) = (Vec::new(), None, 0);
        r.each(table, span, |key: K, row| {
            seen += 1;
            if is_stale(&row) {
                stale.push(key.clone());
            }
            if seen == CHUNK {
                last = Some(key);
            }
            Ok(seen < CHUNK)
        })?;
        Ok((stale, last))
    })
}

fn remove_some<K: Key, V: DeserializeOwned>(
    tx: &mut Tx<'_>,
    table: &Table<K, V>,
    keys: &[K],
    is_stale: &impl Fn(&V) -> bool,
    remove: &impl Fn(&mut Tx<'_>, &K) -> Result<(), StoreError>,
) -> Result<usize, StoreError> {
    let mut still = Vec::with_capacity(keys.len());
    for key in keys {
        if tx.get(table, key)?.is_some_and(|row| is_stale(&row)) {
            still.push(key);
        }
    }
    still.iter().try_for_each(|key| remove(tx, key))?;
    Ok(still.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: Table<u32, u32> = Table::new("sweep_test");

    fn filled(rows: u32) -> Store {
        let store = Store::in_memory().unwrap();
        store.write_blocking(move |tx| (0..rows).try_for_each(|n| tx.put(&ROWS, &n, &(n % 3)))).unwrap();
        store
    }

    fn delete(tx: &mut Tx<'_>, key: &u32) -> Result<(), StoreError> {
        tx.delete(&ROWS, key).map(drop)
    }

    #[tokio::test]
    async fn a_sweep_goes_through_the_whole_table_and_keeps_what_is_not_stale() {
        for rows in [0, 1, 199, 200, 201, 1_000] {
            let store = tokio::task::spawn_blocking(move || filled(rows)).await.unwrap();
            let removed = sweep(&store, ROWS, |row| *row != 0, delete).await.unwrap();
            let left = store.read(|r| r.list(&ROWS, &Span::all(), usize::MAX)).unwrap();
            assert!(left.iter().all(|(_, row)| *row == 0));
            assert_eq!((removed + left.len(), left.len()), (rows as usize, rows.div_ceil(3) as usize));
        }
    }

    #[tokio::test]
    async fn a_row_used_since_it_was_looked_at_is_not_removed() {
        let store = tokio::task::spawn_blocking(|| filled(3)).await.unwrap();
        let removed = store
            .write(|tx| {
                tx.put(&ROWS, &1, &0)?;
                remove_some(tx, &ROWS, &[1, 2, 7], &|row: &u32| *row != 0, &delete)
            })
            .await
            .unwrap();
        assert_eq!(removed, 1);
        assert_eq!(store.read(|r| r.list(&ROWS, &Span::all(), 9)).unwrap(), [(0, 0), (1, 0)]);
    }
}
