//! Conformance suites and fakes for every port of the platform.
