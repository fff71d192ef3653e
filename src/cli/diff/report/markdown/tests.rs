use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use serde_json::{Value, json};

use super::*;
use crate::object::{Kind, Object, ObjectRef};

fn about() -> About {
    About {
        from: "origin/main".into(),
        to: "HEAD".into(),
        source: "main".into(),
        environment: Some("prod".into()),
        path: "apps".into(),
        command: "portfolio diff origin/main...HEAD --path apps --environment prod".into(),
    }
}

fn object(kind: Kind, name: &str, data: &str) -> Object {
    let content = json!({"metadata": {"namespace": "shop", "name": name}, "data": {"file": data}});
    Object::new(ObjectRef::new(kind, "shop", name), content)
}

fn id() -> DocumentId {
    DocumentId::app("shop", "web")
}

fn changed(count: usize, text: &str) -> Changes {
    let mut changes = Changes::default();
    for number in 0..count {
        let name = format!("object-{number}");
        let (before, after) =
            (object(Kind::ConfigMap, &name, "old\n"), object(Kind::ConfigMap, &name, &format!("{text}\n")));
        changes.push(&id(), What::Changed, Some(before), Some(after));
    }
    changes
}

/// What a reader of Markdown makes of a comment.
#[derive(Debug, Default, PartialEq)]
struct Read {
    /// The content of each block of code.
    blocks: Vec<String>,
    /// Cells of each row of the table, without its header.
    rows: Vec<Vec<String>>,
    /// Tags of HTML, in order.
    tags: Vec<String>,
}

fn read(comment: &str) -> Read {
    let mut read = Read::default();
    let (mut code, mut cell, mut head) = (None::<String>, None::<String>, false);
    for event in Parser::new_ext(comment, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                assert_eq!(&*info, "diff");
                code = Some(String::new());
            }
            Event::End(TagEnd::CodeBlock) => read.blocks.extend(code.take()),
            Event::Start(Tag::TableHead) => head = true,
            Event::End(TagEnd::TableHead) => head = false,
            Event::Start(Tag::TableRow) => read.rows.push(Vec::new()),
            Event::Start(Tag::TableCell) => cell = Some(String::new()),
            Event::End(TagEnd::TableCell) if !head => {
                read.rows.last_mut().unwrap().extend(cell.take());
            }
            Event::Text(text) => {
                if let Some(into) = code.as_mut().or(cell.as_mut()) {
                    into.push_str(&text);
                }
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                let tags = html.split('<').skip(1).filter_map(|rest| rest.split(['>', ' ']).next());
                read.tags.extend(tags.map(str::to_owned));
            }
            Event::Start(
                Tag::CodeBlock(CodeBlockKind::Indented)
                | Tag::Link { .. }
                | Tag::Image { .. }
                | Tag::Emphasis,
            ) => panic!("{comment}"),
            _ => {}
        }
    }
    read
}

#[test]
fn a_push_is_told_from_the_summary_down_to_the_lines() {
    let mut changes = changed(1, "new");
    changes.push(&id(), What::Deleted, Some(object(Kind::PersistentVolumeClaim, "web-data", "x")), None);
    changes.push(&id(), What::Deleted, Some(object(Kind::Service, "web", "x")), None);
    changes.push(
        &id(),
        What::Replaced,
        Some(object(Kind::ConfigMap, "web-config-1a", "one")),
        Some(object(Kind::ConfigMap, "web-config-2b", "two")),
    );
    changes.push(
        &id(),
        What::Changed,
        Some(Object::new(
            ObjectRef::new(Kind::Deployment, "shop", "web"),
            json!({"spec": {"template": {"a": 1}}}),
        )),
        Some(Object::new(
            ObjectRef::new(Kind::Deployment, "shop", "web"),
            json!({"spec": {"template": {"a": 2}}}),
        )),
    );
    changes.tell(
        &id(),
        What::NotOurs,
        ObjectRef::new(Kind::Service, "shop", "db"),
        "it is managed by Helm".into(),
    );
    changes
        .held
        .insert(DocumentId::app("shop", "cart"), "apps/cart.yaml:6:3: error[PF0103]: unknown field".into());
    changes.errors.push("apps/cart.yaml:6:3: error[PF0103]: unknown field `prot`".into());
    let comment = markdown(&changes, &about());
    assert!(comment.starts_with("<!-- portfolio diff source=main environment=prod path=apps -->\n"));
    insta::assert_snapshot!(comment);
}

