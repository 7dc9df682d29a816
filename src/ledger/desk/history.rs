//! What happened around an office, from the audit log.

use maud::{Markup, html};

use crate::audit::{self, Actor};
use crate::kernel::{UserId, jst};
use crate::web::components::{Reached, TimelineItem, empty_state, timeline};

/// The log in the clerk's words, newest first.
#[must_use]
pub fn timeline_of(entries: &[audit::Entry]) -> Markup {
    let entries: Vec<&audit::Entry> = entries.iter().filter(|entry| !is_told_by_letter(entry, entries)).collect();
    if entries.is_empty() {
        return empty_state("記録はありません", html! {});
    }
    let when: Vec<String> = entries.iter().map(|entry| jst::list_time(entry.at)).collect();
    let items: Vec<TimelineItem<'_>> = entries
        .iter()
        .zip(&when)
        .map(|(entry, when)| TimelineItem {
            reached: Reached::Done,
            title: title(&entry.action, &entry.outcome),
            when,
            detail: detail(entry),
        })
        .collect();
    timeline(&items)
}

/// A step of a letter moves its application in the same transaction; one line tells both.
fn is_told_by_letter(entry: &audit::Entry, all: &[audit::Entry]) -> bool {
    let of_letter = match entry.action.as_str() {
        "reissue.print" | "reissue.reprint" => "letter.print",
        "reissue.post" => "letter.post",
        "reissue.return" => "letter.return",
        "reissue.complete" => "letter.complete",
        "reissue.expire" => "letter.expire",
        _ => return false,
    };
    all.iter().any(|other| other.action == of_letter && other.at == entry.at)
}

fn detail(entry: &audit::Entry) -> Markup {
    const SHOWN: [(&str, &str); 7] = [
        ("number", "発行番号"),
        ("particulars", ""),
        ("reason", "理由"),
        ("proof", "確認した方法"),
        ("before", "変更前"),
        ("after", "変更後"),
        ("contact", "通知先"),
    ];
    html! {
        (who(entry))
        @for (key, label) in SHOWN {
            @if let Some(value) = entry.details.get(key).filter(|value| !value.is_empty()) {
                br;
                @if !label.is_empty() && (key != "reason" || gives_reason(&entry.action)) { (label) " " }
                (value)
            }
        }
    }
}

/// Who acted. A visitor who has entered has shown to be the office.
fn who(entry: &audit::Entry) -> String {
    let user_id = match &entry.actor {
        Actor::Office(user_id) => Some(*user_id),
        Actor::Visitor if entry.outcome.starts_with("entered") => {
            entry.subjects.iter().find_map(|subject| UserId::parse(subject))
        }
        _ => None,
    };
    user_id.map_or_else(|| entry.actor.label(), |user_id| format!("事業所（{user_id}）"))
}

/// Moves put their particulars where others put a reason.
fn gives_reason(action: &str) -> bool {
    matches!(
        action,
        "reissue.inquire"
            | "reissue.reject"
            | "reissue.withdraw"
            | "reissue.supersede"
            | "letter.print"
            | "account.clear_addresses"
            | "account.disable_password"
            | "account.release"
            | "account.suspend"
            | "account.unlock"
            | "account.withdraw_temporary"
            | "contact.reject"
            | "portal.staff_allow"
            | "portal.staff_release"
            | "portal.staff_suspend"
            | "portal.staff_unlock"
    )
}

