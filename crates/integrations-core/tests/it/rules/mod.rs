//! What the rules promise, over whatever may happen.

mod daily_limit;
mod life;
mod pacing;
mod parking;
mod retry;
mod witness;
