//! Choosing a new password: the two fields with their rule, and what is wrong with what was typed. The same wherever an office or a user of
//! the portal chooses one; each has a rule of its own.

use maud::{Markup, html};

use crate::accounts::Account;
use crate::app::App;
use crate::kernel::{Secret, UserId};
use crate::security::Busy;
use crate::security::passwords::{self, OFFICE_MIN, PasswordFault, SYMBOLS};
use crate::web::components::{PasswordRule, password_field, password_rules, suggest_password};
use crate::web::{Errors, Form};

const NEW: &str = "new_password";
const AGAIN: &str = "new_password_again";

/// The new password, if the rule accepts it and both fields hold it. `office` is its user ID and its name, which a password must not hold. Whether it is an old one is asked by
/// [`is_old`]: that needs the hash.
#[must_use]
pub fn judge_new(app: &App, office: (&UserId, &str), form: &Form, errors: &mut Errors) -> Option<Secret<String>> {
    let (user_id, name) = office;
    judge_typed(form, errors, |new| passwords::check_office(new, *user_id, name, app.config.password.max))
}

/// The new password, if `check` accepts it and both fields hold it.
#[must_use]
pub fn judge_typed(
    form: &Form,
    errors: &mut Errors,
    check: impl Fn(&str) -> Result<(), PasswordFault>,
) -> Option<Secret<String>> {
    let (new, again) = (form.secret(NEW), form.secret(AGAIN));
    let fits = errors.check(NEW, check(new.expose()));
    if again.expose().is_empty() {
        errors.add(AGAIN, "新しいパスワード(確認用)を入力してください。");
    } else if again.expose() != new.expose() {
        errors.add(AGAIN, "新しいパスワードと同じものを入力してください。");
    }
    (fits.is_some() && !errors.has(AGAIN)).then_some(new)
}

/// Whether `new` is the present password or the temporary one that is out: then [`PasswordFault::Same`] is to be told.
///
/// # Errors
/// [`Busy`] when too many hashes wait.
pub async fn is_old(app: &App, account: &Account, new: &Secret<String>) -> Result<bool, Busy> {
    if account.temporary.as_ref().is_some_and(|temporary| temporary.matches(&app.keys, account.user_id, new)) {
        return Ok(true);
    }
    match account.password.clone() {
        Some(stored) => Ok(app.hasher.verify(new.clone(), Some(stored)).await?.matches),
        None => Ok(false),
    }
}

/// Both fields with the rule beside them. They are never filled in again.
#[must_use]
pub fn new_password_fields(user_id: &str, max: usize, errors: &Errors) -> Markup {
    new_password_fields_below(&html! {}, user_id, max, errors)
}

/// The same below another field: the present password. Password managers look for the user's name before the first password of a form.
#[must_use]
pub fn new_password_fields_below(above: &Markup, user_id: &str, max: usize, errors: &Errors) -> Markup {
    let rules = [
        PasswordRule::Length { min: OFFICE_MIN, max },
        PasswordRule::Letter,
        PasswordRule::Digit,
        PasswordRule::Symbols(SYMBOLS),
        PasswordRule::Not(user_id),
    ];
    password_fields(user_id, &rules, errors, above)
}

/// Both fields with these rules, and that they must hold the same. `username` is what password managers file it under; `above` stands
/// between it and the fields.
#[must_use]
pub fn password_fields(username: &str, rules: &[PasswordRule<'_>], errors: &Errors, above: &Markup) -> Markup {
    let rules: Vec<PasswordRule<'_>> = rules.iter().copied().chain([PasswordRule::SameAs(AGAIN)]).collect();
    html! {
        input type="text" name="user_id" value=(username) autocomplete="username" readonly hidden;
        (above)
        (password_field(NEW, "新しいパスワード").required().autocomplete("new-password").error(errors.of(NEW)))
        (password_rules(NEW, &rules))
        p.note { "よく使われる言葉や事業所番号など、推測されやすいものは使えません。13文字以上にすると、より安全です。" }
        (suggest_password(&[NEW, AGAIN]))
        (password_field(AGAIN, "新しいパスワード(確認用)").required().autocomplete("new-password").error(errors.of(AGAIN)))
    }
}
