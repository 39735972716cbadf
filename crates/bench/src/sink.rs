//! Where messages arrive: as much of the Bot API as the server calls, with answers that are always the same. A thread of
//! its own notes which event came when, and does nothing else.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use crate::clock;

/// What stands before an event's number in its subject.
pub(crate) const MARKER: &str = "bench-";

/// The sink, while it runs.
#[derive(Clone)]
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    messages: AtomicU64,
    /// The chat that never answers; 0 for none.
    hanging: AtomicI64,
    arrivals: Mutex<Vec<Arrival>>,
}

/// What came of an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) copies: u32,
    /// When the first copy came.
    pub(crate) at: Duration,
}

impl Sink {
    /// Starts the thread.
    pub(crate) async fn start() -> Result<Self> {
        let (ready, started) = oneshot::channel();
        let state = Arc::<State>::default();
        let shared = state.clone();
        thread::Builder::new().name("sink".to_owned()).spawn(move || listen(ready, &shared))?;
        Ok(Self { address: started.await.context("the sink does not start")?, state })
    }

    /// Forgets everything, and expects so many events.
    pub(crate) fn expect(&self, events: usize) {
        *self.arrivals() = vec![Arrival::default(); events];
        self.state.messages.store(0, Ordering::SeqCst);
    }

    /// How many messages came.
    pub(crate) fn messages(&self) -> u64 {
        self.state.messages.load(Ordering::SeqCst)
    }

    /// Lets this chat hang from now on; 0 lets all answer.
    pub(crate) fn hang(&self, chat: i64) {
        self.state.hanging.store(chat, Ordering::SeqCst);
    }

    /// What came of each event.
    pub(crate) fn arrivals(&self) -> MutexGuard<'_, Vec<Arrival>> {
        self.state.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn listen(ready: oneshot::Sender<SocketAddr>, state: &Arc<State>) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        // Nobody else waits for it.
        let _ = ready.send(listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            // A connection that breaks is the caller's business.
            tokio::spawn(serve(stream, state.clone()));
        }
    })
}

async fn serve(mut stream: TcpStream, state: Arc<State>) -> std::io::Result<()> {
    let mut buffer = Vec::with_capacity(16 * 1024);
    loop {
        while let Some((length, answer)) = answer(&buffer, &state) {
            match answer {
                Some(answer) => stream.write_all(answer.as_bytes()).await?,
                None => std::future::pending().await,
            }
            buffer.drain(..length);
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

/// The length of the first request, if it is there as a whole, and what to answer; nothing if its chat hangs.
fn answer(buffer: &[u8], state: &State) -> Option<(usize, Option<String>)> {
    let end = find(buffer, b"\r\n\r\n")? + 4;
    let head = str::from_utf8(buffer.get(..end)?).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let body = buffer.get(end..end + length.unwrap_or_default())?;
    let method = head.split(' ').nth(1)?.rsplit('/').next()?;
    let chat = number_behind(body, b"\"chat_id\":").unwrap_or_default();
    let result = match method {
        "getMe" => r#"{"id":700000,"is_bot":true,"first_name":"Bench","username":"bench_bot"}"#.to_owned(),
        "getChat" => format!(r#"{{"id":{chat},"type":"private","first_name":"Ada"}}"#),
        "sendMessage" => {
            if state.hanging.load(Ordering::Relaxed) == chat {
                return Some((end + body.len(), None));
            }
            note(body, state);
            format!(r#"{{"message_id":1,"date":1764000000,"chat":{{"id":{chat},"type":"private"}},"text":"."}}"#)
        }
        _ => "true".to_owned(),
    };
    let body_length = result.len() + r#"{"ok":true,"result":}"#.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {body_length}\r\n\r\n\
         {{\"ok\":true,\"result\":{result}}}"
    );
    Some((end + body.len(), Some(answer)))
}

fn note(body: &[u8], state: &State) {
    if let Some(number) = number_behind(body, MARKER.as_bytes()) {
        let mut arrivals = state.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(arrival) = usize::try_from(number).ok().and_then(|number| arrivals.get_mut(number)) {
            arrival.copies += 1;
            if arrival.copies == 1 {
                arrival.at = clock::now();
            }
        }
    }
    state.messages.fetch_add(1, Ordering::SeqCst);
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn number_behind(text: &[u8], what: &[u8]) -> Option<i64> {
    let rest = text.get(find(text, what)? + what.len()..)?;
    let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    str::from_utf8(rest.get(..end)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_noted_and_answered() {
        let state = State::default();
        state.arrivals.lock().unwrap().resize(8, Arrival::default());
        let body = r#"{"chat_id":100001,"text":"<b>Subject:</b> bench-7"}"#;
        let request = format!("POST /bot1:x/sendMessage HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        assert!(answer(&request.as_bytes()[..request.len() - 1], &state).is_none());
        let (length, said) = answer(request.as_bytes(), &state).unwrap();
        assert_eq!(length, request.len());
        let said = said.unwrap();
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{said}");
        assert_eq!((state.arrivals.lock().unwrap()[7].copies, state.messages.load(Ordering::SeqCst)), (1, 1));
        state.hanging.store(100_001, Ordering::SeqCst);
        assert!(answer(request.as_bytes(), &state).unwrap().1.is_none());
    }
}