/// A test holds this against all actions of the sources; whatever an older log may hold is shown as it is rather than hidden.
fn title<'a>(action: &'a str, outcome: &str) -> &'a str {
    match (action, outcome) {
        ("login.try", "entered") => "ログイン",
        ("login.try", "entered_by_temporary") => "仮パスワードでログイン",
        ("login.try", "entered_by_passkey") => "パスキーでログイン",
        ("login.try", "entered_portal") => "介護情報基盤ポータルの初回利用登録の認証",
        ("login.try", "waits_for_code") => "ログイン（セキュリティコードの入力待ち）",
        ("login.try", _) => "ログインできず",
        ("login.logout", _) => "ログアウト",
        ("login.device_ask", _) => "端末の確認の開始",
        ("login.device_code", _) => "端末の確認のワンタイムパスワード誤り",
        ("login.device", _) => "端末の確認",
        ("first_login.password", _) => "パスワード変更",
        ("first_login.terms", _) => "利用規約への同意",
        ("first_login.mail", _) => "お知らせ用メールアドレスの設定",
        ("first_login.keep_addresses", _) => "セキュリティ用メールアドレスをそのまま使用",
        ("first_login.replace_addresses", _) => "セキュリティ用メールアドレスの置き換え",
        ("first_login.address", _) => "セキュリティ用メールアドレスの登録",
        ("first_login.defer", _) => "セキュリティ用メールアドレスを登録せずにログイン",
        ("first_login.finish", _) => "初回ログインの手続きの完了",
        ("reissue.receive", _) => "再発行申請の受付",
        ("reissue.take", _) => "審査開始",
        ("reissue.inquire", _) => "照会",
        ("reissue.resume", _) => "審査再開",
        ("reissue.approve", _) => "承認",
        ("reissue.reject", _) => "却下",
        ("reissue.print" | "reissue.reprint", _) => "申請が印刷済に",
        ("reissue.post", _) => "申請が発送済に",
        ("reissue.return", _) => "申請が返戻に",
        ("reissue.complete", _) => "申請が完了",
        ("reissue.expire", _) => "申請が期限切れに",
        ("reissue.withdraw" | "reissue.supersede", _) => "申請の取下げ",
        ("letter.print", _) => "通知書の印刷",
        ("letter.post", _) => "通知書の発送",
        ("letter.return", _) => "通知書の返戻",
        ("letter.complete", _) => "通知書の仮パスワードで初回ログイン",
        ("letter.expire", _) => "通知書の期限切れ",
        ("letter.withdraw", _) => "通知書の取下げ",
        ("account.issue", _) => "ユーザIDの発行",
        ("account.disable_password", _) => "パスワードの無効化",
        ("account.password", _) => "パスワード変更",
        ("account.notice_mail", _) => "お知らせ用メールアドレスの変更",
        ("account.code_set", _) => "セキュリティコードの設定",
        ("account.code_change", _) => "セキュリティコードの変更",
        ("account.code_remove", _) => "セキュリティコードの解除",
        ("account.address_add", _) => "セキュリティ用メールアドレスの追加",
        ("account.address_change", _) => "セキュリティ用メールアドレスの変更",
        ("account.address_delete", _) => "セキュリティ用メールアドレスの削除",
        ("account.address_contact", _) => "通知先の変更",
        ("account.end_session", _) => "端末のログアウト",
        ("account.reauth", _) => "パスワードの再確認で誤り",
        ("account.suspend", _) => "ユーザIDの利用停止",
        ("account.release", _) => "ユーザIDの利用再開",
        ("account.unlock", _) => "ログイン停止の解除",
        ("account.withdraw_temporary", _) => "仮パスワードの取消し",
        ("account.clear_addresses", _) => "登録アドレスの消去",
        ("passkey.add", _) => "パスキーの登録",
        ("passkey.remove", _) => "パスキーの削除",
        ("portal.register", _) => "介護情報基盤ポータルの利用者登録",
        ("portal.replace", _) => "介護情報基盤ポータルの主たる利用者の交代",
        ("portal.otp", _) => "介護情報基盤ポータルの初回利用登録のワンタイムパスワード誤り",
        ("portal.login", "entered") => "ポータルへのログイン",
        ("portal.login", "entered_by_initial") => "初期パスワードでポータルへログイン",
        ("portal.login", "entered_by_passkey") => "パスキーでポータルへログイン",
        ("portal.login", "waits_for_code") => "ポータルへのログイン（ワンタイムパスワードの入力待ち）",
        ("portal.login", _) => "ポータルへログインできず",
        ("portal.logout", _) => "ポータルからのログアウト",
        ("portal.choose", _) => "ポータルで利用する事業所・医療機関の選択",
        ("portal.password", _) => "ポータルのパスワード変更",
        ("portal.terms", _) => "ポータルの利用規約への同意",
        ("portal.profile", _) => "ポータルの登録情報の変更",
        ("portal.user_add", _) => "ポータルの利用者の追加",
        ("portal.user_suspend", _) => "ポータルの利用者の利用停止（主たる利用者による）",
        ("portal.user_release", _) => "ポータルの利用者の利用再開（主たる利用者による）",
        ("portal.user_remove", _) => "ポータルの利用者の削除",
        ("portal.invite", _) => "ポータルの利用者への案内の再送",
        ("portal.hand_over", _) => "ポータルの主たる利用者の引き継ぎ",
        ("portal.leave", _) => "ポータルの利用者が事業所の利用をやめる",
        ("portal.mail", _) => "ポータルのメールアドレスの変更",
        ("portal.end_session", _) => "ポータルの端末のログアウト",
        ("portal.end_trust", _) => "ポータルでワンタイムパスワードの省略を解除",
        ("portal.reauth", _) => "ポータルのパスワードの再確認で誤り",
        ("portal.lost", _) => "ポータルのパスワード再設定の開始",
        ("portal.lost_code", "right") => "ポータルのパスワード再設定の本人確認",
        ("portal.lost_code", _) => "ポータルのパスワード再設定のワンタイムパスワード誤り",
        ("portal.lost_done", _) => "ポータルのパスワードの再設定",
        ("portal.passkey_add", _) => "ポータルのパスキーの登録",
        ("portal.passkey_remove", _) => "ポータルのパスキーの削除",
        ("portal.create", _) => "医療機関のIDの発行",
        ("portal.staff_suspend", _) => "ポータルの利用者の利用停止",
        ("portal.staff_release", _) => "ポータルの利用者の利用再開",
        ("portal.staff_allow", _) => "ポータルの主たる利用者の交代を認める",
        ("portal.staff_unlock", _) => "ポータルのログイン停止の解除",
        ("portal.staff_invite", _) => "ポータルの初期パスワードの再送",
        ("contact.receive", _) => "ポータルへの問い合わせの受付",
        ("contact.take", _) => "ポータルへの問い合わせの対応開始",
        ("contact.answer", _) => "ポータルへの問い合わせへの回答",
        ("contact.reject", _) => "ポータルへの問い合わせの却下",
        ("reset.ask", _) => "ログイン情報再設定の開始",
        ("reset.code", "right") => "ログイン情報再設定の本人確認",
        ("reset.code", _) => "ログイン情報再設定のワンタイムパスワード誤り",
        ("reset.close", _) => "ログイン情報再設定の受付の一時停止",
        ("reset.done", _) => "ログイン情報の再設定",
        ("terms.adopt", _) => "利用規約の版の登録",
        ("ledger.postal_code", _) => "郵便番号の登録",
        ("backup.take", _) => "バックアップ",
        ("backup.restore", _) => "バックアップからの復元",
        ("keys.export", _) => "鍵の書き出し",
        ("ledger.import", _) => "台帳の取込",
        ("ledger.undo", _) => "台帳の取込の取消し",
        ("letter.deliver", _) => "通知書のPDFの受取り",
        ("mail.send_again", _) => "メールの再送",
        ("staff.add", _) => "職員の登録",
        ("staff.disable", _) => "職員の利用停止",
        ("staff.enrol", _) => "職員の初回設定",
        ("staff.reset_authenticator", _) => "職員の認証アプリの再設定",
        ("staff.login", "entered" | "done") => "職員のログイン",
        ("staff.login", "entered_by_passkey") => "職員のログイン（パスキー）",
        ("staff.login", _) => "職員がログインできず",
        ("staff.logout", _) => "職員のログアウト",
        ("staff.reauth", _) => "職員のパスワードの再確認で誤り",
        ("staff.passkey_add", _) => "職員のパスキーの登録",
        ("staff.passkey_remove", _) => "職員のパスキーの削除",
        ("staff.choose_federation", _) => "職員の連合会の切り替え",
        (other, _) => other,
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    /// Literals of the form `"feature.verb"` in sources that write to the log or name its actions.
    fn actions() -> Vec<String> {
        // Wherever the sources lie.
        let names_tests =
            |file: &Path| file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_string_lossy().contains("tests");
        let mut files = Vec::new();
        sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut files);
        let mut actions = Vec::new();
        for file in files.iter().filter(|file| !names_tests(file) && !file.ends_with("desk/history.rs")) {
            let text = std::fs::read_to_string(file).unwrap();
            if !["Event::new(", "fn action(", ".event(\""].iter().any(|writes| text.contains(writes)) {
                continue;
            }
            let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
            for line in lines.filter(|line| !line.contains("Kind::new(") && !line.contains("Rule {")) {
                let literals = line.split('"').skip(1).step_by(2);
                let is_action = |literal: &&str| {
                    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                    literal.split_once('.').is_some_and(|(feature, verb)| word(feature) && word(verb))
                };
                actions.extend(literals.filter(is_action).map(str::to_owned));
            }
        }
        actions
    }

    #[test]
    fn every_action_of_the_log_has_words_that_clerks_understand() {
        let actions = actions();
        for known in ["first_login.finish", "reissue.approve", "letter.post", "login.try"] {
            assert!(actions.iter().any(|action| action == known), "{known} is not found in the sources any more");
        }
        for action in actions {
            assert_ne!(title(&action, "done"), action, "no words for {action}");
        }
    }
}
