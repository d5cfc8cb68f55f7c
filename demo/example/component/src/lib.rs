//! A clock face.
