//! The words of each mail.

use jiff::Timestamp;
use jiff::civil::Date;

use super::super::model::{Inquiry, InquiryReason, Rejection, RejectionReason};
use super::Params;
use crate::config::Config;
use crate::kernel::jst;
use crate::mail::words::Words;

pub(super) fn received(params: &Params, config: &Config) -> String {
    opening(params, config, "次のログイン情報再発行申請を受け付けました。申請の際に入力された通知先メールアドレスへお送りしています。")
        .heading("これからの流れ")
        .numbered(&[
            "連合会が、申請の内容を事業所台帳と照らし合わせて審査します。このメールアドレスや、台帳に登録されている電話番号へ、確認のご連絡をすることがあります。",
            "審査が終わると、このメールアドレスへ「ログイン情報再発行申請結果通知」をお送りします。",
            "承認された場合は、ユーザIDと仮パスワードを記載した「ログイン情報再発行通知書」を、台帳に登録されている住所へ郵送します。",
        ])
        .paragraph("結果の通知と通知書が届くまで、通常は数日から一週間程度かかります。申請が集中したときは、数週間お待ちいただくことがあります。")
        .own_paragraph(config, params.office.prefecture)
        .heading("申請状況の確認")
        .paragraph(&format!(
            "審査の進み具合は、次のページで管理番号とこのメールアドレスを入力すると確認できます。申請の取下げもこのページからできます。\n{}",
            progress(config)
        ))
        .heading("お急ぎのとき")
        .paragraph("パスワードが漏れたおそれがあるなど、パスワードの変更を急ぐ必要があるときは、下記の連合会へお電話ください。")
        .not_asked("下記の連合会へお電話ください。")
        .closing(config, Some(params.office.prefecture))
}

pub(super) fn approved(params: &Params, config: &Config) -> String {
    opening(params, config, "次のログイン情報再発行申請を承認しました。")
        .heading("これからの流れ")
        .paragraph(
            "ユーザIDと仮パスワードを記載した「ログイン情報再発行通知書」を、事業所台帳に登録されている住所へ郵送します。届くまでしばらくお待ちください。",
        )
        .paragraph("通知書が届くまで、通常は数日から一週間程度かかります。申請が集中したときは、数週間お待ちいただくことがあります。")
        .own_paragraph(config, params.office.prefecture)
        .heading("申請状況の確認")
        .paragraph(&progress(config))
        .not_asked("下記の連合会へお電話ください。これまでのパスワードは、仮パスワードで初めてログインするまでお使いいただけます。")
        .closing(config, Some(params.office.prefecture))
}

pub(super) fn rejected(params: &Params, rejection: &Rejection, config: &Config) -> String {
    let next = match rejection.reason {
        RejectionReason::Ledger => {
            "事業所番号などをお確かめのうえ、もう一度申請してください。台帳の内容が古いときは、先に台帳の変更の手続きが必要です。手続きは下記の連合会へお問い合わせください。"
        }
        RejectionReason::Unconfirmed => {
            "事業所からの申請であることを確認できませんでした。お手数ですが、事業所から下記の連合会へお電話ください。"
        }
        RejectionReason::Duplicate => {
            "同じ事業所から別の申請を受け付けており、そちらで手続きを進めています。改めて申請する必要はありません。"
        }
        RejectionReason::Other => "ご不明な点は、下記の連合会へお問い合わせください。",
    };
    opening(params, config, "次のログイン情報再発行申請は、審査の結果、却下となりました。")
        .fact("却下の理由", rejection.reason.title())
        .fact("連合会からの説明", rejection.sentence.trim())
        .heading("次にしていただくこと")
        .paragraph(next)
        .heading("あらためて申請するとき")
        .paragraph(&config.server.public_url.join("/lost"))
        .not_asked("何もしていただく必要はありません。気になることがあるときは、下記の連合会へお電話ください。")
        .closing(config, Some(params.office.prefecture))
}

/// The day and nothing more of the letter: the contact address is not proven to be the office's.
pub(super) fn posted(params: &Params, on: Date, config: &Config) -> String {
    opening(params, config, "承認済みのログイン情報再発行申請について、「ログイン情報再発行通知書」を発送しました。")
        .fact("発送日", &jst::sentence(on))
        .paragraph("一週間を過ぎても届かないときは、下記の連合会へお電話ください。")
        .not_asked("下記の連合会へお電話ください。")
        .closing(config, Some(params.office.prefecture))
}

