//! The parts of the document that [`super::layout`] puts around a screen.

use maud::{Markup, html};

use super::icons;
use super::layout::{
    BRANCH, CLOCK_MARKER, Clock, DeskKind, FooterLink, HelpDesk, Logout, NavItem, PORTAL, PRODUCT, Page, SessionEnd, Shell,
    Steps, clock_html,
};
use crate::kernel::Prefecture;

/// Product name, who is logged in, and for offices and users of the portal the menu.
pub(super) fn header(page: &Page<'_>) -> Markup {
    let brand = html! {
        span.brand-name { (PRODUCT) }
        span.brand-branch { (BRANCH) }
    };
    html! {
        header.top {
            div.top-in {
                @match page.shell {
                    Shell::Bare => div.brand { (brand) },
                    Shell::Visitor | Shell::Office { .. } => a.brand href="/" { (brand) },
                    Shell::Staff { federation, .. } => a.brand href="/staff" {
                        span.brand-name { (PRODUCT) }
                        span.brand-branch { "連合会職員" }
                        span.brand-federation { (federation) }
                    },
                    Shell::PortalVisitor | Shell::Portal { .. } => a.brand href="/portal" { span.brand-name { (PORTAL) } },
                }
                @match page.shell {
                    Shell::Office { office_name, user_id, menu, logout } => {
                        div.who {
                            span.who-name { (office_name) }
                            span.who-id { (user_id) }
                        }
                        @if menu.is_empty() { (logout_button(logout)) }
                    }
                    Shell::Staff { name, role, own, logout, .. } => {
                        div.who {
                            span.who-name { (name) }
                            span.who-id { (role) }
                            @if let Some((words, href)) = own { a.who-own href=(href) { (words) } }
                        }
                        (logout_button(logout))
                    }
                    Shell::Portal { institution, person, menu, logout } => {
                        div.who {
                            @if !institution.is_empty() { span.who-name { (institution) } }
                            span.who-id { (person) }
                        }
                        @if menu.is_empty() { (logout_button(logout)) }
                    }
                    Shell::Bare | Shell::Visitor | Shell::PortalVisitor => {}
                }
            }
            @if let Shell::Office { menu, logout, .. } | Shell::Portal { menu, logout, .. } = page.shell {
                @if !menu.is_empty() {
                    nav.menu aria-label="メニュー" {
                        ul { (entries(menu)) li.menu-last { (logout_button(logout)) } }
                    }
                }
            }
        }
    }
}

/// Steps or menu at the left, title and body beside them. The title comes before the steps on a phone.
pub(super) fn frame(page: &Page<'_>, body: Markup) -> Markup {
    html! {
        div.frame .with-steps[page.steps.is_some()] {
            @if let Shell::Staff { menu, .. } = page.shell {
                nav.side aria-label="メニュー" { ul { (entries(menu)) } }
            }
            main #main tabindex="-1" {
                div.title {
                    h1 { (page.title) }
                    @if let Some(lead) = &page.lead { div.title-lead { (lead) } }
                    @match page.clock {
                        Clock::At(now) => (clock_html(now)),
                        Clock::Marker => (maud::PreEscaped(CLOCK_MARKER)),
                    }
                }
                @if let Some(steps) = page.steps { (steps_nav(steps)) }
                div.body .open[page.open] { (body) }
            }
        }
    }
}

/// Quality bar 53: the current step is marked, and how far one has come is said in words.
fn steps_nav(steps: Steps<'_>) -> Markup {
    let all = steps.labels.len();
    html! {
        nav.steps aria-label="手続きの流れ" {
            p.vh { "全" (all) "ステップ中、" (steps.current) "ステップ目まで到達済み" }
            ol {
                @for (number, label) in (1..).zip(steps.labels) {
                    li .done[number < steps.current] .now[number == steps.current]
                        aria-current=[(number == steps.current).then_some("step")] {
                        span.step-no aria-hidden="true" {
                            @if number < steps.current { (icons::check()) } @else { (number) }
                        }
                        span.step-label {
                            span.vh { (number) "．" }
                            (label)
                            @if number < steps.current { span.vh { "（済み）" } }
                        }
                    }
                }
            }
            p.steps-count aria-hidden="true" { (steps.current) " / " (all) }
        }
    }
}

fn entries(menu: &[NavItem<'_>]) -> Markup {
    html! {
        @for item in menu {
            li {
                a href=(item.href) aria-current=[item.current.then_some("page")] {
                    (item.label)
                    @if let Some(count) = item.count {
                        " " span.menu-count { (count) span.vh { "件" } }
                    }
                }
            }
        }
    }
}

fn logout_button(logout: Logout<'_>) -> Markup {
    html! {
        form.logout method="post" action=(logout.action) {
            input type="hidden" name="_csrf" value=(logout.csrf);
            button type="submit" { "ログアウト" }
        }
    }
}

/// Quality bar 56: help stands in the same place on every page; the two kinds of desk are apart (spec 1).
/// `of` leaves out the desks of other prefectures.
pub(super) fn footer(product: &str, desks: &[HelpDesk], of: Option<Prefecture>, links: &[FooterLink]) -> Markup {
    let serves = |desk: &&HelpDesk| of.is_none() || desk.prefecture.is_none() || desk.prefecture == of;
    let desks: Vec<&HelpDesk> = desks.iter().filter(serves).collect();
    html! {
        footer.bottom {
            div.bottom-in {
                @if !desks.is_empty() {
                    h2.bottom-title { "お困りのとき" }
                    div.desks {
                        (desk_group(&desks, DeskKind::System, "操作についてのお問い合わせ"))
                        (desk_group(&desks, DeskKind::Federation, "申請・事業所台帳についてのお問い合わせ"))
                    }
                }
                p.bottom-name {
                    (product) @if product == PRODUCT { "（" (BRANCH) "）" }
                    @for link in links { " " a href=(link.href) { (link.label) } }
                }
            }
        }
    }
}

fn desk_group(desks: &[&HelpDesk], kind: DeskKind, about: &str) -> Markup {
    let mut of_kind = desks.iter().filter(|d| d.kind == kind).peekable();
    if of_kind.peek().is_none() {
        return html! {};
    }
    html! {
        section.desk {
            h3 { (about) }
            @for desk in of_kind {
                p {
                    span.desk-name { (desk.name) }
                    a.tel href={ "tel:" (dialled(&desk.telephone)) } { (desk.telephone) }
                    @if !desk.hours.is_empty() { span.desk-hours { (desk.hours) } }
                }
            }
        }
    }
}

/// The number as a telephone dials it: digits and a leading plus only.
fn dialled(telephone: &str) -> String {
    telephone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}

/// The warning before the session ends; the script shows it, so it stays hidden without one.
pub(super) fn session_warning(end: Option<SessionEnd<'_>>) -> Markup {
    html! {
        @if let Some(end) = end {
            dialog.dialog #session-end aria-labelledby="session-end-title" data-session-ends=(end.epoch_ms) {
                h2 #session-end-title { "まもなく自動的にログアウトします" }
                p { "操作がないまま時間がたったため、あと" strong data-session-left="" { "2分" } "でログアウトします。続ける場合は【操作を続ける】ボタンを押してください。" }
                form method="post" action=(end.extend) {
                    input type="hidden" name="_csrf" value=(end.csrf);
                    button.button.primary type="submit" { "操作を続ける" }
                }
            }
        }
    }
}
