//! The JSON Schemas in an editor: what the language server for YAML completes, shows and underlines in a document and
//! in the configuration.

use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use xtask::npm_tools::EDITOR;

/// The longest that an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// Where the cursor is in a document.
const CURSOR: char = '¦';

/// A language server that is talked to as an editor does.
///
/// Source: <https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/>.
struct Editor {
    server: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    next: u64,
}

impl Editor {
    fn open() -> Self {
        let modules = EDITOR.installed().unwrap_or_else(|error| panic!("{error:#}"));
        let mut server = Command::new("node")
            .arg(modules.join("yaml-language-server/bin/yaml-language-server"))
            .arg("--stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = server.stdin.take().unwrap();
        let mut output = BufReader::new(server.stdout.take().unwrap());
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut editor = Self { server, input, messages, next: 0 };
        let text_document = json!({"hover": {"contentFormat": ["markdown"]},
            "completion": {"completionItem": {"documentationFormat": ["markdown"]}}, "publishDiagnostics": {}});
        editor.ask(
            "initialize",
            &json!({"processId": null, "rootUri": null, "capabilities": {"textDocument": text_document}}),
        );
        editor.tell("initialized", &json!({}));
        // Nothing is to be looked up on the internet.
        let yaml = json!({"validate": true, "hover": true, "completion": true,
            "schemaStore": {"enable": false}, "kubernetesCRDStore": {"enable": false}});
        editor.tell("workspace/didChangeConfiguration", &json!({"settings": {"yaml": yaml}}));
        editor
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// The answer to a request.
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let mut answer =
            self.wait_for(method, |message| message["id"] == id && message.get("method").is_none());
        answer["result"].take()
    }

    fn wait_for(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.messages.recv_timeout(PATIENCE);
            let message = message.unwrap_or_else(|error| panic!("no answer to {what}: {error}"));
            if is_it(&message) {
                return message;
            }
            if let (Some(id), Some(_)) = (message.get("id"), message.get("method")) {
                let id = id.clone();
                self.send(&json!({"jsonrpc": "2.0", "id": id, "result": null}));
            }
        }
    }

    /// Shows a document that begins with the line that people put there. Returns where its cursor is.
    fn show(&mut self, schema: &str, text: &str) -> (String, Value) {
        let schema: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(schema);
        let text = format!("# yaml-language-server: $schema={}\n{text}", schema.display());
        let before = text.split(CURSOR).next().unwrap();
        let line = before.matches('\n').count();
        let character = before.rsplit('\n').next().unwrap().chars().count();
        self.next += 1;
        let uri = format!("file:///documents/{}.yaml", self.next);
        let text = text.replacen(CURSOR, "", 1);
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        self.tell("textDocument/didOpen", &json!({"textDocument": document}));
        (uri, json!({"line": line, "character": character}))
    }

    /// What may stand at the cursor.
    fn completions(&mut self, schema: &str, text: &str) -> Vec<String> {
        let (uri, position) = self.show(schema, text);
        let place = json!({"textDocument": {"uri": uri}, "position": position});
        let answer = self.ask("textDocument/completion", &place);
        let items = answer["items"].as_array().or_else(|| answer.as_array()).cloned().unwrap_or_default();
        items.iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
    }

