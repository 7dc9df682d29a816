//! Lines to records: a strict and bounded reader of CSV.
//!
//! The `csv` crate forgives broken quotes and holds a field of any size, so one stray quote would swallow half a file
//! in silence. Here a record that does not parse costs its own first line and nothing after it, and no more than a
//! few lines of [`LINE_LIMIT`] bytes are ever held.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};

/// Longest line, in bytes of UTF-8. Real rows have some 600.
const LINE_LIMIT: usize = 64 * 1024;

/// Most lines that one record may stretch over by line breaks inside quotes.
const RECORD_LINES: usize = 20;

/// How much of a broken line is kept to be shown, in characters.
const SHOWN: usize = 200;

/// One record, readable or not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Line of the file it starts on, from 1.
    pub(super) line: u64,
    pub(super) content: Result<Vec<String>, Broken>,
}

/// A record that cannot be told into fields.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// What is wrong, as a Japanese sentence.
    pub(super) reason: String,
    /// The beginning of its first line.
    pub(super) shown: String,
}

struct Line {
    number: u64,
    text: String,
    /// It went on beyond [`LINE_LIMIT`]; the rest was skipped.
    cut: bool,
}

/// The records of a text, one after the other. Blank lines are passed over.
pub(super) struct Records<R> {
    input: BufReader<R>,
    /// Lines read ahead for a record that turned out to be broken.
    waiting: VecDeque<Line>,
    last: u64,
}

impl<R: Read> Records<R> {
    /// `input` is UTF-8.
    pub(super) fn new(input: R) -> Self {
        Self { input: BufReader::with_capacity(16 * 1024, input), waiting: VecDeque::new(), last: 0 }
    }

    /// The next record; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Record>> {
        let first = loop {
            match self.line()? {
                None => return Ok(None),
                Some(line) if line.text.trim().is_empty() && !line.cut => {}
                Some(line) => break line,
            }
        };
        let line = first.number;
        Ok(Some(Record { line, content: self.record(first)? }))
    }

    fn record(&mut self, first: Line) -> io::Result<Result<Vec<String>, Broken>> {
        if first.cut {
            return Ok(Err(broken(&first.text, format!("行が長すぎます（{LINE_LIMIT}バイトまで）。"))));
        }
        let start = first.text.len();
        let mut text = first.text;
        let mut ahead: Vec<Line> = Vec::new();
        let mut opened = None;
        let reason = loop {
            match split(&text) {
                Split::Whole(fields) => return Ok(Ok(fields)),
                // After a line break it is most likely the quote that opened on the first line which closes in the wrong place.
                Split::Broken(column) => match opened {
                    Some(opened) => break unclosed(opened),
                    None => break format!("{column}列目の引用符（\"）の使い方が正しくありません。"),
                },
                Split::Open(column) => {
                    let opened = *opened.get_or_insert(column);
                    let room = ahead.len() + 1 < RECORD_LINES && text.len() <= LINE_LIMIT;
                    let next = if room { self.line()? } else { None };
                    let go_on = next.as_ref().is_some_and(|next| !next.cut);
                    if let Some(next) = next {
                        text.push('\n');
                        text.push_str(&next.text);
                        ahead.push(next);
                    }
                    if !go_on {
                        break unclosed(opened);
                    }
                }
            }
        };
        // Only the line it started on is to blame; the others get their own chance.
        for line in ahead.into_iter().rev() {
            self.waiting.push_front(line);
        }
        Ok(Err(broken(&text[..start], reason)))
    }

    /// The next line without its end, never more of it than [`LINE_LIMIT`].
    fn line(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.waiting.pop_front() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::new();
        let mut cut = false;
        let mut seen = false;
        loop {
            let held = self.input.fill_buf()?;
            if held.is_empty() {
                break;
            }
            seen = true;
            let end = held.iter().position(|byte| *byte == b'\n');
            let part = &held[..end.unwrap_or(held.len())];
            let room = LINE_LIMIT - bytes.len();
            cut |= part.len() > room;
            bytes.extend_from_slice(&part[..part.len().min(room)]);
            let used = end.map_or(held.len(), |end| end + 1);
            self.input.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !seen {
            return Ok(None);
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        self.last += 1;
        // Only a cut line can end within a character.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Some(Line { number: self.last, text, cut }))
    }
}

fn broken(text: &str, reason: String) -> Broken {
    Broken { reason, shown: text.chars().take(SHOWN).collect() }
}

fn unclosed(column: usize) -> String {
    format!("{column}列目の引用符（\"）が閉じていません。")
}

enum Split {
    Whole(Vec<String>),
    /// The text ends within the quotes of this column (from 1).
    Open(usize),
    /// A quote within an unquoted field, or something between a closing quote and the comma.
    Broken(usize),
}

/// RFC 4180, nothing forgiven.
fn split(text: &str) -> Split {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let column = fields.len() + 1;
        let after = if let Some(quoted) = rest.strip_prefix('"') {
            let Some((field, after)) = unquote(quoted) else {
                return Split::Open(column);
            };
            fields.push(field);
            after
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let (field, after) = rest.split_at(end);
            if field.contains('"') {
                return Split::Broken(column);
            }
            fields.push(field.to_owned());
            after
        };
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Split::Whole(fields),
            None => return Split::Broken(column),
        }
    }
}

