mod architecture;
mod config;
mod ledger_csv;
mod ledger_import;
mod mail_transport;
mod shell;
mod support;
