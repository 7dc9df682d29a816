//! Facts in two columns, tables of rows, and paging.

use maud::{Markup, Render, html};

/// Label and value, one row each, with a 変更 link where the value can be changed (quality bar 54).
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    rows: Vec<(&'a str, Markup, Option<&'a str>)>,
}

impl<'a> Facts<'a> {
    /// No rows yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row. `value` is text or markup.
    #[must_use]
    pub fn row(mut self, label: &'a str, value: impl Render) -> Self {
        self.rows.push((label, html! { (value) }, None));
        self
    }

    /// Adds a row whose value can be changed at `href`.
    #[must_use]
    pub fn row_with_change(mut self, label: &'a str, value: impl Render, href: &'a str) -> Self {
        self.rows.push((label, html! { (value) }, Some(href)));
        self
    }
}

impl Render for Facts<'_> {
    fn render(&self) -> Markup {
        html! {
            dl.facts {
                @for (label, value, change) in &self.rows {
                    div {
                        dt { (label) }
                        dd {
                            div.fact-value { (value) }
                            @if let Some(href) = change {
                                a.change href=(href) { span.vh { (label) "を" } "変更" }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column<'a> {
    Text(&'a str),
    /// Figures, aligned at the right.
    Number(&'a str),
    /// Not broken into lines: dates, numbers of applications.
    Short(&'a str),
    /// The cell that names the row; a heading of the row.
    Head(&'a str),
}

impl<'a> Column<'a> {
    fn label(self) -> &'a str {
        match self {
            Self::Text(label) | Self::Number(label) | Self::Short(label) | Self::Head(label) => label,
        }
    }

    fn class(self) -> Option<&'static str> {
        match self {
            Self::Text(_) => None,
            Self::Number(_) => Some("num"),
            Self::Short(_) | Self::Head(_) => Some("short"),
        }
    }
}

/// A table; on narrow pages each row becomes a block of labelled lines.
#[derive(Clone, Debug)]
pub struct DataTable<'a> {
    caption: &'a str,
    show_caption: bool,
    columns: &'a [Column<'a>],
    rows: Vec<(Option<&'static str>, Vec<Markup>)>,
    id: Option<&'a str>,
}

impl<'a> DataTable<'a> {
    /// `caption` names the table for screen readers; [`DataTable::shown_caption`] shows it as well.
    #[must_use]
    pub fn new(caption: &'a str, columns: &'a [Column<'a>]) -> Self {
        Self { caption, show_caption: false, columns, rows: Vec::new(), id: None }
    }

    /// Shows the caption.
    #[must_use]
    pub fn shown_caption(mut self) -> Self {
        self.show_caption = true;
        self
    }

    /// The id of the table's frame, for htmx.
    #[must_use]
    pub fn id(mut self, id: &'a str) -> Self {
        self.id = Some(id);
        self
    }

    /// Adds a row: as many cells as columns.
    pub fn push(&mut self, cells: Vec<Markup>) {
        self.rows.push((None, cells));
    }

    /// Adds a row that stands out: overdue, unread.
    pub fn push_marked(&mut self, cells: Vec<Markup>) {
        self.rows.push((Some("marked"), cells));
    }

    /// Whether no row was added; show an `empty_state` then.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Render for DataTable<'_> {
    fn render(&self) -> Markup {
        html! {
            div.table-frame id=[self.id] {
                table.table {
                    caption .vh[!self.show_caption] { (self.caption) }
                    thead {
                        tr { @for column in self.columns { th scope="col" class=[column.class()] { (column.label()) } } }
                    }
                    tbody {
                        @for (class, cells) in &self.rows {
                            tr class=[*class] {
                                @for (column, cell) in self.columns.iter().zip(cells) {
                                    @if let Column::Head(label) = column {
                                        th scope="row" class=[column.class()] data-label=(label) { (cell) }
                                    } @else {
                                        td class=[column.class()] data-label=(column.label()) { (cell) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Links to the pages of a long list; nothing when there is one page. `current` counts from 1; `href` gives a page's address.
#[must_use]
pub fn pager(current: u32, last: u32, href: impl Fn(u32) -> String) -> Markup {
    if last <= 1 {
        return html! {};
    }
    let near = current.saturating_sub(2).max(1)..=current.saturating_add(2).min(last);
    let link = |page: u32| {
        html! {
            li {
                a href=(href(page)) aria-current=[(page == current).then_some("page")] {
                    (page) span.vh { "ページ" }
                }
            }
        }
    };
    html! {
        nav.pager aria-label="ページ" {
            ul {
                @if current > 1 { li { a href=(href(current - 1)) rel="prev" { "前へ" } } }
                @if *near.start() > 1 { (link(1)) }
                @if *near.start() > 2 { li.gap aria-hidden="true" { "…" } }
                @for page in near.clone() { (link(page)) }
                @if near.end() + 1 < last { li.gap aria-hidden="true" { "…" } }
                @if *near.end() < last { (link(last)) }
                @if current < last { li { a href=(href(current + 1)) rel="next" { "次へ" } } }
            }
            p.pager-count { (last) "ページ中" (current) "ページ目" }
        }
    }
}
