//! How a conformance suite is written: each case once, and a named test of it for each adapter.

use std::{future::Future, time::Duration};

/// The longest that a case may run: far more than any needs, so that a case that hangs fails.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs one case on a tokio runtime with two worker threads, timers and I/O.
///
/// # Panics
/// If the case does, or if it is not over after a minute.
pub fn block_on<F: Future>(case: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(LIMIT, case).await.expect("the case is not over after a minute") })
}

/// Fails unless a case passes on a sound adapter and fails on one with a defect: so it is known to find it.
///
/// # Panics
/// If the case does not bite.
pub fn assert_bites(defect: &str, sound: impl FnOnce(), broken: impl FnOnce()) {
    sound();
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(broken));
    assert!(outcome.is_err(), "{defect}: the defect was not found");
}

/// Defines the cases of a suite.
///
/// ```text
/// suite! { $
///     clock_conformance in clock for Clock {
///         /// It does not go backwards.
///         async fn time_goes_forward(clock) {
///             let first = clock.now();
///             assert!(clock.now() >= first);
///         }
///     }
/// }
/// ```
///
/// makes of each case a public function over any implementation of the trait, the constant `CASES` with their names,
/// and the macro `clock_conformance!(make)`, which turns every case into a `#[test]` of the same name. There, `make`
/// is an `async fn` or async closure without arguments that gives a fresh implementation. `in clock` is the path of the module of this
/// crate in which the suite stands. The lone `$` hands the inner macro its dollar sign.
macro_rules! suite {
    ($d:tt $suite:ident in $($module:ident)::+ for $trait:ident {
        $( $(#[doc = $doc:literal])+ async fn $case:ident($subject:ident) $body:block )+
    }) => {
        $( $(#[doc = $doc])+ pub async fn $case($subject: &impl $trait) $body )+

        /// The names of all cases.
        pub const CASES: &[&str] = &[$( stringify!($case) ),+];

        /// Makes a `#[test]` of every case of this suite; the argument is an `async fn` or async closure that gives a fresh subject.
        #[macro_export]
        macro_rules! $suite {
            ($d make:expr) => {
                use $crate::$($module)::+ as $suite;
                $(
                    $(#[doc = $doc])+
                    #[test]
                    fn $case() {
                        $crate::suite::block_on(async { $suite::$case(&$d make().await).await });
                    }
                )+
            };
        }
    };
}
pub(crate) use suite;
