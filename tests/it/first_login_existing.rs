//! An existing office without a security address: asked after its login, with the box until the last day.
