//! The whole document around a screen: head, header, steps, title with 時刻, main part, help.
//!
//! A handler builds a [`Page`] and hands it the screen's body. No screen writes its own `<html>`.

use maud::{DOCTYPE, Markup, html};

use super::assets::asset_url;
use super::shell;
use crate::kernel::Prefecture;

/// Name of the product as every page shows it.
pub const PRODUCT: &str = "電子請求受付システム";
/// The branch of claims this counter serves; it stands beside the product's name.
pub const BRANCH: &str = "介護保険";

/// Name of the part of the product in which people of offices and medical institutions have logins of their own.
pub const PORTAL: &str = "介護情報基盤ポータル";

/// Settings of htmx: no evaluated code, no inline style, nothing kept of private pages, only our own server, and 422 shown.
const HTMX_CONFIG: &str = concat!(
    r#"{"allowEval":false,"allowScriptTags":false,"includeIndicatorStyles":false,"historyCacheSize":0,"#,
    r#""refreshOnHistoryMiss":true,"selfRequestsOnly":true,"responseHandling":["#,
    r#"{"code":"204","swap":false},{"code":"[23]..","swap":true},{"code":"422","swap":true},"#,
    r#"{"code":"[45]..","swap":false,"error":true}]}"#
);

/// One reading of the server's clock, ready to be shown: `hms` in Japanese time, `epoch_ms` in milliseconds since 1970 (UTC).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerTime {
    pub hms: String,
    pub epoch_ms: i64,
}

/// What stands at the upper right.
#[derive(Clone, Debug)]
pub enum Clock<'a> {
    /// The time of this answer.
    At(&'a ServerTime),
    /// [`CLOCK_MARKER`], for a page that is kept rendered and filled by [`Unclocked::at`] at each answer.
    Marker,
}

/// Stands for the clock in a page that is kept rendered.
pub const CLOCK_MARKER: &str = "<!--clock-->";

/// The clock: `時刻 HH:MM:SS`, ticking from the server's time where the script runs.
#[must_use]
pub fn clock_html(now: &ServerTime) -> Markup {
    html! {
        span.clock {
            span.clock-label { "時刻" } " "
            time data-clock=(now.epoch_ms) { (now.hms) }
        }
    }
}

/// A rendered page that is kept without its clock.
#[derive(Clone, Debug)]
pub struct Unclocked {
    before: String,
    after: String,
}

impl Unclocked {
    /// The page that was rendered with [`Clock::Marker`].
    #[must_use]
    pub fn new(page: &str) -> Self {
        let (before, after) = page.split_once(CLOCK_MARKER).unwrap_or((page, ""));
        Self { before: before.to_owned(), after: after.to_owned() }
    }

    /// The page with the clock filled in.
    #[must_use]
    pub fn at(&self, now: &ServerTime) -> String {
        let clock = clock_html(now).into_string();
        let mut page = String::with_capacity(self.before.len() + clock.len() + self.after.len());
        page.push_str(&self.before);
        page.push_str(&clock);
        page.push_str(&self.after);
        page
    }
}

/// The numbered steps of a flow. `current` counts from 1.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a> {
    pub labels: &'a [&'a str],
    pub current: usize,
}

/// One entry of a menu. `count` is shown as a small number beside the label.
#[derive(Clone, Debug)]
pub struct NavItem<'a> {
    pub label: &'a str,
    pub href: &'a str,
    pub current: bool,
    pub count: Option<u64>,
}

/// The logout button: a form of its own, since logging out changes something.
#[derive(Clone, Copy, Debug)]
pub struct Logout<'a> {
    pub action: &'a str,
    pub csrf: &'a str,
}

/// Who the page is for; decides header and menu.
#[derive(Clone, Debug)]
pub enum Shell<'a> {
    /// Product name only, no link: error pages.
    Bare,
    /// Without login; the product name leads to the top menu.
    Visitor,
    /// An office that has logged in. While a wizard is open the menu is empty and only ログアウト shows.
    Office { office_name: &'a str, user_id: &'a str, menu: &'a [NavItem<'a>], logout: Logout<'a> },
    /// Staff of a federation, under /staff. Wide page, menu at the left.
    Staff {
        /// The member.
        name: &'a str,
        /// What they may do.
        role: &'a str,
        /// Where.
        federation: &'a str,
        /// Beside the name: what they look after for themselves (words and path).
        own: Option<(&'a str, &'a str)>,
        /// The menu at the left.
        menu: &'a [NavItem<'a>],
        /// How they leave.
        logout: Logout<'a>,
    },
    /// The portal without login; its name leads to its front page.
    PortalVisitor,
    /// Somebody who has logged in at the portal. While a step is due the menu is empty and only ログアウト shows.
    Portal {
        /// The institution they work at; empty while it is not chosen.
        institution: &'a str,
        /// They themselves.
        person: &'a str,
        /// The menu at the top.
        menu: &'a [NavItem<'a>],
        /// How they leave.
        logout: Logout<'a>,
    },
}

impl Shell<'_> {
    /// The name in the title and on the last line.
    const fn product(&self) -> &'static str {
        match self {
            Self::PortalVisitor | Self::Portal { .. } => PORTAL,
            Self::Bare | Self::Visitor | Self::Office { .. } | Self::Staff { .. } => PRODUCT,
        }
    }
}