#[test]
fn nothing_that_changes_is_a_comment_too() {
    let comment = markdown(&Changes::default(), &about());
    insta::assert_snapshot!(comment);
}

#[test]
fn what_does_not_fit_is_left_out_in_whole_blocks_and_counted() {
    let comment = markdown(&changed(600, &"x".repeat(2_000)), &about());
    let length = comment.chars().count();
    assert!((LIMIT - 5_000..=LIMIT).contains(&length), "{length}");
    let read = read(&comment);
    let shown = read.blocks.len();
    assert!(read.blocks.iter().all(|block| block.ends_with('\n') && block.contains("+++ b/")), "{comment}");
    let last = comment.lines().last().unwrap();
    assert!(last.starts_with(&format!("{} objects are not shown here", 600 - shown)), "{last}");
    assert!(last.contains("portfolio diff origin/main...HEAD"), "{last}");
    assert!(comment.contains(" more\n"), "the table ends, too");
    balanced(&read);
}

#[test]
fn one_object_that_is_too_large_leaves_room_for_the_others() {
    let mut changes = changed(1, &"large\n".repeat(20_000));
    changes.objects.extend(changed(3, "small").objects);
    let comment = markdown(&changes, &about());
    assert_eq!(read(&comment).blocks.len(), 3);
    assert!(comment.contains("1 object is not shown here"), "{comment}");
}

fn balanced(read: &Read) {
    for tag in ["details", "summary", "code", "b"] {
        let count = |wanted: &str| read.tags.iter().filter(|found| *found == wanted).count();
        assert_eq!(count(tag), count(&format!("/{tag}")), "{tag}: {:?}", read.tags);
    }
    let known = ["!--", "details", "summary", "code", "b", "br", "/details", "/summary", "/code", "/b"];
    assert!(read.tags.iter().all(|tag| known.contains(&tag.as_str())), "{:?}", read.tags);
}

/// Texts that are made to break out.
fn hostile() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "```",
        "````",
        "\n",
        "~~~",
        "</details>",
        "<script>",
        "-->",
        "|",
        "\\",
        "\\|",
        "`",
        "*",
        "_",
        "[a](b)",
        "@team",
        "#1",
        "&amp;",
        "    ",
        "\r",
        "\u{0}",
        "a",
        "é",
        "1. ",
        "> ",
        "- ",
        "$x$",
        "https://example.com",
        "![",
        "<!--",
    ]);
    prop::collection::vec(parts, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn no_content_breaks_the_comment(text in hostile(), key in hostile(), why in hostile()) {
        let mut changes = changed(2, &text);
        let content = |value: &str| {
            let mut data = serde_json::Map::new();
            data.insert(key.clone(), Value::from(value));
            Object::new(ObjectRef::new(Kind::ConfigMap, "shop", "map"), json!({"data": data}))
        };
        changes.push(&id(), What::Changed, Some(content("before")), Some(content(&text)));
        changes.tell(&id(), What::Refused, ObjectRef::new(Kind::Service, "shop", "web"), why.clone());
        changes.held.insert(id(), why.clone());
        changes.errors.push(why);
        let comment = markdown(&changes, &about());
        let read = read(&comment);
        let differ = changes.objects.iter().map(of_object).filter(|diff| !diff.is_empty());
        let mut expected: Vec<String> = differ.collect();
        let mut found = read.blocks.clone();
        expected.sort();
        found.sort();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(read.rows.len(), changes.objects.len());
        prop_assert!(read.rows.iter().all(|row| row.len() == 3), "{:?}", read.rows);
        balanced(&read);
    }
}
