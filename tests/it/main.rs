mod mail_transport;
mod support;
