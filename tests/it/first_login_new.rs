//! The first login of a new office, from the terms to its notices.
