//! Forms that must be refused: one wrong field at a time, everything else right.

use super::TestApp;
use super::browser::{Browser, Page};

/// Typed in the place of a field that is not sent at all.
pub const MISSING: &str = "\u{1}missing";
/// A good value that stands in the page the form came with: a token, what it has shown.
pub const OF_PAGE: &str = "\u{1}of the page";

/// One wrong text in one field, and what the page must say beside it.
pub type Wrong<'a> = (&'a str, &'a str, &'a str);

/// A form with right values in all fields.
pub struct Sample<'a> {
    /// Where the form is shown.
    pub shown_at: &'a str,
    /// Where it goes.
    pub sent_to: &'a str,
    pub good: &'a [(&'a str, &'a str)],
    /// Fields that are never shown again.
    pub secret: &'a [&'a str],
}

impl Sample<'_> {
    /// Sends it with one field changed.
    pub async fn send(&self, browser: &mut Browser, field: &str, typed: &str) -> Page {
        let shown = browser.get(self.shown_at).await;
        let mut fields: Vec<(&str, String)> = Vec::new();
        for (name, value) in self.good {
            match (*name == field, *value) {
                (true, _) if typed == MISSING => {}
                (true, _) => fields.push((name, typed.to_owned())),
                (false, OF_PAGE) => {
                    let value = shown.value(name).unwrap_or_else(|| panic!("no {name} in {}", shown.text()));
                    fields.push((name, value));
                }
                (false, value) => fields.push((name, value.to_owned())),
            }
        }
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(self.sent_to, &fields).await
    }

    /// Sends it once for each wrong text. Each time the page must say so beside the field and in the summary with 422, show again
    /// what was typed, and nothing may be written.
    pub async fn refuses(&self, app: &TestApp, browser: &mut Browser, wrong: &[Wrong<'_>]) {
        for (field, typed, told) in wrong {
            let before = app.app.store.counts().written;
            let page = self.send(browser, field, typed).await;
            let case = format!("{} {field}={:?}", self.sent_to, typed.chars().take(40).collect::<String>());
            assert_eq!(app.app.store.counts().written, before, "{case} wrote something");
            self.check(&page, field, typed, told, &case);
        }
    }

    fn check(&self, page: &Page, field: &str, typed: &str, told: &str, case: &str) {
        assert_eq!(page.status.as_u16(), 422, "{case}: {}", page.text());
        assert!(page.body.contains("<title>エラー: "), "{case}: the title says that something is wrong");
        let beside = part(&page.body, &format!("id=\"{field}-error\""), "</p>");
        assert!(beside.is_some_and(|text| text.contains(told)), "{case}: beside the field stands {beside:?}, not {told}");
        let summary = part(&page.body, "id=\"error-summary\"", "</ul>").unwrap_or_default();
        let link = format!("href=\"#{field}\"");
        let line = summary.split("<li>").find(|line| line.contains(&link) && line.contains(told));
        assert!(line.is_some(), "{case}: no line with a link in {summary}");
        for (name, value) in self.good.iter().filter(|(name, value)| *value != OF_PAGE && !self.secret.contains(name)) {
            let typed = if *name == field { typed } else { value };
            assert!(typed == MISSING || shows(page, name, typed), "{case}: {name} has lost what was typed");
        }
        for name in self.secret {
            assert_eq!(page.value(name).unwrap_or_default(), "", "{case}: {name} must not be shown again");
        }
    }

    /// The form as it is goes through: what was refused before was refused for its one wrong field.
    pub async fn goes_through(&self, browser: &mut Browser) -> Page {
        let page = self.send(browser, "", "").await;
        assert!(page.status.is_success() || page.status.is_redirection(), "{}: {}", self.sent_to, page.text());
        page
    }
}

fn part<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let start = text.find(from)? + from.len();
    Some(&text[start..start + text[start..].find(to)?])
}

/// Whether a field still holds this: a typed one, a chosen option, a chosen radio button.
fn shows(page: &Page, name: &str, value: &str) -> bool {
    let escaped = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let named = format!("name=\"{name}\"");
    let tags = page.body.match_indices(&named).map(|(at, _)| {
        let start = page.body[..at].rfind('<').unwrap_or_default();
        let end = at + page.body[at..].find('>').unwrap_or_default();
        (&page.body[start..end], &page.body[end + 1..])
    });
    for (tag, after) in tags {
        let held = if tag.starts_with("<textarea") {
            after.strip_prefix('\n').unwrap_or(after).starts_with(&format!("{escaped}</textarea>"))
        } else if tag.starts_with("<select") {
            let options = after.split("</select>").next().unwrap_or_default();
            options
                .split("<option")
                .any(|option| option.contains(&format!("value=\"{escaped}\"")) && option.contains(" selected"))
        } else if tag.contains("type=\"radio\"") {
            tag.contains(&format!("value=\"{escaped}\"")) && tag.contains(" checked")
        } else {
            tag.contains(&format!("value=\"{escaped}\"")) || value.is_empty() && !tag.contains("value=\"")
        };
        if held {
            return true;
        }
    }
    // What no choice of the page is, cannot be chosen again; an empty choice is none.
    let free = page.body.contains(&format!("<textarea class=\"input\" id=\"{name}\""))
        || page.body.split('<').any(|tag| tag.contains(&named) && tag.contains("type=\"text\""));
    !free
}
