//! What was typed beside what the ledger says, differences marked.

use maud::{Markup, html};

/// One line of a comparison. `right` is `None` where the ledger has nothing to compare with.
#[derive(Clone, Copy, Debug)]
pub struct CompareRow<'a> {
    pub label: &'a str,
    pub left: &'a str,
    pub right: Option<&'a str>,
}

/// A table of three columns; a differing line says so in words, and the differing characters are marked.
#[must_use]
pub fn comparison(caption: &str, left_head: &str, right_head: &str, rows: &[CompareRow<'_>]) -> Markup {
    html! {
        // Long values make it wider than its place: it is scrolled then, by keyboard as well.
        div.table-frame role="group" aria-label=(caption) tabindex="0" {
            table.table.compare {
                caption.vh { (caption) }
                thead {
                    tr {
                        th scope="col" { "項目" }
                        th scope="col" { (left_head) }
                        th scope="col" { (right_head) }
                        th scope="col" { "照合" }
                    }
                }
                tbody {
                    @for row in rows { (line(*row, left_head, right_head)) }
                }
            }
        }
    }
}

fn line(row: CompareRow<'_>, left_head: &str, right_head: &str) -> Markup {
    let (left, right, verdict) = match row.right {
        None => (html! { (row.left) }, html! { span.none { "―" } }, None),
        Some(right) if right == row.left => (html! { (row.left) }, html! { (right) }, Some(true)),
        Some(right) => {
            let (start, end) = common_ends(row.left, right);
            (marked(row.left, start, end), marked(right, start, end), Some(false))
        }
    };
    html! {
        tr .differs[verdict == Some(false)] {
            th scope="row" { (row.label) }
            td data-label=(left_head) { (left) }
            td data-label=(right_head) { (right) }
            td.verdict data-label="照合" {
                @match verdict {
                    Some(true) => span.same { "一致" },
                    Some(false) => span.different { "相違" },
                    None => span.none { "対象外" },
                }
            }
        }
    }
}

/// Number of characters that two texts share at their beginning and, beyond those, at their end.
fn common_ends(a: &str, b: &str) -> (usize, usize) {
    let start = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    let rest = a.chars().count().min(b.chars().count()) - start;
    let end = a.chars().rev().zip(b.chars().rev()).take(rest).take_while(|(x, y)| x == y).count();
    (start, end)
}

/// `text` with all but its `start` first and `end` last characters marked.
fn marked(text: &str, start: usize, end: usize) -> Markup {
    let chars: Vec<char> = text.chars().collect();
    let stop = chars.len() - end;
    let part = |range: std::ops::Range<usize>| chars[range].iter().collect::<String>();
    html! {
        (part(0..start))
        @if start < stop { mark { (part(start..stop)) } }
        @else if text.is_empty() { mark.empty-value { "（空欄）" } }
        (part(stop..chars.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_differing_characters_are_marked() {
        for (a, b, marked_a, marked_b) in [
            ("福島市1-2-3", "福島市1-5-3", "福島市1-<mark>2</mark>-3", "福島市1-<mark>5</mark>-3"),
            ("あい", "あいう", "あい", "あい<mark>う</mark>"),
            ("ああ", "ああああ", "ああ", "ああ<mark>ああ</mark>"),
            ("", "<b>", r#"<mark class="empty-value">（空欄）</mark>"#, "<mark>&lt;b&gt;</mark>"),
        ] {
            let (start, end) = common_ends(a, b);
            assert_eq!(marked(a, start, end).into_string(), marked_a);
            assert_eq!(marked(b, start, end).into_string(), marked_b);
        }
    }
}
