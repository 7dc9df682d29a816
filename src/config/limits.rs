//! `[limits]`: how many codes leave by mail (spec 2, D; ASVS 6.6.3), how many logins a network and all unknown devices may try, how many connections there
//! may be, and how many applications strangers may send for one office (D).

use serde::{Deserialize, Serialize};

use super::error::Findings;

/// Caps on codes sent by mail, on logins, on connections and on applications.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// For one pair of office and address, in an hour.
    pub codes_per_pair_hour: u32,
    /// For one pair of office and address, in a day.
    pub codes_per_pair_day: u32,
    /// To one address, in an hour: a head office serves many offices from one mailbox.
    pub codes_per_address_hour: u32,
    /// To one address, in a day.
    pub codes_per_address_day: u32,
    /// From one client network (/24, /64), in an hour.
    pub codes_per_network_hour: u32,
    /// Logins tried from one client network, in five minutes. A whole office at the start of a working day stays far below 60, and 60
    /// hashes take half a second of the machine. Forms of a reset, of some five each, are counted apart: twice as many.
    pub login_tries_per_network_5min: u32,
    /// Logins that are not right from devices which the typed account does not know, in all, in a minute. Each is an entry of the audit
    /// log and a hash; 300 keep a core busy for some seconds, and of honest offices' mistakes there are never as many.
    pub new_device_logins_per_minute: u32,
    /// Connections at once, in all. Each may hold some 100 KiB before it has asked for anything.
    pub connections: u32,
    /// Connections at once from one client network, but for trusted proxies. A browser opens six, and an idle one ends after 30 seconds.
    pub connections_per_network: u32,
    /// Applications that visitors send for one office, in a day. Anybody may apply for any office; beyond it the federation takes them
    /// in by telephone.
    pub applications_per_office_day: u32,
    /// Warnings that somebody has applied (M-12) to the registered addresses of one office, in a day.
    pub warnings_per_office_day: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            codes_per_pair_hour: 5,
            codes_per_pair_day: 10,
            codes_per_address_hour: 60,
            codes_per_address_day: 300,
            codes_per_network_hour: 30,
            login_tries_per_network_5min: 60,
            new_device_logins_per_minute: 300,
            connections: 2_000,
            connections_per_network: 200,
            applications_per_office_day: 10,
            warnings_per_office_day: 3,
        }
    }
}

pub(super) const KEYS: &[(&str, &str)] = &[
    ("limits.codes_per_pair_hour", "1から100までの整数（通）"),
    ("limits.codes_per_pair_day", "limits.codes_per_pair_hour 以上、1000までの整数（通）"),
    ("limits.codes_per_address_hour", "1から10000までの整数（通）"),
    ("limits.codes_per_address_day", "limits.codes_per_address_hour 以上、100000までの整数（通）"),
    ("limits.codes_per_network_hour", "1から10000までの整数（通）"),
    ("limits.login_tries_per_network_5min", "10から1000000までの整数（回）"),
    ("limits.new_device_logins_per_minute", "10から1000000までの整数（回）"),
    ("limits.connections", "100から100000までの整数（接続）"),
    ("limits.connections_per_network", "10以上、limits.connections までの整数（接続）"),
    ("limits.applications_per_office_day", "1から1000までの整数（件）"),
    ("limits.warnings_per_office_day", "1から100までの整数（回）"),
];

impl Limits {
    pub(super) fn validate(&self, found: &mut Findings) {
        found.expect("limits.codes_per_pair_hour", (1..=100).contains(&self.codes_per_pair_hour));
        found.expect("limits.codes_per_pair_day", (self.codes_per_pair_hour..=1_000).contains(&self.codes_per_pair_day));
        found.expect("limits.codes_per_address_hour", (1..=10_000).contains(&self.codes_per_address_hour));
        found.expect(
            "limits.codes_per_address_day",
            (self.codes_per_address_hour..=100_000).contains(&self.codes_per_address_day),
        );
        found.expect("limits.codes_per_network_hour", (1..=10_000).contains(&self.codes_per_network_hour));
        found.expect("limits.login_tries_per_network_5min", (10..=1_000_000).contains(&self.login_tries_per_network_5min));
        found.expect("limits.new_device_logins_per_minute", (10..=1_000_000).contains(&self.new_device_logins_per_minute));
        found.expect("limits.connections", (100..=100_000).contains(&self.connections));
        found.expect("limits.connections_per_network", (10..=self.connections).contains(&self.connections_per_network));
        found.expect("limits.applications_per_office_day", (1..=1_000).contains(&self.applications_per_office_day));
        found.expect("limits.warnings_per_office_day", (1..=100).contains(&self.warnings_per_office_day));
    }
}
