//! What is printed while requests are served. Whoever reads stdout or stderr may be slow, or not
//! read at all: nobody here waits for it. Lines go through a bounded queue to one thread a stream,
//! which writes each at once; those that do not fit are counted, and the count is said.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use tokio::sync::{mpsc, oneshot};

use crate::output_file;

/// Lines that may wait.
const QUEUE: usize = 1024;

/// Where a line goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Results.
    Out,
    /// All else.
    Err,
}

enum Job {
    Line(String),
    Result(String, oneshot::Sender<io::Result<()>>),
    Flush(std::sync::mpsc::Sender<()>),
}

struct Writer {
    jobs: mpsc::Sender<Job>,
    missed: Arc<AtomicU64>,
}

/// Prints a line as soon as the reader takes it; without waiting.
pub fn print(stream: Stream, line: impl Into<String>) {
    let writer = stream.writer();
    if writer.jobs.try_send(Job::Line(line.into())).is_err() {
        writer.missed.fetch_add(1, Ordering::Relaxed);
    }
}

/// Prints a line of a result, and returns when it is written.
///
/// # Errors
/// It can't be written.
pub async fn print_result(line: impl Into<String>) -> io::Result<()> {
    let (tell, told) = oneshot::channel();
    let ended = || io::Error::other("the thread that prints has ended");
    let sent = Stream::Out
        .writer()
        .jobs
        .send(Job::Result(line.into(), tell));
    sent.await.map_err(|_| ended())?;
    told.await.map_err(|_| ended())?
}

/// Waits until all is written, for `patience` at most. Blocks: for the end of a program.
pub fn flush(patience: Duration) {
    let deadline = Instant::now() + patience;
    for writer in [&OUT, &ERR].into_iter().filter_map(OnceLock::get) {
        let (tell, told) = std::sync::mpsc::channel();
        while let Err(mpsc::error::TrySendError::Full(_)) =
            writer.jobs.try_send(Job::Flush(tell.clone()))
        {
            if Instant::now() >= deadline {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(tell);
        let _ = told.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

static OUT: OnceLock<Writer> = OnceLock::new();
static ERR: OnceLock<Writer> = OnceLock::new();

impl Stream {
    fn writer(self) -> &'static Writer {
        match self {
            Self::Out => OUT.get_or_init(|| {
                let choice = AutoStream::choice(&io::stdout());
                Writer::start("stdout", choice, io::stdout())
            }),
            Self::Err => ERR.get_or_init(|| {
                let choice = AutoStream::choice(&io::stderr());
                Writer::start("stderr", choice, io::stderr())
            }),
        }
    }
}

impl Writer {
    fn start(name: &str, choice: ColorChoice, mut to: impl Write + Send + 'static) -> Self {
        let (jobs, mut waiting) = mpsc::channel(QUEUE);
        let missed = Arc::new(AtomicU64::new(0));
        let count = missed.clone();
        let mut write = move |line: &str| -> io::Result<()> {
            let mut whole = match choice {
                ColorChoice::Never => strip_str(line).to_string(),
                _ => line.to_owned(),
            };
            whole.push('\n');
            if let Some(written) = output_file::write(&whole) {
                return written;
            }
            to.write_all(whole.as_bytes())?;
            to.flush()
        };
        // Without the thread every line is one that is missed.
        let _ = std::thread::Builder::new()
            .name(format!("print-{name}"))
            .spawn(move || {
                while let Some(job) = waiting.blocking_recv() {
                    // A closed stream is no reason to end: requests are served all the same.
                    match job {
                        Job::Line(line) => drop(write(&line)),
                        Job::Result(line, tell) => drop(tell.send(write(&line))),
                        Job::Flush(tell) => drop(tell.send(())),
                    }
                    let missed = count.swap(0, Ordering::Relaxed);
                    if missed > 0 {
                        let _ = write(&format!(
                            "greeting-local: {missed} lines were not printed: whoever reads them was slower"
                        ));
                    }
                }
            });
        Self { jobs, missed }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// A reader that takes a write only when the test lets it.
    struct Slow(Receiver<()>, Sender<String>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(io::Error::other)?;
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.1.send(text).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn point_16_what_does_not_fit_is_counted_and_said() {
        let (take, taken) = channel();
        let (told, writes) = channel();
        let writer = Writer::start("test", ColorChoice::Never, Slow(taken, told));
        let mut refused = 0;
        for number in 0..QUEUE + 10 {
            let line = Job::Line(format!("\u{1b}[31m{number}\u{1b}[0m"));
            if writer.jobs.try_send(line).is_err() {
                writer.missed.fetch_add(1, Ordering::Relaxed);
                refused += 1;
            }
        }
        // One may be on its way to the reader.
        assert!(refused >= 9, "{refused}");
        for _ in 0..2 {
            take.send(()).unwrap();
        }
        assert_eq!(
            writes.recv().unwrap(),
            "0\n",
            "one line, one write, no colour"
        );
        let said = writes.recv().unwrap();
        assert!(
            said.contains(&format!("{refused} lines were not printed")),
            "{said}"
        );
    }
}
