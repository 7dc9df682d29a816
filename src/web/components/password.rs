//! The rule for new passwords, shown beside the field and ticked while typing where the script runs.

use maud::{Markup, html};

/// One line of the rule. The script only repeats what the server decides.
#[derive(Clone, Copy, Debug)]
pub enum PasswordRule<'a> {
    /// Number of characters, both ends included.
    Length { min: usize, max: usize },
    /// At least one letter.
    Letter,
    /// At least one digit.
    Digit,
    /// Only letters, digits and these symbols.
    Symbols(&'a str),
    /// Not this text, in any case: the user ID.
    Not(&'a str),
    /// The same as in the field of this id: the confirmation.
    SameAs(&'a str),
}

/// The rule as a list for the field `field`.
#[must_use]
pub fn password_rules(field: &str, rules: &[PasswordRule<'_>]) -> Markup {
    html! {
        div.rules id={ (field) "-rules" } data-rules-for=(field) {
            p.rules-title { "パスワードの条件" }
            ul { @for rule in rules { (line(*rule)) } }
        }
    }
}

/// A button that makes a password of 16 characters in the browser and puts it, readable, into the fields named. Needs the script
/// and is hidden without it.
#[must_use]
pub fn suggest_password(fields: &[&str]) -> Markup {
    html! {
        div.suggest {
            button.button.small type="button" data-suggest=(fields.join(" ")) hidden { "パスワードを自動で作る" }
            span.support aria-live="polite" {}
        }
    }
}

fn line(rule: PasswordRule<'_>) -> Markup {
    match rule {
        PasswordRule::Length { min, max } => html! {
            li data-rule="length" data-min=(min) data-max=(max) { (min) "文字以上" (max) "文字以下" }
        },
        PasswordRule::Letter => html! { li data-rule="letter" { "英字を1文字以上含む" } },
        PasswordRule::Digit => html! { li data-rule="digit" { "数字を1文字以上含む" } },
        PasswordRule::Symbols(symbols) => html! {
            li data-rule="symbols" data-symbols=(symbols) {
                "使える文字は半角の英字・数字と次の記号: " span.symbols { (symbols) }
            }
        },
        PasswordRule::Not(text) => html! {
            li data-rule="not" data-not=(text) { "ユーザIDと同じではない" }
        },
        PasswordRule::SameAs(other) => html! {
            li data-rule="same" data-same=(other) { "確認用の欄と同じ" }
        },
    }
}
