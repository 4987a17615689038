//! What is printed while requests are served. Whoever reads stdout or stderr may be slow, or not
//! read at all: nobody here waits for it. Lines go through a bounded queue to one thread a stream,
//! which makes their text and writes whole lines, as many at once as have come meanwhile; those that
//! do not fit are counted, and the count is said.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use tokio::sync::{mpsc, oneshot};

use crate::event::Paint;
use crate::output_file;

/// Lines that may wait.
const QUEUE: usize = 4096;
/// Lines of one write.
const AT_ONCE: usize = 256;
/// Bytes that stay allocated between writes.
const ROOM: usize = 64 * 1024;
/// What comes within this time of a write is in the next one: waking the thread for each line would
/// cost whoever prints more than the line does. Short enough that nobody sees it.
const PAUSE: Duration = Duration::from_millis(5);

/// Where a line goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Results.
    Out,
    /// All else.
    Err,
}

/// Adds a line's text to what the thread writes next.
type Later = Box<dyn FnOnce(&mut String, Paint) + Send>;

enum Job {
    Line(String),
    Later(Later),
    Result(String, oneshot::Sender<io::Result<()>>),
    Flush(std::sync::mpsc::Sender<()>),
}

struct Writer {
    jobs: mpsc::Sender<Job>,
    missed: Arc<AtomicU64>,
}

/// Prints a line as soon as the reader takes it; without waiting.
pub fn print(stream: Stream, line: impl Into<String>) {
    stream.writer().take(Job::Line(line.into()));
}

/// The same with a line whose text is added later, by the thread that writes it, without colours
/// where the stream shows none.
pub fn print_later(stream: Stream, line: impl FnOnce(&mut String, Paint) + Send + 'static) {
    stream.writer().take(Job::Later(Box::new(line)));
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
    fn start(name: &str, choice: ColorChoice, to: impl Write + Send + 'static) -> Self {
        let (jobs, waiting) = mpsc::channel(QUEUE);
        let missed = Arc::new(AtomicU64::new(0));
        let lines = Lines {
            choice,
            to,
            text: String::new(),
            missed: missed.clone(),
        };
        // Without the thread every line is one that is missed.
        let _ = std::thread::Builder::new()
            .name(format!("print-{name}"))
            .spawn(move || lines.of(waiting));
        Self { jobs, missed }
    }

    /// Without waiting: what does not fit is counted.
    fn take(&self, job: Job) {
        if self.jobs.try_send(job).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What the thread has.
struct Lines<W> {
    choice: ColorChoice,
    to: W,
    /// Whole lines, for the next write.
    text: String,
    missed: Arc<AtomicU64>,
}

impl<W: Write> Lines<W> {
    fn of(mut self, mut waiting: mpsc::Receiver<Job>) {
        while let Some(first) = waiting.blocking_recv() {
            // Whoever waits for an answer has the next line ready only after it.
            let mut somebody_waits = self.take(first);
            let more = std::iter::from_fn(|| waiting.try_recv().ok());
            for job in more.take(AT_ONCE - 1) {
                somebody_waits |= self.take(job);
            }
            let missed = self.missed.swap(0, Ordering::Relaxed);
            if missed > 0 {
                self.add(&format!(
                    "greeting-local: {missed} lines were not printed: whoever reads them was slower"
                ));
            }
            // A closed stream is no reason to end: requests are served all the same.
            let _ = self.write();
            if !somebody_waits {
                std::thread::sleep(PAUSE);
            }
        }
    }

    /// Whether whoever gave it waits for an answer.
    fn take(&mut self, job: Job) -> bool {
        match job {
            Job::Line(line) => self.add(&line),
            Job::Later(line) => {
                let paint = match self.choice {
                    ColorChoice::Never => Paint::Plain,
                    _ => Paint::Colours,
                };
                line(&mut self.text, paint);
                self.text.push('\n');
            }
            Job::Result(line, tell) => {
                let _ = self.write();
                self.add(&line);
                drop(tell.send(self.write()));
                return true;
            }
            Job::Flush(tell) => {
                let _ = self.write();
                let _ = tell.send(());
                return true;
            }
        }
        false
    }

    fn add(&mut self, line: &str) {
        match self.choice {
            ColorChoice::Never => self.text.extend(strip_str(line)),
            _ => self.text.push_str(line),
        }
        self.text.push('\n');
    }

    fn write(&mut self) -> io::Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        let written = output_file::write(&self.text).unwrap_or_else(|| {
            self.to.write_all(self.text.as_bytes())?;
            self.to.flush()
        });
        // What could not be written is lost; the room is kept for the next lines.
        self.text.clear();
        self.text.shrink_to(ROOM);
        written
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
        // The thread may have taken as many as it writes at once, and waits for the reader then.
        for number in 0..QUEUE + AT_ONCE + 10 {
            let line = Job::Line(format!("\u{1b}[31m{number}\u{1b}[0m"));
            if writer.jobs.try_send(line).is_err() {
                writer.missed.fetch_add(1, Ordering::Relaxed);
                refused += 1;
            }
        }
        assert!(refused >= 9, "{refused}");
        let mut said = String::new();
        while !said.contains("not printed") {
            take.send(()).unwrap();
            let write = writes.recv().unwrap();
            assert!(write.ends_with('\n'), "whole lines: {write:?}");
            assert!(!write.contains('\u{1b}'), "no colour: {write:?}");
            said.push_str(&write);
        }
        assert!(said.starts_with("0\n1\n"), "{said}");
        assert!(
            said.contains(&format!("{refused} lines were not printed")),
            "{said}"
        );
    }

    #[test]
    fn point_4_a_lines_text_is_made_by_the_thread_that_writes_it_and_one_write_has_many() {
        let (take, taken) = channel();
        let (told, writes) = channel();
        let writer = Writer::start("test", ColorChoice::Never, Slow(taken, told));
        let (made, by) = channel();
        for number in 0..100 {
            let made = made.clone();
            writer.take(Job::Later(Box::new(move |text, _| {
                let thread = std::thread::current().name().map(str::to_owned);
                let _ = made.send(thread);
                text.push_str(&number.to_string());
            })));
        }
        let mut said = String::new();
        let mut count = 0;
        while said.lines().count() < 100 {
            take.send(()).unwrap();
            said.push_str(&writes.recv().unwrap());
            count += 1;
        }
        // The first write may have found few lines; while it waited for its reader, all had come.
        assert!(count <= 2, "{count} writes");
        let lines: Vec<String> = (0..100).map(|number: u32| number.to_string()).collect();
        assert_eq!(said.lines().collect::<Vec<_>>(), lines);
        assert!(
            by.try_iter()
                .all(|name| name.as_deref() == Some("print-test"))
        );
    }
}
