//! What several tests share.

pub mod app;
pub mod browser;
pub mod contact;
pub mod desk;
pub mod disk;
pub mod first_login;
pub mod installed;
pub mod lines;
pub mod office;
pub mod passkey;
pub mod pdf;
pub mod portal;
pub mod refusal;
pub mod reissue;
pub mod sink;
pub mod sound;
pub mod staff;
pub mod wire;
pub mod world;

pub use app::TestApp;
pub use staff::staff;
