//! 照会一覧: what an office has asked its federation for, or somebody in its name, and how far it has come. Certificates come with their room.

pub mod pages;
