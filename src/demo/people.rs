//! Who works at the invented federations, and the passwords of the demo.

use crate::kernel::{Prefecture, Secret};
use crate::staff::{Authenticator, Role, Scope};

/// The password of every office that has one. It keeps the rules for offices.
pub const OFFICE_PASSWORD: &str = "Mihon-no-kagi-7";

/// The password of every user of the portal who has one.
pub const PORTAL_PASSWORD: &str = "mihon no kagi wo 5 hon";

/// The security code of the office that has one. It keeps the rule.
pub const OFFICE_CODE: &str = "24681357";

/// The secret of the authenticator app of the office that has one: the same at every start.
const OFFICE_SECRET: &[u8; 20] = b"uketsuke demo: 13-12";

/// The authenticator app of [`super::offices::WITH_APP`].
#[must_use]
pub fn office_authenticator() -> Authenticator {
    Authenticator::from_secret(Secret::new(OFFICE_SECRET.to_vec()))
}

/// The password of every member of staff. It keeps the rules for staff.
pub const STAFF_PASSWORD: &str = "mihon no kagi wo 3 hon";

/// The temporary password that the demo tells: printed letters carry passwords of chance, but nobody could know them.
pub const TEMPORARY_PASSWORD: &str = "TameshiKagi23456";

/// A member of staff.
#[derive(Clone, Copy, Debug)]
pub struct Colleague {
    /// 職員名.
    pub name: &'static str,
    /// What they may do.
    pub role: Role,
    /// Prefecture number of their federation; `None` is all.
    pub place: Option<u8>,
    /// The secret of their authenticator app: the same at every start, so that an app set up once fits the next demo as well.
    secret: &'static [u8; 20],
}

/// Everybody: each role at both federations, and those of the whole installation.
pub const STAFF: [Colleague; 8] = [
    Colleague { name: "佐藤 花子", role: Role::Clerk, place: Some(7), secret: b"uketsuke demo: 07-01" },
    Colleague { name: "鈴木 一郎", role: Role::Approver, place: Some(7), secret: b"uketsuke demo: 07-02" },
    Colleague { name: "高橋 真理", role: Role::Admin, place: Some(7), secret: b"uketsuke demo: 07-03" },
    Colleague { name: "田中 恵", role: Role::Clerk, place: Some(13), secret: b"uketsuke demo: 13-01" },
    Colleague { name: "伊藤 健", role: Role::Approver, place: Some(13), secret: b"uketsuke demo: 13-02" },
    Colleague { name: "渡辺 由美", role: Role::Admin, place: Some(13), secret: b"uketsuke demo: 13-03" },
    Colleague { name: "中村 全", role: Role::Admin, place: None, secret: b"uketsuke demo: 00-01" },
    Colleague { name: "小林 窓", role: Role::Operator, place: None, secret: b"uketsuke demo: 00-02" },
];

impl Colleague {
    /// Their federation, or all.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.place.and_then(Prefecture::new).map_or(Scope::All, Scope::One)
    }

    /// Their authenticator app.
    #[must_use]
    pub fn authenticator(&self) -> Authenticator {
        Authenticator::from_secret(Secret::new(self.secret.to_vec()))
    }

    /// Where they work, for lists.
    #[must_use]
    pub fn place_name(&self) -> &'static str {
        self.place.and_then(Prefecture::new).map_or("すべて", Prefecture::name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::offices::{self, OFFICES};
    use crate::kernel::UserId;
    use crate::security::passwords;
    use crate::security_code;

    #[test]
    fn the_passwords_keep_the_rules() {
        for office in &OFFICES {
            let entry = office.entry();
            assert_eq!(passwords::check_office(OFFICE_PASSWORD, UserId::of(entry.key), &entry.name, 16), Ok(()));
        }
        let coded = UserId::of(offices::key(offices::WITH_CODE.0, offices::WITH_CODE.1));
        assert!(security_code::judge(OFFICE_CODE, coded).is_ok());
        assert_eq!(passwords::check_portal(PORTAL_PASSWORD, &["tanto@example.jp", "tanto"]), Ok(()));
        for one in &STAFF {
            assert_eq!(passwords::check_staff(STAFF_PASSWORD, one.name), Ok(()));
        }
        assert!(TEMPORARY_PASSWORD.len() == 16 && !TEMPORARY_PASSWORD.contains(['0', 'O', 'o', '1', 'l', 'I']));
    }
}
