//! The store port on one SQLite file.
