use jiff::civil::date;

use super::*;
use crate::kernel::{OfficeNumber, Prefecture};
use crate::reissue::{InquiryReason, RejectionReason};

fn shown(told: Told) -> String {
    let params = Params {
        number: ControlNumber::new(202_601, 1).unwrap(),
        office: OfficeKey::new(Prefecture::new(13).unwrap(), OfficeNumber::parse("1311111111").unwrap()),
        told,
    };
    let (subject, body) = params.text(&Config::demo());
    format!("{} 件名: {subject}\n\n{body}", params.kind())
}

fn snapshot(name: &str, told: Told) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, shown(told)));
}

#[test]
fn m3_received() {
    snapshot("mail_m3_received", Told::Received);
}

#[test]
fn m4_approved() {
    snapshot("mail_m4_approved", Told::Approved);
}

#[test]
fn m4_rejected_carries_reason_sentence_and_next_step() {
    for (name, reason) in [
        ("mail_m4_rejected_ledger", RejectionReason::Ledger),
        ("mail_m4_rejected_unconfirmed", RejectionReason::Unconfirmed),
        ("mail_m4_rejected_duplicate", RejectionReason::Duplicate),
        ("mail_m4_rejected_other", RejectionReason::Other),
    ] {
        snapshot(
            name,
            Told::Rejected(Rejection {
                reason, sentence: "台帳に登録されている事業所番号と異なっています。".into()
            }),
        );
    }
}

#[test]
fn m5_posted_tells_the_day_and_nothing_more() {
    snapshot("mail_m5_posted", Told::Posted(date(2026, 1, 22)));
}

#[test]
fn m11_inquired_says_what_is_wanted_until_when() {
    let until = date(2026, 1, 31);
    for (name, reason, text) in [
        ("mail_m11_telephone", InquiryReason::Telephone, ""),
        ("mail_m11_envelope", InquiryReason::Envelope, "110円切手を貼ってください。"),
        ("mail_m11_other", InquiryReason::Other, "管理者の方の変更届をお送りください。"),
    ] {
        snapshot(name, Told::Inquired(Inquiry { reason, text: text.into(), until }));
    }
}

#[test]
fn m12_warned() {
    snapshot("mail_m12_warned", Told::Warned("2026-01-20T03:05:00Z".parse().unwrap()));
}

#[test]
fn m13_expiring() {
    snapshot("mail_m13_expiring", Told::Expiring(date(2026, 2, 19)));
}

#[test]
fn every_mail_names_the_federation_and_whom_to_call() {
    for told in [Told::Received, Told::Approved, Told::Posted(date(2026, 1, 22)), Told::Expiring(date(2026, 2, 19))] {
        let text = shown(told);
        for part in ["東京都国保連合会（デモ）", "0000-13-0000", "お心当たりがない場合", "返信いただいてもお答えできません"]
        {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}
