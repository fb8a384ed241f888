use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex},
};

/// A server that `.ci/private` holds for us. It goes when this is dropped, and when the process that
/// has this dies, in whatever way: the script's input is a pipe from here.
pub struct Private {
    holder: Arc<Mutex<Holder>>,
    pid: u32,
    url: String,
}

/// Not one of tokio's processes: a server that tests share outlives the runtime of the first of them.
struct Holder {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Private {
    pub async fn start(arguments: &[&str]) -> Self {
        let mut command = script(arguments);
        let started = tokio::task::spawn_blocking(move || {
            let mut holder = Holder::spawn(&mut command);
            let ready = holder.answer();
            (Arc::new(Mutex::new(holder)), ready)
        });
        let (holder, ready) = started.await.unwrap_or_else(|error| panic!("{error}"));
        let (pid, url) = parse(&ready);
        Self { holder, pid, url }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The answer comes once it has been carried out.
    pub async fn order(&mut self, order: &'static str) -> String {
        let holder = Arc::clone(&self.holder);
        let answered = tokio::task::spawn_blocking(move || holder.lock().unwrap().order(order));
        answered.await.unwrap()
    }

    pub async fn restart(&mut self) {
        self.order("kill").await;
        let ready = self.order("start").await;
        let (pid, url) = parse(&ready);
        assert_eq!(url, self.url);
        self.pid = pid;
    }
}

/// `.ci/private`, with its output to be read.
pub fn script(arguments: &[&str]) -> Command {
    let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/private"));
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// `ready PID URL`.
pub fn parse(ready: &str) -> (u32, String) {
    let words: Vec<&str> = ready.split_whitespace().collect();
    match words.as_slice() {
        ["ready", pid, url] => (pid.parse().unwrap(), (*url).into()),
        _ => panic!("not what .ci/private says when it is ready: {ready:?}"),
    }
}

impl Holder {
    fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        Self {
            orders: child.stdin.take(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    fn order(&mut self, order: &str) -> String {
        let orders = self.orders.as_mut().unwrap();
        writeln!(orders, "{order}").unwrap();
        self.answer()
    }

    /// Fails with what the script says, such as which program is not here.
    fn answer(&mut self) -> String {
        let mut line = String::new();
        if self.answers.read_line(&mut line).unwrap() == 0 {
            let mut said = String::new();
            let errors = self.child.stderr.as_mut().unwrap();
            errors.read_to_string(&mut said).unwrap();
            panic!("{}", said.trim());
        }
        line
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.orders.take());
        // So that no test goes on beside the end of another one's server.
        let _ = self.child.wait();
    }
}
