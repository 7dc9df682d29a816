//! Forms of an office that must be refused, field by field.
