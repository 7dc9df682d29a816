//! A password that nobody chooses (spec 2): temporary ones on letters, initial ones of the portal. 16 characters of 56, which are 92
//! bits, with at least one of each class.

use zeroize::Zeroize as _;

use crate::kernel::{Random, Secret};

/// Letters of both cases and digits, without 0 O o 1 l I.
const ALPHABET: &[u8; 56] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
const LENGTH: usize = 16;

/// A password drawn from `random` (quality bar 27): the same for the same seed.
#[must_use]
pub fn drawn(random: &Random) -> Secret<String> {
    loop {
        let mut password = String::with_capacity(LENGTH);
        for _ in 0..LENGTH {
            let place = random.below(56) as usize;
            password.push(char::from(ALPHABET[place]));
        }
        let has = |class: fn(&u8) -> bool| password.bytes().any(|b| class(&b));
        // One in twelve lacks a digit; throwing those away costs a seventh of a bit.
        if has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit) {
            return Secret::new(password);
        }
        password.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q26_drawn_passwords_have_all_classes_and_no_look_alikes() {
        let random = Random::seeded(26);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..2_000 {
            let password = drawn(&random);
            let password = password.expose();
            assert_eq!(password.len(), 16);
            assert!(password.bytes().all(|b| b.is_ascii_alphanumeric() && !b"0Oo1lI".contains(&b)), "{password}");
            assert!(password.bytes().any(|b| b.is_ascii_uppercase()));
            assert!(password.bytes().any(|b| b.is_ascii_lowercase()));
            assert!(password.bytes().any(|b| b.is_ascii_digit()));
            assert!(seen.insert(password.clone()));
        }
        let bits = 16.0 * (ALPHABET.len() as f64).log2() + (1.0 - (48.0_f64 / 56.0).powi(16)).log2();
        assert!(bits > 90.0, "{bits}");
    }

    #[test]
    fn every_character_of_the_alphabet_occurs_about_equally_often() {
        let random = Random::seeded(1);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..3_500 {
            drawn(&random).expose().bytes().for_each(|b| *counts.entry(b).or_insert(0_u32) += 1);
        }
        assert_eq!(counts.len(), 56);
        assert!(counts.values().all(|n| (850..1200).contains(n)), "{counts:?}");
    }
}
