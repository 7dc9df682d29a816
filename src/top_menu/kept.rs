//! A page kept rendered until something it shows has changed.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::web::Fault;
use crate::web::layout::{ServerTime, Unclocked};

/// Seconds after which the page is made anew in any case: days begin and end, and with them notices and the mark New.
const MOST_SECONDS: i64 = 60;

/// The kept page. Cheap to clone.
#[derive(Clone)]
pub struct Kept(Arc<Inner>);

struct Inner {
    /// One for each table that the page shows.
    changes: Vec<watch::Receiver<u64>>,
    page: Mutex<Option<Page>>,
}

struct Page {
    generations: Vec<u64>,
    /// The minute it was made in.
    minute: i64,
    html: Arc<Unclocked>,
}

impl Kept {
    /// Nothing is kept yet. `changes` rise with every commit to a table that the page shows.
    #[must_use]
    pub fn new(changes: Vec<watch::Receiver<u64>>) -> Self {
        Self(Arc::new(Inner { changes, page: Mutex::default() }))
    }

    /// The page with the clock filled in; `render` makes it where what is kept is out of date.
    ///
    /// # Errors
    /// What `render` answers.
    pub fn get(
        &self,
        now: Timestamp,
        time: &ServerTime,
        render: impl FnOnce() -> Result<String, Fault>,
    ) -> Result<String, Fault> {
        let generations: Vec<u64> = self.0.changes.iter().map(|change| *change.borrow()).collect();
        let minute = now.as_second().div_euclid(MOST_SECONDS);
        let kept = self
            .0
            .page
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .and_then(|page| (page.generations == generations && page.minute == minute).then(|| Arc::clone(&page.html)));
        let html = match kept {
            Some(html) => html,
            None => {
                // The generations were read before the rows: a commit in between makes the page anew at the next request.
                let html = Arc::new(Unclocked::new(&render()?));
                let page = Page { generations, minute, html: Arc::clone(&html) };
                *self.0.page.lock().unwrap_or_else(PoisonError::into_inner) = Some(page);
                html
            }
        };
        Ok(html.at(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::layout::CLOCK_MARKER;

    #[test]
    fn a_page_is_made_once_until_a_table_changes_or_the_minute_is_over() {
        let (table, change) = watch::channel(0);
        let kept = Kept::new(vec![change]);
        let made = std::cell::Cell::new(0);
        let get = |second: i64| {
            let now = Timestamp::from_second(1_768_867_200 + second).unwrap();
            let time = ServerTime { hms: format!("09:00:{second:02}"), epoch_ms: now.as_millisecond() };
            kept.get(now, &time, || {
                made.set(made.get() + 1);
                Ok(format!("{CLOCK_MARKER} 第{}版", made.get()))
            })
            .unwrap()
        };
        assert!(get(0).contains("09:00:00"));
        assert!(get(7).contains("09:00:07"), "the clock is filled in each time");
        assert_eq!(made.get(), 1);
        table.send_modify(|n| *n += 1);
        assert!(get(8).contains("第2版"));
        get(61);
        assert_eq!(made.get(), 3);
    }
}
