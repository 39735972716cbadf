//! The outbound HTTP port on reqwest: deadlines, size caps, no redirects, address guard.
