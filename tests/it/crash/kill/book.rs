//! What clients were told, over all lives of the server; and the gate at which they wait for its next life.

use std::collections::{BTreeMap, VecDeque};
use std::io::Error;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard};

/// A backup, and what it must hold.
pub struct Backup {
    pub file: PathBuf,
    /// Control numbers that had been told before it was asked for.
    pub numbers: Vec<String>,
}

/// What was acknowledged.
#[derive(Default)]
pub struct Book {
    /// Contact addresses of applications whose [送信] was answered, with the control number once it was read.
    pub sent: BTreeMap<String, Option<String>>,
    /// Control numbers that staff have not dealt with yet.
    pub queue: VecDeque<String>,
    /// Control number and move.
    pub moves: Vec<(String, &'static str)>,
    /// Wrong tries by user ID.
    pub wrong: BTreeMap<String, u64>,
    /// Right logins by user ID.
    pub entered: BTreeMap<String, usize>,
    /// Tokens of prints that were ordered.
    pub prints: Vec<String>,
    /// Backups that were answered.
    pub backups: Vec<Backup>,
    /// PDFs that were handed out.
    pub fetched: u32,
    /// Requests that the server did not live to answer.
    pub unanswered: u32,
    life: u32,
    up: bool,
    over: bool,
}

/// The book, shared by all clients.
#[derive(Default)]
pub struct Desk {
    book: Mutex<Book>,
    changed: Condvar,
}

/// The test ends.
pub struct Over;

impl Desk {
    pub fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    /// The server answers.
    pub fn opens(&self) {
        let mut book = self.book();
        book.life += 1;
        book.up = true;
        self.changed.notify_all();
    }

    /// The server was killed.
    pub fn closes(&self) {
        self.book().up = false;
    }

    /// Nobody begins anything any more.
    pub fn ends(&self) {
        self.book().over = true;
        self.changed.notify_all();
    }

    pub fn is_over(&self) -> bool {
        self.book().over
    }

    /// Asks the server, again in its next life when it dies meanwhile.
    pub fn ask<T>(&self, mut question: impl FnMut() -> Result<T, Error>) -> Result<T, Over> {
        loop {
            let life = self.wait()?;
            match question() {
                Ok(answer) => return Ok(answer),
                Err(_) => self.unanswered(life)?,
            }
        }
    }

    /// Asks once: what dies unanswered may have been done or not.
    pub fn ask_once<T>(&self, question: impl FnOnce() -> Result<T, Error>) -> Result<Option<T>, Over> {
        let life = self.wait()?;
        match question() {
            Ok(answer) => Ok(Some(answer)),
            Err(_) => self.unanswered(life).map(|()| None),
        }
    }

    fn wait(&self) -> Result<u32, Over> {
        let book = self.changed.wait_while(self.book(), |book| !book.up && !book.over).unwrap();
        if book.over { Err(Over) } else { Ok(book.life) }
    }

    fn unanswered(&self, life: u32) -> Result<(), Over> {
        let mut book = self.book();
        book.unanswered += 1;
        let book = self.changed.wait_while(book, |book| book.life == life && !book.over).unwrap();
        if book.over { Err(Over) } else { Ok(()) }
    }
}
