//! How much is received, looked at and stored at a time, and what whoever comes then is told.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use super::{
    client::{Answer, Client},
    files::{attachments, base64, picture},
    house::House,
};
use crate::{
    process::{
        server::{LONG, LOOK, Server},
        talk::Person,
    },
    support::{bucket::SilentBucket, pods::Pods},
};

/// As `files::UPLOADS_MAX`, `OWN_UPLOADS_MAX` and `SILENCE` of an upload.
const ALL: usize = 8;
const OWN: usize = 3;
const SILENCE: Duration = Duration::from_secs(15);
/// That each waits for a turn.
const TURN: Duration = Duration::from_secs(5);
const NOT_COUNTED: [&str; 2] = ["--rate-upload", "0"];

/// A guest with a session, who sends files by HTTP.
struct Sender {
    server: std::net::SocketAddr,
    path: String,
    token: String,
    _person: Person,
}

impl Sender {
    async fn guest(server: &Server) -> Self {
        let mut person = Person::guest(server.address).await;
        let started = person.granted("guest:start", json!({})).await;
        Self {
            server: server.address,
            path: attachments(&started),
            token: started["token"].as_str().unwrap().to_owned(),
            _person: person,
        }
    }

    fn client(&self) -> Client {
        Client::with_token(self.server, &self.token)
    }

    /// A small one to its session.
    async fn sends(&self) -> Answer {
        let text = b"text".to_vec();
        self.client().upload(&self.path, "file", text).await
    }

    /// Has its turn, begins the file with this, and then says nothing more.
    async fn begin(&self, body: &str) -> TcpStream {
        begin(self.server, &self.path, &self.token, body).await
    }
}

const FIRST: &str =
    "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nthe first";

async fn begin(server: std::net::SocketAddr, path: &str, token: &str, body: &str) -> TcpStream {
    const GO_ON: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let head = format!(
        "POST /api/v1{path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nexpect: 100-continue\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 9000\r\n\r\n"
    );
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // It is said when the first of the body is waited for, so after its turn has come.
    let mut answer = [0; GO_ON.len()];
    let read = timeout(LONG, stream.read_exact(&mut answer)).await.unwrap();
    read.unwrap();
    assert_eq!(answer, GO_ON, "{}", String::from_utf8_lossy(&answer));
    stream.write_all(body.as_bytes()).await.unwrap();
    stream
}

/// What it is answered in the end.
async fn answer(mut stream: TcpStream) -> String {
    let mut said = String::new();
    let ends = async {
        let mut part = [0; 1024];
        while !said.contains('}') {
            let read = stream.read(&mut part).await.unwrap();
            assert!(read > 0, "cut off after {said}");
            said.push_str(std::str::from_utf8(&part[..read]).unwrap());
        }
    };
    timeout(SILENCE + LONG, ends).await.unwrap();
    said
}

