//! The terms on a page: a heading and the text in a region that scrolls.

use maud::{Markup, html};

/// The part of a page that shows the text of terms; the script opens the button below once it has been read to its end.
#[must_use]
pub fn part(title: &str, text: &str) -> Markup {
    html! {
        section.stack {
            h2 #terms-title { (title) }
            div.terms data-terms="" tabindex="0" role="region" aria-labelledby="terms-title" { (articles(text)) }
        }
    }
}

/// Plain text as paragraphs. A paragraph of several lines that begins with 第…条 has its first line as heading.
fn articles(text: &str) -> Markup {
    html! {
        @for paragraph in text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
            @let (first, rest) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
            @if first.starts_with('第') && first.contains('条') && !rest.is_empty() {
                h3 { (first) }
                (lines(rest))
            } @else { (lines(paragraph)) }
        }
    }
}

fn lines(text: &str) -> Markup {
    html! { @for line in text.lines() { p { (line) } } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::Text;

    #[test]
    fn articles_have_headings_and_every_line_is_shown_and_escaped() {
        let made = articles("前書き\n\n第1条（目的）\n1 一つ\n2 <二つ>\n\n第2条だけの行").into_string();
        assert_eq!(made, "<p>前書き</p><h3>第1条（目的）</h3><p>1 一つ</p><p>2 &lt;二つ&gt;</p><p>第2条だけの行</p>");
        for (which, count) in [(Text::Reception, 13), (Text::Portal, 12)] {
            assert_eq!(articles(which.built_in()).into_string().matches("<h3>").count(), count);
        }
    }
}
