//! What codes are asked for, and their two sorts.

use serde::{Deserialize, Serialize};

/// What a code is asked for. A code of one purpose is wrong for every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Purpose {
    /// The contact address of a reissue application is being proved.
    ReissueContact,
    /// An applicant withdraws the application from the progress page.
    ReissueWithdraw,
    /// The first security address of an office is being proved, or the one that takes the place of all.
    FirstAddress,
    /// A security address that is added or changed is being proved.
    NewAddress,
    /// An office adds a security address.
    AddAddress,
    /// An office changes a security address.
    ChangeAddress,
    /// An office takes a security address out.
    DeleteAddress,
    /// ログイン情報再設定.
    Reset,
    /// An office lets a device in that is not known.
    NewDevice,
    /// 初回利用登録 of an office at the portal.
    PortalRegister,
    /// A user of the portal logs in on a device that is not trusted.
    PortalLogin,
    /// A user of the portal has lost the password.
    PortalLost,
    /// A user of the portal changes their address: asked at the present one.
    PortalMail,
    /// The address that a user of the portal changes to is being proved.
    PortalNewMail,
}

/// The two sorts of codes, with their length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// 確認コード, 4 digits: proves that an address receives mail, and never opens anything.
    Confirmation,
    /// ワンタイムパスワード, 6 digits: proves who somebody is.
    OneTime,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::ReissueContact,
        Self::ReissueWithdraw,
        Self::FirstAddress,
        Self::NewAddress,
        Self::AddAddress,
        Self::ChangeAddress,
        Self::DeleteAddress,
        Self::Reset,
        Self::NewDevice,
        Self::PortalRegister,
        Self::PortalLogin,
        Self::PortalLost,
        Self::PortalMail,
        Self::PortalNewMail,
    ];

    /// Which sort of code it asks for.
    #[must_use]
    pub const fn sort(self) -> Sort {
        match self {
            Self::ReissueContact | Self::FirstAddress | Self::NewAddress | Self::PortalNewMail => Sort::Confirmation,
            // They act on an application or an account, which four digits would guard too weakly.
            Self::ReissueWithdraw
            | Self::AddAddress
            | Self::ChangeAddress
            | Self::DeleteAddress
            | Self::Reset
            | Self::NewDevice
            | Self::PortalRegister
            | Self::PortalLogin
            | Self::PortalLost
            | Self::PortalMail => Sort::OneTime,
        }
    }

    /// The part of the code's derivation that keeps purposes apart. Never change: codes on their way would die.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ReissueContact => "reissue.contact",
            Self::ReissueWithdraw => "reissue.withdraw",
            Self::FirstAddress => "security_mail.first",
            Self::NewAddress => "security_mail.new",
            Self::AddAddress => "security_mail.add",
            Self::ChangeAddress => "security_mail.change",
            Self::DeleteAddress => "security_mail.delete",
            Self::Reset => "reset",
            Self::NewDevice => "login.device",
            Self::PortalRegister => "portal.register",
            Self::PortalLogin => "portal.login",
            Self::PortalLost => "portal.lost",
            Self::PortalMail => "portal.mail",
            Self::PortalNewMail => "portal.mail.new",
        }
    }

    /// Whether the portal asks for it of one of its users, and not of an office: its mail is M-14.
    #[must_use]
    pub(super) const fn is_of_portal_user(self) -> bool {
        matches!(self, Self::PortalLogin | Self::PortalLost | Self::PortalMail | Self::PortalNewMail)
    }
}

impl Sort {
    /// Its number of digits (S0, S1).
    #[must_use]
    pub const fn digits(self) -> u32 {
        match self {
            Self::Confirmation => 4,
            Self::OneTime => 6,
        }
    }

    /// Its name on screens and in mails.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Confirmation => "確認コード",
            Self::OneTime => "ワンタイムパスワード",
        }
    }
}
