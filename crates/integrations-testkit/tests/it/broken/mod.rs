//! Adapters with one defect each: the suite of their port must find it, in the case that is there for it.

mod queue;
mod store;

/// A table of defects, each with the case that finds it: a test for each.
macro_rules! bites {
    ($defect:ident, $make:expr; $( $kind:ident: $($case:ident)::+, )+) => {$(
        #[test]
        #[expect(non_snake_case, reason = "named after the defect")]
        fn $kind() {
            use integrations_testkit::suite::{assert_bites, block_on};
            let run = |defect| move || block_on(async move { $($case)::+(&$make(defect)).await });
            assert_bites(stringify!($kind), run($defect::None), run($defect::$kind));
        }
    )+};
}
use bites;