pub(super) fn inquired(params: &Params, inquiry: &Inquiry, config: &Config) -> String {
    let wanted = match inquiry.reason {
        InquiryReason::Telephone => {
            "審査のため、お電話で確認したいことがあります。期限までに下記の連合会へお電話ください。連合会から、事業所台帳に登録されている電話番号へおかけすることもあります。"
        }
        InquiryReason::Envelope => {
            "通知書をお送りするための返信用封筒をお待ちしています。期限までに届くよう、下記の連合会へお送りください。"
        }
        InquiryReason::Other => "審査のため、次の点について期限までに下記の連合会へご連絡ください。",
    };
    let federation = config.federation_of(params.office.prefecture);
    let mut words = opening(params, config, "次のログイン情報再発行申請について、連合会からお願いがあります。")
        .fact("ご用件", inquiry.reason.request())
        .fact("期限", &format!("{}まで", jst::sentence(inquiry.until)))
        .heading("お願いしたいこと")
        .paragraph(wanted);
    if !inquiry.text.trim().is_empty() {
        words = words.fact("連合会からの説明", inquiry.text.trim());
    }
    if let (InquiryReason::Envelope, Some(federation)) = (inquiry.reason, federation) {
        let to = format!("〒{} {}\n{} {}", federation.postal_code, federation.address, federation.name, federation.department);
        words = words.fact("送り先", &to);
    }
    if let Some(federation) = federation {
        words = words.fact("電話", &federation.telephone);
    }
    words
        .heading("申請状況の確認")
        .paragraph(&progress(config))
        .not_asked("何もせず、下記の連合会へお電話ください。")
        .closing(config, Some(params.office.prefecture))
}

pub(super) fn warned(params: &Params, at: Timestamp, config: &Config) -> String {
    Words::from_federation(config, Some(params.office.prefecture))
        .paragraph(
            "貴事業所のログイン情報について、再発行の申請がありました。ご登録のメールアドレスへ、確認のためお送りしています。",
        )
        .fact("管理番号", &params.number.to_string())
        .fact("事業所番号", params.office.number.as_str())
        .fact("申請先連合会", &federation_name(params, config))
        .fact("申請日時", &jst::sentence_time(at))
        .heading("貴事業所が申請した場合")
        .paragraph("何もしていただく必要はありません。")
        .heading("お心当たりがない場合")
        .paragraph(
            "至急、下記の連合会へお電話ください。審査の前であれば申請を止めることができます。いまのユーザIDとパスワードは、そのままお使いいただけます。",
        )
        .closing(config, Some(params.office.prefecture))
}

pub(super) fn expiring(params: &Params, day: Date, config: &Config) -> String {
    opening(params, config, "お送りした「ログイン情報再発行通知書」の仮パスワードが、まだ使われていません。")
        .fact("仮パスワードの有効期限", &format!("{}まで", jst::sentence(day)))
        .paragraph("期限を過ぎると、仮パスワードではログインできなくなります。期限までに通知書のユーザIDと仮パスワードでログインし、新しいパスワードを設定してください。")
        .heading("ログイン画面")
        .paragraph(&config.server.public_url.join("/login"))
        .heading("通知書が届いていない場合")
        .paragraph("下記の連合会へお電話ください。")
        .not_asked("下記の連合会へお電話ください。")
        .closing(config, Some(params.office.prefecture))
}

fn opening(params: &Params, config: &Config, what: &str) -> Words {
    Words::from_federation(config, Some(params.office.prefecture))
        .paragraph(what)
        .fact("管理番号", &params.number.to_string())
        .fact("事業所番号", params.office.number.as_str())
        .fact("申請先連合会", &federation_name(params, config))
}

fn federation_name(params: &Params, config: &Config) -> String {
    let prefecture = params.office.prefecture;
    config.federation_of(prefecture).map_or_else(|| prefecture.name().to_owned(), |federation| federation.name.clone())
}

fn progress(config: &Config) -> String {
    config.server.public_url.join("/status")
}