    /// What is shown about the word at the cursor.
    fn hover(&mut self, schema: &str, text: &str) -> String {
        let (uri, position) = self.show(schema, text);
        let place = json!({"textDocument": {"uri": uri}, "position": position});
        let answer = self.ask("textDocument/hover", &place);
        answer["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// What is underlined, by line of the document without the schema's.
    fn underlined(&mut self, schema: &str, text: &str) -> Vec<String> {
        let (uri, _) = self.show(schema, text);
        let message = self.wait_for("diagnostics", |message| {
            message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri.as_str()
        });
        let found = message["params"]["diagnostics"].as_array().unwrap();
        let line = |found: &Value| found["range"]["start"]["line"].as_u64().unwrap();
        found.iter().map(|found| format!("{}: {}", line(found), found["message"].as_str().unwrap())).collect()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A message of the server; none at its end.
fn read(output: &mut impl std::io::BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.by_ref().read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().strip_prefix("Content-Length: ") {
            Some(number) => length = number.parse().ok()?,
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

const APP: &str = "apiVersion: portfolio.dev/v1alpha1\nkind: PortfolioApp\nmetadata: {name: shop}\nspec:\n  image: shop:1\n";

fn app(rest: &str) -> String {
    format!("{APP}{rest}")
}

#[track_caller]
fn assert_has(found: &[String], wanted: &[&str]) {
    for wanted in wanted {
        assert!(found.iter().any(|label| label == wanted), "{wanted} is not among {found:?}");
    }
}

#[test]
fn an_editor_completes_fields_and_values() {
    let mut editor = Editor::open();
    let fields = editor.completions("portfolioapp.json", &app("  ¦"));
    assert_has(&fields, &["replicas", "autoscaling", "jobs", "patches", "environments"]);
    assert!(!fields.iter().any(|label| label == "image"), "it is there already");
    let deeper = editor.completions("portfolioapp.json", &app("  probes:\n    ready:\n      ¦"));
    assert_has(&deeper, &["path", "tcp", "period"]);
    let values = editor.completions("portfolioapp.json", &app("  storage:\n    data:\n      accessMode: ¦"));
    assert_has(&values, &["ReadWriteOnce", "ReadWriteMany"]);
    let overlay = editor.completions("portfolioapp.json", &app("  environments:\n    dev:\n      ¦"));
    assert_has(&overlay, &["enabled", "replicas"]);
    let either = editor.completions("document.json", &app("  ¦"));
    assert_has(&either, &["replicas", "ingress"]);
}

#[test]
fn an_editor_shows_what_a_field_is() {
    let mut editor = Editor::open();
    for (text, wanted) in [
        ("  repl¦icas: 3\n", "Number of pods. Default 2."),
        ("  rollout:\n    dead¦line: 5m\n", "The longest a rollout may take. Default 10m."),
        ("  autoscaling:\n    ma¦x: 5\n", "The most pods."),
        ("  environments:\n    dev:\n      repl¦icas: 1\n", "Number of pods. Default 2."),
    ] {
        let shown = editor.hover("portfolioapp.json", &app(text));
        assert!(shown.contains(wanted), "{text}: {shown}");
    }
}

#[test]
fn an_editor_underlines_what_is_wrong_and_nothing_else() {
    let mut editor = Editor::open();
    for (text, wanted) in [
        ("  replica: 3\n", "Property replica is not allowed."),
        ("  replicas: many\n", "Incorrect type. Expected \"integer\"."),
        ("  pull: {policy: always}\n", "Value must be \"Always\" | \"IfNotPresent\" | \"Never\"."),
        ("  rollout: {deadline: 5 minutes}\n", "String does not match the pattern"),
        ("  autoscaling: {min: 2}\n", "Missing property \"max\"."),
    ] {
        let found = editor.underlined("portfolioapp.json", &app(text));
        assert!(
            found.len() == 1 && found[0].contains(wanted) && found[0].starts_with("6: "),
            "{text}: {found:?}"
        );
    }
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut looked_at = 0;
    for text in documents(&examples) {
        let found = editor.underlined("document.json", &text);
        assert_eq!(found, [""; 0], "{text}");
        looked_at += 1;
    }
    assert!(looked_at >= 7, "{looked_at} documents");
}

#[test]
fn an_editor_knows_the_configuration() {
    const SOURCE: &str = "sources:\n  - name: main\n    url: ./apps\n";
    let mut editor = Editor::open();
    for (text, wanted) in [
        ("¦", &["prune", "allow", "leaderElection"][..]),
        ("    ¦", &["branch", "poll", "namespaces"]),
        ("prune:\n  ¦", &["maxPercent", "minObjects", "protectKinds"]),
        ("logging:\n  level: ¦", &["info", "debug"]),
        ("logging:\n  format: ¦", &["text", "json"]),
    ] {
        let found = editor.completions("config.json", &format!("{SOURCE}{text}"));
        assert_has(&found, wanted);
        assert!(!found.iter().any(|label| label == "notify" || label == "verify"), "is not built yet");
    }
    for (text, wanted) in [
        ("    po¦ll: 1m\n", "The longest time between two looks at the repository"),
        ("prune: {max¦Percent: 10}\n", "in percent, 0 to 100. Default 25."),
        ("leader¦Election: false\n", "Default true."),
    ] {
        let shown = editor.hover("config.json", &format!("{SOURCE}{text}"));
        assert!(shown.contains(wanted), "{text}: {shown}");
    }
    for (text, wanted) in [
        ("pruen: {}\n", "Property pruen is not allowed."),
        ("    ulr: x\n", "Property ulr is not allowed."),
        ("    tag: v1\n    branch: main\n", "Property branch is not allowed."),
        ("logging: {level: inof}\n", "Valid values: \"error\", \"warn\""),
        ("apply: {concurrency: 1000}\n", "Value is above the maximum of 256."),
    ] {
        let found = editor.underlined("config.json", &format!("{SOURCE}{text}"));
        assert!(found.len() == 1 && found[0].contains(wanted), "{text}: {found:?}");
    }
    let right = "    tag: 1.4\ndrift: {schedule: \"0 3 * * *\"}\nhttp: {listen: \"127.0.0.1:8080\"}\n";
    assert_eq!(editor.underlined("config.json", &format!("{SOURCE}{right}")), [""; 0]);
}

/// The files of the examples with documents of ours.
fn documents(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(documents(&path));
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.extend(text.contains("portfolio.dev/v1alpha1\n").then_some(text));
        }
    }
    found
}
