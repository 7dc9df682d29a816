//! M-7 as its readers get it, and who they are.

use super::*;
use crate::accounts::Kind;

#[test]
fn m7_says_what_changed_when_and_whom_to_call() {
    let user_id = UserId::parse("KJ071311111111").unwrap();
    let at = "2026-01-20T05:03:00Z".parse().unwrap();
    let text = text(&Params { user_id, change: Change::TemporaryUsed, at }, &Config::demo());
    for part in ["1311111111", "仮パスワードによるログイン", "2026年1月20日 14時03分", "0000-07-0000", "お心当たりがない場合"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("KJ07"), "the user ID is half of a login and stays out of mails");
}

/// Every kind of change, in the order of the enum; a new one that is left out does not compile.
fn next(change: Option<&Change>) -> Option<Change> {
    use Change as C;
    let (masked, masked_new) = (|| "sec***@example.jp".to_owned(), || "shi***@example.jp".to_owned());
    Some(match change {
        None => C::TemporaryUsed,
        Some(C::TemporaryUsed) => C::Password,
        Some(C::Password) => C::PasswordDisabled,
        Some(C::PasswordDisabled) => C::Reset,
        Some(C::Reset) => C::CodeSet,
        Some(C::CodeSet) => C::CodeChanged,
        Some(C::CodeChanged) => C::CodeRemoved,
        Some(C::CodeRemoved) => C::NoticeMailSet,
        Some(C::NoticeMailSet) => C::NoticeMail,
        Some(C::NoticeMail) => C::NoticeMailRemoved,
        Some(C::NoticeMailRemoved) => C::AddressFirst,
        Some(C::AddressFirst) => C::AddressAdded { masked: masked() },
        Some(C::AddressAdded { .. }) => C::AddressChanged { masked_old: masked(), masked_new: masked_new() },
        Some(C::AddressChanged { .. }) => C::AddressDeleted { masked: masked() },
        Some(C::AddressDeleted { .. }) => C::AddressContact,
        Some(C::AddressContact) => C::AddressesReplaced,
        Some(C::AddressesReplaced) => C::AddressesCleared,
        Some(C::AddressesCleared) => C::PasskeyAdded,
        Some(C::PasskeyAdded) => C::PasskeyRemoved,
        Some(C::PasskeyRemoved) => C::Suspended,
        Some(C::Suspended) => C::Released,
        Some(C::Released) => C::TemporaryWithdrawn,
        Some(C::TemporaryWithdrawn) => C::DeviceAdmitted,
        Some(C::DeviceAdmitted) => C::DevicesForgotten,
        Some(C::DevicesForgotten) => C::PortalRegistered { masked: masked() },
        Some(C::PortalRegistered { .. }) => return None,
    })
}

/// `m7_temporary_used` of `TemporaryUsed`.
fn snapshot_name(change: &Change) -> String {
    let word = format!("{change:?}");
    let variant = word.chars().take_while(char::is_ascii_alphanumeric);
    variant.fold("mail_m7".to_owned(), |name, c| {
        let (gap, c) = (if c.is_ascii_uppercase() { "_" } else { "" }, c.to_ascii_lowercase());
        format!("{name}{gap}{c}")
    })
}

#[test]
fn m7_of_every_kind_of_change_reads_as_it_should() {
    let (user_id, at) = (UserId::parse("KJ071311111111").unwrap(), "2026-01-20T05:03:00Z".parse().unwrap());
    let mut change = next(None);
    while let Some(one) = change {
        change = next(Some(&one));
        let name = snapshot_name(&one);
        let text = text(&Params { user_id, change: one, at }, &Config::demo());
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| insta::assert_snapshot!(name, format!("件名: {SUBJECT}\n\n{text}")));
    }
}

#[test]
fn q19_one_removed_hears_too_one_just_proved_does_not_and_nobody_twice() {
    let address = |name: &str| MailAddress::parse(&format!("{name}@example.jp")).unwrap();
    let mut account = Account::new(UserId::parse("KJ071311111111").unwrap(), Kind::Existing, Timestamp::UNIX_EPOCH);
    account.security_mails = vec![address("new"), address("second")];
    account.notice_mail = Some(address("notice"));
    let told = Told { also: vec![address("old"), address("SECOND")], except: Some(address("New")) };
    assert_eq!(recipients(&account, told), [address("second"), address("notice"), address("old")]);
    assert_eq!(recipients(&account, Told::default()), [address("new"), address("second"), address("notice")]);
}

#[test]
fn changes_that_older_programs_wrote_are_read() {
    for (stored, change) in [("\"Password\"", Change::Password), ("\"TemporaryUsed\"", Change::TemporaryUsed)] {
        assert_eq!(serde_json::from_str::<Change>(stored).unwrap(), change);
    }
}