async fn is_counted(server: &Server, series: &str, count: usize) {
    server
        .measured_with(&format!("switchboard_{series} {count}"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_files_are_received_a_few_at_a_time_and_who_falls_silent_makes_room() {
    let house = House::start_with(&NOT_COUNTED).await;
    let server = &house.server;
    let guests = join_all((0..4).map(|_| Sender::guest(server))).await;
    let begun = Instant::now();
    let mut sending = Vec::new();
    for at in 0..ALL {
        // One of them does not even begin.
        let body = if at == 0 { "" } else { FIRST };
        sending.push(guests[at / OWN].begin(body).await);
    }
    let late = guests[3].client();
    let path = &guests[3].path;
    let refused = late.upload(path, "file", b"a text".to_vec()).await;
    refused.refused(503, "unavailable");
    assert!(begun.elapsed() >= TURN, "nobody waited for a turn");
    is_counted(server, "limit_total{limit=\"uploads\"}", 1).await;
    // One goes away, which makes room.
    drop(sending.pop());
    late.upload(path, "file", b"a text".to_vec())
        .await
        .granted();

    let silent = sending.len();
    for said in join_all(sending.into_iter().map(answer)).await {
        assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
        assert!(said.contains("application/problem+json"), "{said}");
    }
    assert!(begun.elapsed() >= SILENCE, "{:?}", begun.elapsed());
    is_counted(server, "uploads_total{outcome=\"silent\"}", silent).await;
    let all = guests
        .iter()
        .map(async |guest| guest.sends().await.granted());
    join_all(all).await;
    house.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_one_person_sends_a_few_files_at_a_time_and_leaves_turns_to_others() {
    let house = House::start_with(&NOT_COUNTED).await;
    let server = &house.server;
    let (guest, other) = tokio::join!(Sender::guest(server), Sender::guest(server));
    let ada = house.operator("ada", "agent").await;
    let mut sending = Vec::new();
    for _ in 0..OWN {
        sending.push(guest.begin(FIRST).await);
    }
    let refused = guest.sends().await;
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(refused.refused(429, "rate_limited")["retryAfterMs"], 1000);
    is_counted(server, "limit_total{limit=\"own_uploads\"}", 1).await;
    is_counted(server, "uploads_total{outcome=\"rate_limited\"}", 1).await;
    for client in [&other.client(), &ada] {
        let sent = client.upload(&other.path, "file", b"text".to_vec()).await;
        sent.granted();
    }
    // To the same session somebody else may send.
    let sent = ada.upload(&guest.path, "file", b"text".to_vec()).await;
    sent.granted();
    drop(sending.pop());
    let again = async {
        while guest.sends().await.status == 429 {
            sleep(LOOK).await;
        }
    };
    timeout(LONG, again).await.unwrap();
    guest.sends().await.granted();

    // An operator has as many, whatever the session is.
    let token = ada.bearer();
    for at in 0..OWN {
        let path = [&guest.path, &other.path][at % 2];
        sending.push(begin(server.address, path, token, FIRST).await);
    }
    let refused = ada.upload(&guest.path, "file", b"text".to_vec()).await;
    refused.refused(429, "rate_limited");
    other
        .client()
        .upload(&other.path, "file", b"text".to_vec())
        .await
        .granted();
    house.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_the_store_is_asked_a_few_times_at_a_time() {
    const ASKED: usize = 4;
    let bucket = SilentBucket::start();
    let settings = bucket.settings();
    let settings = settings.iter().map(|(k, v)| (*k, v.as_str()));
    let settings: Vec<_> = settings.chain([("RATE_UPLOAD", "0")]).collect();
    let pods = Pods::start_with(1, &settings).await;
    let server = &pods.servers()[0];
    let guests = join_all((0..2).map(|_| Sender::guest(server))).await;
    let begun = Instant::now();
    let uploads = (0..=ASKED).map(async |at| {
        let guest = &guests[at / OWN];
        guest.sends().await.refused(503, "unavailable");
        begun.elapsed()
    });
    let took = join_all(uploads).await;
    // One waits for its turn alone, the others for the store.
    let first = took.iter().min().unwrap();
    assert!((TURN..2 * TURN).contains(first), "{took:?}");
    let page = server.measured().await;
    for line in [
        "switchboard_limit_total{limit=\"file_store\"} 1",
        "switchboard_file_store_errors_total 4",
    ] {
        assert!(page.contains(line), "{line} in {page}");
    }
    pods.stop().await;
}

/// As many large pictures as take longer to look at than anybody waits for that.
#[tokio::test(flavor = "multi_thread")]
async fn p8_pictures_are_looked_at_a_few_at_a_time() {
    const LOOKS: u32 = 2;
    let house = House::start_with(&NOT_COUNTED).await;
    let server = &house.server;
    let url = format!("data:image/png;base64,{}", base64(&picture(5000)));
    let picture = json!({ "type": "image", "message": "", "file": url });
    let mut first = Person::guest(server.address).await;
    first.granted("guest:start", json!({})).await;
    let begun = Instant::now();
    first.granted("guest:message", picture.clone()).await;
    let each = begun.elapsed().max(Duration::from_millis(20));
    let count = 2 * LOOKS * u32::try_from(TURN.as_millis() / each.as_millis() + 1).unwrap();
    let mut guests = Vec::new();
    for _ in 0..count {
        let mut guest = Person::guest(server.address).await;
        guest.granted("guest:start", json!({})).await;
        guests.push(guest);
    }
    let answers = guests.iter_mut().map(async |guest| -> Value {
        let asked = guest.emit("guest:message", &picture).await.unwrap();
        guest.answer(asked).await.unwrap()
    });
    let answers = timeout(LONG * 3, join_all(answers)).await.unwrap();
    let of = |code: Value| {
        let those = answers.iter().filter(|it| it["error"]["code"] == code);
        those.count()
    };
    let (refused, taken) = (of(json!("unavailable")), of(Value::Null));
    assert_eq!(refused + taken, answers.len(), "{answers:?}");
    assert!(
        refused > 0 && taken > 0,
        "{refused} of {count}, {each:?} each"
    );
    is_counted(server, "limit_total{limit=\"looks\"}", refused).await;
    house.server.stop().await;
}
