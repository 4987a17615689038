//! Running `az` and `azd`, which may wait for a network or a person that never answers.

use std::ffi::OsStr;
use std::io;
use std::process::{Output, Stdio};
use std::time::Duration;

use azure_identity::Executor;

/// `az` starts slowly and may ask Entra; it takes seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a tool without stdin, for a bounded time; its shell ends with the wait.
#[derive(Debug)]
pub(super) struct Tool(pub(super) &'static str);

#[async_trait::async_trait]
impl Executor for Tool {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        let mut command = tokio::process::Command::new(program);
        command.args(args).stdin(Stdio::null()).kill_on_drop(true);
        tokio::time::timeout(PATIENCE, command.output())
            .await
            .unwrap_or_else(|_| {
                let why = format!("{} did not answer within {} s", self.0, PATIENCE.as_secs());
                Err(io::Error::new(io::ErrorKind::TimedOut, why))
            })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Time stands still but where somebody waits for it: half a minute passes at once.
    #[tokio::test(start_paused = true)]
    async fn point_15_a_tool_that_never_answers_is_waited_for_seconds() {
        let tool = Tool("az");
        let args = [OsStr::new("600")];
        let error = tool.run(OsStr::new("sleep"), &args).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(error.to_string(), "az did not answer within 30 s");
    }
}