/// Whom a help desk helps with what (spec 1: the two are shown apart).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeskKind {
    /// Use of the system.
    System,
    /// Applications and the ledger: the federation's own desk.
    Federation,
}

/// One telephone number in the footer; an installation with several federations lists each.
#[derive(Clone, Debug)]
pub struct HelpDesk {
    pub kind: DeskKind,
    /// The prefecture it serves; `None` where it serves all.
    pub prefecture: Option<Prefecture>,
    pub name: String,
    pub telephone: String,
    /// When somebody answers; empty if not known.
    pub hours: String,
}

/// A quiet link in the last line of every page, e.g. to the mails of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FooterLink {
    pub label: &'static str,
    pub href: &'static str,
}

/// When the session ends by itself, for the warning two minutes ahead (quality bar 31).
///
/// `extend` is an address that takes a POST with `_csrf` and answers 204 with the new end in milliseconds in the header `X-Session-Ends`.
#[derive(Clone, Copy, Debug)]
pub struct SessionEnd<'a> {
    pub epoch_ms: i64,
    pub extend: &'a str,
    pub csrf: &'a str,
}

/// One screen. Build with [`Page::new`], add what it has, finish with [`Page::render`].
#[derive(Clone, Debug)]
pub struct Page<'a> {
    pub(super) title: &'a str,
    pub(super) clock: Clock<'a>,
    pub(super) shell: Shell<'a>,
    pub(super) help: &'a [HelpDesk],
    pub(super) prefecture: Option<Prefecture>,
    pub(super) links: &'a [FooterLink],
    pub(super) steps: Option<Steps<'a>>,
    pub(super) session: Option<SessionEnd<'a>>,
    pub(super) lead: Option<Markup>,
    pub(super) open: bool,
    error: bool,
}

impl<'a> Page<'a> {
    /// `title` is the screen's name without 【】; it becomes `<title>` and the one `<h1>`.
    #[must_use]
    pub fn new(title: &'a str, shell: Shell<'a>, clock: Clock<'a>, help: &'a [HelpDesk]) -> Self {
        Self {
            title,
            clock,
            shell,
            help,
            prefecture: None,
            links: &[],
            steps: None,
            session: None,
            lead: None,
            open: false,
            error: false,
        }
    }

    /// Shows the steps of the flow.
    #[must_use]
    pub fn steps(mut self, labels: &'a [&'a str], current: usize) -> Self {
        self.steps = Some(Steps { labels, current });
        self
    }

    /// Leaves out the help desks that serve other prefectures only.
    #[must_use]
    pub fn help_of(mut self, prefecture: Prefecture) -> Self {
        self.prefecture = Some(prefecture);
        self
    }

    /// Adds links to the last line of the page.
    #[must_use]
    pub fn links(mut self, links: &'a [FooterLink]) -> Self {
        self.links = links;
        self
    }

    /// Prefixes `<title>` with エラー: when the page answers a refused form (quality bar 50).
    #[must_use]
    pub fn error(mut self, error: bool) -> Self {
        self.error = error;
        self
    }

    /// Warns before the session ends.
    #[must_use]
    pub fn session(mut self, end: SessionEnd<'a>) -> Self {
        self.session = Some(end);
        self
    }

    /// Something beside the title: a badge, a control number.
    #[must_use]
    pub fn beside_title(mut self, lead: Markup) -> Self {
        self.lead = Some(lead);
        self
    }

    /// The body is no white card of its own; the screen sets `.card`s. (Staff screens always do.)
    #[must_use]
    pub fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// The whole document.
    #[must_use]
    pub fn render(self, body: Markup) -> Markup {
        let kind = match self.shell {
            Shell::Bare => "bare",
            Shell::Visitor => "visitor",
            Shell::Office { .. } => "office",
            Shell::Staff { .. } => "staff",
            // Set as the pages of visitors and offices, with a colour of its own.
            Shell::PortalVisitor => "visitor portal",
            Shell::Portal { .. } => "office portal",
        };
        let product = self.shell.product();
        html! {
            (DOCTYPE)
            html lang="ja" {
                head {
                    meta charset="utf-8";
                    title {
                        @if self.error { "エラー: " }
                        (self.title) " | " (product)
                    }
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="format-detection" content="telephone=no";
                    meta name="theme-color" content="#123f7a";
                    meta name="htmx-config" content=(HTMX_CONFIG);
                    link rel="icon" type="image/svg+xml" href=(asset_url("icons/favicon.svg"));
                    link rel="stylesheet" href=(asset_url("css/app.css"));
                    script src=(asset_url("js/app.js")) defer {}
                    @if !matches!(self.shell, Shell::Bare) {
                        script src=(asset_url("vendor/htmx/htmx.min.js")) defer {}
                    }
                }
                body class={ "shell-" (kind) } {
                    a.skip href="#main" { "本文へ進む" }
                    (shell::header(&self))
                    (shell::frame(&self, body))
                    (shell::footer(product, self.help, self.prefecture, self.links))
                    (shell::session_warning(self.session))
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
