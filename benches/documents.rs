//! From files to objects, without a cluster: what one core does of it in how long.
#![allow(missing_docs, reason = "criterion's macros write functions without any")]

mod corpus;

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use portfolio::document::{Cache, Document, Loaded, Tree, load};
use portfolio::object::Object;
use portfolio::render::{RendererVersion, render, to_yaml};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Parse and validate, nothing known before.
fn read(tree: &Tree) -> Loaded {
    load(tree, &corpus::options(), &mut Cache::default())
}

/// The objects of every app, app by app.
fn objects(loaded: &Loaded, mut take: impl FnMut(Vec<Object>)) {
    let owner = corpus::owner();
    for document in loaded.documents.values() {
        if let Document::App(app) = &document.document {
            take(render(app, &owner, RendererVersion::CURRENT));
        }
    }
}

/// Parse, validate and render, each app's objects given up before the next.
fn whole(tree: &Tree) -> usize {
    let mut count = 0;
    objects(&read(tree), |objects| count += black_box(objects).len());
    count
}

/// The same down to the text that `portfolio render` prints.
fn text(tree: &Tree) -> String {
    let mut text = String::new();
    objects(&read(tree), |objects| text.push_str(&to_yaml(&objects)));
    text
}

/// What is about to be measured does what it should, the same each time.
fn check(tree: &Tree, count: usize) {
    let loaded = read(tree);
    assert_eq!(
        (loaded.documents.len(), loaded.diagnostics.len()),
        (count, 0),
        "{:?}",
        loaded.diagnostics.first()
    );
    assert_eq!(whole(tree), count * corpus::OBJECTS);
    assert_eq!(text(tree), text(tree));
}

fn loading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load 1,000");
    for (name, tree) in [
        ("one in each file", corpus::one_in_each(1_000, corpus::app)),
        ("hundred in each file", corpus::hundred_in_each(1_000, corpus::app)),
        ("three environments", corpus::one_in_each(1_000, corpus::app_with_environments)),
    ] {
        check(&tree, 1_000);
        group.throughput(Throughput::Bytes(corpus::bytes(&tree)));
        group.bench_function(name, |bench| bench.iter(|| black_box(read(&tree))));
    }
    let tree = corpus::one_in_each(1_000, corpus::app);
    let mut cache = Cache::default();
    load(&tree, &corpus::options(), &mut cache);
    group.bench_function("every file known", |bench| {
        bench.iter(|| black_box(load(&tree, &corpus::options(), &mut cache)));
    });
    let wrong = corpus::one_in_each(1_000, |number| corpus::app_with_mistakes(number, 10));
    group.bench_function("one in ten wrong", |bench| bench.iter(|| black_box(read(&wrong))));
    group.finish();
}

/// Each alias stands for ten of the line before: ten to the hundredth values, if anybody made them.
fn alias_bomb(criterion: &mut Criterion) {
    let mut text = corpus::app(0);
    for level in 1..100 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(text, "  a{level}: &a{level} [{aliases}]");
    }
    let tree = corpus::tree([("bomb.yaml".to_owned(), text)].into_iter());
    let refused = read(&tree);
    assert!(refused.documents.is_empty() && refused.blocked.len() == 1);
    criterion.bench_function("alias bomb refused", |bench| bench.iter(|| black_box(read(&tree))));
}

fn rendering(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("render 1,000");
    let loaded = read(&corpus::one_in_each(1_000, corpus::app));
    group.throughput(Throughput::Elements(1_000 * corpus::OBJECTS as u64));
    group.bench_function("objects", |bench| {
        bench.iter(|| objects(&loaded, |objects| drop(black_box(objects))));
    });
    let mut rendered = Vec::new();
    objects(&loaded, |mut objects| rendered.append(&mut objects));
    group.bench_function("to YAML", |bench| bench.iter(|| black_box(to_yaml(&rendered))));
    group.finish();
}

fn end_to_end(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse, validate and render");
    group.sample_size(10).measurement_time(Duration::from_secs(15));
    for count in [1_000, 10_000, 30_000] {
        let tree = corpus::one_in_each(count, corpus::app);
        check(&tree, count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("objects", count), |bench| {
            bench.iter(|| black_box(whole(&tree)));
        });
        if count == 10_000 {
            group.bench_function(BenchmarkId::new("text", count), |bench| {
                bench.iter(|| black_box(text(&tree)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, loading, alias_bomb, rendering, end_to_end);
criterion_main!(benches);
