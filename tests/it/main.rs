mod config;
mod mail_transport;
mod support;