/// The field up to its closing quote, and what follows it; `None` when it does not close.
fn unquote(mut text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    loop {
        let (part, after) = text.split_once('"')?;
        field.push_str(part);
        match after.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                text = next;
            }
            None => return Some((field, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Vec<(u64, Result<Vec<String>, String>)> {
        let mut records = Records::new(text.as_bytes());
        let mut all = Vec::new();
        while let Some(record) = records.next().unwrap() {
            all.push((record.line, record.content.map_err(|broken| broken.reason)));
        }
        all
    }

    fn fields(text: &str) -> Vec<(u64, Vec<String>)> {
        records(text).into_iter().map(|(line, content)| (line, content.unwrap())).collect()
    }

    fn of(line: u64, fields: &[&str]) -> (u64, Vec<String>) {
        (line, fields.iter().map(|field| (*field).to_owned()).collect())
    }

    #[test]
    fn fields_quotes_and_line_ends() {
        let text = "a,b\r\n\r\n\"c,\"\"d\"\"\",\n,\"x\r\ny\"\nlast,\"\"";
        let expected = [of(1, &["a", "b"]), of(3, &["c,\"d\"", ""]), of(4, &["", "x\ny"]), of(6, &["last", ""])];
        assert_eq!(fields(text), expected);
        assert_eq!(fields(""), []);
        assert_eq!(fields("\n\n"), []);
    }

    #[test]
    fn broken_quotes_cost_their_own_line_only() {
        let told = records("a,\"b\nc,d\n\"e\"f,g\nh,i\"j\nk,\"l\n");
        let reason = |at: usize| told[at].1.as_ref().unwrap_err().clone();
        let lines: Vec<u64> = told.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 3, 4, 5]);
        assert!(reason(0).contains("2列目"), "{}", reason(0));
        assert_eq!(told[1].1, Ok(vec!["c".to_owned(), "d".to_owned()]));
        assert!(reason(2).contains("1列目") && reason(3).contains("2列目"));
        assert!(reason(4).contains("閉じていません"));
    }

    #[test]
    fn a_stray_quote_swallows_no_more_than_its_line_in_a_long_file() {
        let text = format!("\"a,b\n{}", "c,d\n".repeat(1_000));
        let told = records(&text);
        assert_eq!(told.len(), 1_001);
        assert_eq!(told.iter().filter(|(_, content)| content.is_err()).count(), 1);
    }

    #[test]
    fn an_endless_line_is_cut() {
        let text = format!("a,{}\nb,c\n\"{}\nd,e\n", "x".repeat(10_000_000), "y".repeat(LINE_LIMIT * 2));
        let mut records = Records::new(text.as_bytes());
        let long = records.next().unwrap().unwrap().content.unwrap_err();
        assert!(long.reason.contains("長すぎます") && long.shown.chars().count() == SHOWN);
        assert_eq!(records.next().unwrap().unwrap().content, Ok(vec!["b".to_owned(), "c".to_owned()]));
        assert!(records.next().unwrap().unwrap().content.is_err());
        assert_eq!(records.next().unwrap().unwrap().line, 4);
    }
}
