mod config;
mod ledger_csv;
mod mail_transport;
mod support;
