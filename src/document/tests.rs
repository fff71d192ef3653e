//! What a whole tree of files comes to.

mod every_field;

use std::sync::Arc;

use globset::Glob;

use super::*;

/// A tree of these files.
pub(in crate::document) fn tree(files: &[(&str, &str)]) -> Tree {
    Tree { entries: files.iter().map(|(path, text)| ((*path).to_owned(), file(text.as_bytes()))).collect() }
}

pub(in crate::document) fn file(bytes: &[u8]) -> Entry {
    use sha2::Digest as _;
    Entry::File { id: hex::encode(sha2::Sha256::digest(bytes)), bytes: Arc::from(bytes) }
}

/// An app with these further lines in its `spec`.
pub(in crate::document) fn app(name: &str, spec: &str) -> String {
    let spec = indented(spec);
    format!(
        "apiVersion: portfolio.dev/v1alpha1\nkind: PortfolioApp\nmetadata:\n  name: {name}\n  namespace: shop\nspec:\n  image: example.com/{name}:1.0\n{spec}"
    )
}

/// Each line two columns to the right.
pub(in crate::document) fn indented(lines: &str) -> String {
    lines.lines().flat_map(|line| ["  ", line, "\n"]).collect()
}

/// How documents are read in tests: as the daemon does, with some further kinds allowed.
pub(in crate::document) fn options() -> Options {
    let kinds = ["ConfigMap", "Service", "ServiceAccount", "Role"].map(|kind| kind.parse().unwrap());
    let policy = Policy { kinds: kinds.into(), ..Policy::default() };
    Options { policy, ..Options::new(crate::render::judge) }
}

fn load_all(tree: &Tree) -> Loaded {
    load(tree, &options(), &mut Cache::default())
}

fn lines(loaded: &Loaded) -> Vec<String> {
    loaded.diagnostics.iter().map(ToString::to_string).collect()
}

fn only_app(loaded: &Loaded) -> &Validated<App> {
    match &loaded.documents.values().next().unwrap().document {
        Document::App(app) => app,
        Document::Migration(_) => panic!("a migration"),
    }
}

#[test]
fn a_bad_file_blocks_its_own_documents_and_all_pruning() {
    let broken = format!("{}---\n{}---\na: [\n", app("b", ""), app("c", ""));
    let loaded = load_all(&tree(&[("a.yaml", &app("a", "")), ("b.yaml", &broken), ("d.yml", &app("d", ""))]));
    assert_eq!(loaded.documents.keys().map(|id| id.name.as_str()).collect::<Vec<_>>(), ["a", "d"]);
    assert_eq!(loaded.blocked.keys().map(|id| id.name.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    assert!(!loaded.complete);
    assert_eq!(loaded.files, 3);
    let blocked = &loaded.blocked[&DocumentId::app("shop", "b")];
    assert!(blocked.message.starts_with("b.yaml:17:"), "{}", blocked.message);
}

#[test]
fn documents_of_others_are_left_alone_whatever_is_in_them() {
    let loaded = load_all(&tree(&[
        ("values.yaml", "a: &x {b: c}\nd: *x\ne: !Ref f\na: again\n<<: {}\n"),
        ("deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"),
        ("list.yaml", "- 1\n- 2\n---\n---\ntext\n"),
        ("near.yaml", "apiVersion: example.com/v1\nkind: PortfolioAp\n"),
        ("readme.md", "a: ["),
    ]));
    assert_eq!(lines(&loaded), Vec::<String>::new());
    assert!(loaded.complete && loaded.documents.is_empty() && loaded.blocked.is_empty());
    assert_eq!(loaded.files, 4);
}

#[test]
fn hidden_and_ignored_files_are_not_read() {
    let loaded = load_all(&tree(&[
        (".github/a.yaml", "a: ["),
        ("apps/.b.yaml", "a: ["),
        ("charts/c.yaml", "a: ["),
        ("apps/d.yaml", &app("d", "")),
        (".portfolioignore", "charts/\n"),
    ]));
    assert_eq!(lines(&loaded), Vec::<String>::new());
    assert_eq!(loaded.files, 1);
}

#[test]
fn only_files_below_the_path_are_documents() {
    let all = tree(&[("a/x.yaml", &app("a", "")), ("b/y.yaml", "a: ["), ("ab/z.yaml", "a: [")]);
    for path in ["a", "./a/", "/a"] {
        let options = Options { path: path.to_owned(), ..options() };
        let loaded = load(&all, &options, &mut Cache::default());
        assert_eq!((loaded.documents.len(), loaded.complete), (1, true), "{path}");
    }
}

#[test]
fn bom_and_crlf_make_no_difference() {
    let text = app("a", "env:\n  A: b\n  C: |\n    x\n    y");
    let plain = load_all(&tree(&[("a.yaml", &text)]));
    let windows = load_all(&tree(&[("a.yaml", &format!("\u{feff}{}", text.replace('\n', "\r\n")))]));
    assert_eq!(lines(&windows), Vec::<String>::new());
    assert_eq!(plain.documents, windows.documents);
}

#[test]
fn the_hash_covers_what_is_said_and_not_how() {
    let hash = |text: &str| {
        let loaded = load_all(&tree(&[("a.yaml", text)]));
        assert_eq!(lines(&loaded), Vec::<String>::new(), "{text}");
        loaded.documents.values().next().unwrap().document.hash().to_owned()
    };
    let one = hash(&app("a", "port: 80\nenv: {A: b, C: d}"));
    assert_eq!(one.len(), 32);
    assert_eq!(one, hash(&app("a", "# why\nenv:\n  C: \"d\"\n  A: 'b'\nport: 80")));
    assert_eq!(one, hash(&app("a", "port: 80\nenv: {A: b, C: d}\nenvironments: {prod: {port: 81}}")));
    assert_ne!(one, hash(&app("a", "port: 80\nenv: {A: b, C: e}")));
    assert_ne!(one, hash(&app("b", "port: 80\nenv: {A: b, C: d}").replace("example.com/b", "example.com/a")));
    assert_ne!(hash(&app("a", "args: [\"a\", \"b\"]")), hash(&app("a", "args: [\"ab\"]")));
}

#[test]
fn the_hash_covers_the_files_that_a_document_refers_to() {
    let hash = |content: &str| {
        let loaded = load_all(&tree(&[("a.yaml", &app("a", "configFrom: c")), ("c/x", content)]));
        loaded.documents.values().next().unwrap().document.hash().to_owned()
    };
    assert_ne!(hash("1"), hash("2"));
}

#[test]
fn an_environment_is_merged_and_the_others_are_checked() {
    let text = app(
        "a",
        "replicas: 2\nport: 80\nenv: {A: b, C: d}\nenvironments:\n  prod: {replicas: 5, env: {C: null, E: f}, port: null}\n  dev: {enabled: false}\n  test: {replica: 1}",
    );
    let good = text.replace("replica: 1", "replicas: 1");
    let load_for = |text: &str, environment: Option<&str>| {
        let options = Options { environment: environment.map(str::to_owned), ..options() };
        load(&tree(&[("a.yaml", text)]), &options, &mut Cache::default())
    };
    let prod = load_for(&good, Some("prod"));
    let spec = &only_app(&prod).spec;
    assert_eq!((spec.replicas, spec.port), (Some(5), None));
    assert_eq!(spec.env.keys().collect::<Vec<_>>(), ["A", "E"]);
    assert_eq!(only_app(&load_for(&good, None)).spec.replicas, Some(2));
    assert_eq!(only_app(&load_for(&good, Some("other"))).spec.replicas, Some(2));

    let dev = load_for(&good, Some("dev"));
    assert!(dev.complete && dev.documents.is_empty() && dev.blocked.is_empty());
    assert_eq!(dev.absent.iter().collect::<Vec<_>>(), [&DocumentId::app("shop", "a")]);

    for environment in [None, Some("prod"), Some("dev"), Some("test")] {
        let loaded = load_for(&text, environment);
        assert_eq!(
            lines(&loaded),
            ["a.yaml:14:12: error[PF0103]: unknown field `replica` (environment `test`)"],
            "{environment:?}"
        );
        assert!(!loaded.complete && loaded.documents.is_empty() && loaded.absent.is_empty());
    }
}

#[test]
fn what_is_wrong_because_of_an_overlay_is_told_in_it_with_its_environment() {
    let told = |spec: &str| lines(&load_all(&tree(&[("a.yaml", &app("a", spec))])));
    assert_eq!(
        told("environments:\n  good: {}\n  nul: {image: null}"),
        ["a.yaml:10:18: error[PF0104]: `spec` needs the field `image` (environment `nul`)"]
    );
    assert_eq!(
        told(
            "ingress: {host: a.example.com}\nport: 80\nenvironments: {prod: {replicas: 2}, none: {port: null}}"
        ),
        [
            "a.yaml:8:3: error[PF0309]: the Ingress needs a port of the app, and none is declared (environment `none`)"
        ]
    );
    let own = Options { environment: Some("nul".to_owned()), ..options() };
    let text = app("a", "environments: {nul: {image: null}}");
    let loaded = load(&tree(&[("a.yaml", &text)]), &own, &mut Cache::default());
    assert_eq!(
        lines(&loaded),
        ["a.yaml:8:31: error[PF0104]: `spec` needs the field `image` (environment `nul`)"]
    );
}

/// They would be passed over in silence, and a document that stood there before be taken for one that is gone.
#[test]
fn documents_in_a_list_are_an_error_and_lists_of_others_are_not() {
    let item = app("a", "").replace("---\n", "").replace('\n', "\n  ");
    for (text, place) in [
        (format!("- {item}"), "a.yaml:1:3"),
        (format!("apiVersion: v1\nkind: List\nitems:\n- {item}"), "a.yaml:4:3"),
    ] {
        let loaded = load_all(&tree(&[("a.yaml", text.trim_end())]));
        let found = lines(&loaded);
        assert!(found.len() == 1 && found[0].starts_with(&format!("{place}: error[PF0105]")), "{found:#?}");
        assert!(!loaded.complete);
    }
    for text in
        ["- a\n- {apiVersion: v1, kind: Pod}\n", "kind: List\nitems: [{kind: Service}]\n", "items: 1\n"]
    {
        assert_eq!(lines(&load_all(&tree(&[("a.yaml", text)]))), [""; 0], "{text}");
    }
}

#[test]
fn a_problem_of_every_environment_is_reported_once() {
    let loaded = load_all(&tree(&[("a.yaml", &app("a", "prot: 80\nenvironments: {a: {}, b: {}, c: {}}"))]));
    assert_eq!(loaded.diagnostics.len(), 1);
}

#[test]
fn a_document_that_the_configuration_refuses_is_blocked_but_the_source_is_complete() {
    let options =
        Options { namespaces: vec![Glob::new("team-*").unwrap(), Glob::new("web").unwrap()], ..options() };
    let team = app("a", "").replace("namespace: shop", "namespace: team-a");
    let loaded =
        load(&tree(&[("a.yaml", &team), ("b.yaml", &app("b", ""))]), &options, &mut Cache::default());
    assert_eq!(loaded.documents.len(), 1);
    assert_eq!(loaded.blocked[&DocumentId::app("shop", "b")].by, BlockedBy::Configuration);
    assert_eq!(loaded.diagnostics[0].code, Code::NamespaceRefused);
    assert!(loaded.complete);
}

#[test]
fn documents_beyond_the_limit_are_left_as_they_are() {
    let options = Options { max_documents: 1, ..options() };
    let all = tree(&[("a.yaml", &app("a", "")), ("b.yaml", &app("b", "")), ("c.yaml", &app("c", ""))]);
    let loaded = load(&all, &options, &mut Cache::default());
    assert_eq!((loaded.documents.len(), loaded.blocked.len(), loaded.complete), (1, 2, false));
    assert_eq!(loaded.diagnostics.len(), 1);
    assert_eq!(loaded.diagnostics[0].code, Code::TooManyDocuments);
}

#[test]
fn a_document_that_is_there_twice_is_used_neither_way() {
    let loaded =
        load_all(&tree(&[("a.yaml", &app("a", "")), ("b.yaml", &app("a", "")), ("c.yaml", &app("c", ""))]));
    assert_eq!(loaded.documents.len(), 1);
    let found = &loaded.diagnostics[0];
    assert_eq!((found.file.as_str(), found.related[0].file.as_str()), ("b.yaml", "a.yaml"));
    assert!(!loaded.complete);
}

#[test]
fn the_same_document_may_be_in_two_files_for_two_environments() {
    let options = Options { environment: Some("dev".to_owned()), ..options() };
    let all = tree(&[
        ("a.yaml", &app("a", "environments: {dev: {enabled: false}}")),
        ("b.yaml", &app("a", "environments: {prod: {enabled: false}}")),
    ]);
    let loaded = load(&all, &options, &mut Cache::default());
    assert_eq!((loaded.documents.len(), loaded.absent.len(), loaded.complete), (1, 0, true));
}

#[test]
fn files_of_a_folder_join_the_configuration() {
    let mut all = tree(&[
        ("apps/a/app.yaml", &app("a", "configFrom: ../shared\nconfig: {b.toml: inline}")),
        ("apps/shared/a.yaml", "not: [yaml"),
        ("apps/shared/.gitkeep", ""),
    ]);
    all.entries.insert("apps/shared/c.bin".to_owned(), file(b"\xff\x00"));
    let loaded = load_all(&all);
    assert_eq!(lines(&loaded), Vec::<String>::new());
    let files = &only_app(&loaded).config_files;
    assert_eq!(files["a.yaml"], ConfigFile::Text("not: [yaml".to_owned()));
    assert_eq!(files["b.toml"], ConfigFile::Text("inline".to_owned()));
    assert_eq!(files["c.bin"], ConfigFile::Base64("/wA=".to_owned()));
    assert_eq!(files.len(), 3);
}

#[test]
fn a_broken_file_among_configuration_files_is_a_failure_if_it_may_hide_a_document() {
    let hidden = format!("{}  broken: [\n", app("b", "").replace("kind: PortfolioApp\n", ""));
    let loaded = load_all(&tree(&[("a.yaml", &app("a", "configFrom: c")), ("c/b.yaml", &hidden)]));
    assert!(!loaded.complete);
}

#[test]
fn a_migration_is_read_with_its_files() {
    let text = "apiVersion: portfolio.dev/v1alpha1\nkind: DatabaseMigration\nmetadata: {name: db, namespace: shop}\nspec:\n  database: {host: pg.data, name: shop, secretRef: {name: login}}\n  dir: ./sql\n  lockTimeout: 300ms\n";
    let loaded = load_all(&tree(&[
        ("db/a.yaml", text),
        ("db/sql/0009_add_price.expand.sql", "ALTER TABLE a ADD b int"),
        ("db/sql/0007_add_total.sql", "ALTER TABLE a ADD c int"),
        ("db/sql/0007_add_total.down.sql", "ALTER TABLE a DROP c"),
        ("db/sql/README.md", "x"),
    ]));
    assert_eq!(lines(&loaded), Vec::<String>::new());
    let Document::Migration(migration) = &loaded.documents.values().next().unwrap().document else {
        panic!("an app");
    };
    let steps: Vec<_> =
        migration.steps.iter().map(|step| (step.version, step.name.as_str(), step.phase)).collect();
    assert_eq!(steps, [(7, "add_total", MigrationPhase::Expand), (9, "add_price", MigrationPhase::Expand),]);
    assert_eq!(migration.steps[0].down.as_deref(), Some("ALTER TABLE a DROP c"));
    let json = serde_json::to_string(&loaded.documents.values().next().unwrap().document).unwrap();
    assert_eq!(
        serde_json::from_str::<Document>(&json).unwrap(),
        loaded.documents.values().next().unwrap().document
    );
}

#[test]
fn a_tool_of_the_teams_own_needs_no_database_and_sql_does() {
    let migration = |what: &str| {
        format!(
            "apiVersion: portfolio.dev/v1alpha1\nkind: DatabaseMigration\nmetadata: {{name: db, namespace: shop}}\nspec:\n  {what}\n"
        )
    };
    let tool = migration("command: {image: \"example.com/tool:1\", command: [migrate]}");
    assert_eq!(lines(&load_all(&tree(&[("a.yaml", &tool)]))), Vec::<String>::new());
    let sql = migration("migrations: [{version: 1, name: a, sql: SELECT 1}]");
    let loaded = load_all(&tree(&[("a.yaml", &sql)]));
    assert_eq!(lines(&loaded), ["a.yaml:4:1: error[PF0104]: `spec` needs the field `database`"]);
    assert!(loaded.documents.is_empty());
}

#[test]
fn a_phase_that_is_not_carried_out_is_refused_rather_than_left_out() {
    let text = "apiVersion: portfolio.dev/v1alpha1\nkind: DatabaseMigration\nmetadata: {name: db, namespace: shop}\nspec:\n  database: {host: pg.data, name: shop, secretRef: {name: login}}\n  dir: ./sql\n";
    let loaded = load_all(&tree(&[
        ("db/a.yaml", text),
        ("db/sql/0007_add_total.sql", "ALTER TABLE a ADD c int"),
        ("db/sql/0009_drop_price.contract.sql", "ALTER TABLE a DROP b"),
        ("db/sql/10_fill.backfill.sql", "UPDATE a SET c = 1"),
    ]));
    assert_eq!(
        lines(&loaded),
        [
            "db/a.yaml:6:3: error[PF0111]: the contract phase, which `0009_drop_price.contract.sql` is of, is not supported yet by this version of portfolio",
            "db/a.yaml:6:3: error[PF0111]: the backfill phase, which `10_fill.backfill.sql` is of, is not supported yet by this version of portfolio",
        ]
    );
}

#[test]
fn a_dependency_within_the_source_is_no_news() {
    let loaded =
        load_all(&tree(&[("a.yaml", &app("a", "dependsOn: [{app: cart}]")), ("b.yaml", &app("cart", ""))]));
    assert_eq!(lines(&loaded), Vec::<String>::new());
    let loaded =
        load_all(&tree(&[("a.yaml", &app("a", "dependsOn: [{app: carts}]")), ("b.yaml", &app("cart", ""))]));
    assert_eq!(loaded.diagnostics[0].help.as_deref(), Some("did you mean `cart`?"));
    assert_eq!((loaded.documents.len(), loaded.complete), (2, true));
}

#[test]
fn a_circle_blocks_its_members_only() {
    let loaded = load_all(&tree(&[
        ("a.yaml", &app("a", "dependsOn: [{app: b}]")),
        ("b.yaml", &app("b", "dependsOn: [{app: c}]")),
        ("c.yaml", &app("c", "dependsOn: [{app: b}, {app: d}]")),
        ("d.yaml", &app("d", "")),
    ]));
    assert_eq!(loaded.blocked.keys().map(|id| id.name.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    assert!(
        loaded.diagnostics[0]
            .message
            .ends_with("PortfolioApp/shop/b -> PortfolioApp/shop/c -> PortfolioApp/shop/b"),
        "{}",
        loaded.diagnostics[0]
    );
}

#[test]
fn a_document_that_collides_is_known_by_its_own_file() {
    let loaded = load_all(&tree(&[
        ("a.yaml", &app("a", "replicas: 1\nstorage: {b-c: {size: 1Gi, mountPath: /d}}")),
        ("b.yaml", &app("a-b", "replicas: 1\nstorage: {c: {size: 1Gi, mountPath: /d}}")),
    ]));
    let files: Vec<_> = loaded.blocked.values().map(|blocked| blocked.file.as_str()).collect();
    assert_eq!(files, ["a.yaml", "b.yaml"]);
    assert!(loaded.blocked[&DocumentId::app("shop", "a")].message.starts_with("b.yaml:"));
}

#[test]
fn a_blob_that_is_known_is_not_read_again() {
    let mut cache = Cache::default();
    let first = load(&tree(&[("a.yaml", &app("a", ""))]), &options(), &mut cache);
    // The same id with other bytes: only somebody who reads it would notice.
    let mut lying = tree(&[("b.yaml", &app("a", ""))]);
    for entry in lying.entries.values_mut() {
        if let Entry::File { bytes, .. } = entry {
            *bytes = Arc::from(b"a: [".as_slice());
        }
    }
    let second = load(&lying, &options(), &mut cache);
    assert_eq!(first.documents.keys().collect::<Vec<_>>(), second.documents.keys().collect::<Vec<_>>());
    assert_eq!(second.documents.values().next().unwrap().file, "b.yaml");
    load(&tree(&[]), &options(), &mut cache);
    assert!(!load(&lying, &options(), &mut cache).complete);
}

#[test]
fn what_the_configuration_refuses_is_held_and_lets_the_rest_be_pruned() {
    let with = |policy: Policy, spec: &str| {
        let options = Options { policy, ..options() };
        load(&tree(&[("a.yaml", &app("a", spec))]), &options, &mut Cache::default())
    };
    let registry = || Policy { registries: vec!["ghcr.io/team".parse().unwrap()], ..Policy::default() };
    let secret = "objects: [{apiVersion: v1, kind: Secret, metadata: {name: b}}]";
    let images = "sidecars: [{name: b, image: \"ghcr.io/team/b:1\"}, {name: c, image: \"c:1\"}]\n\
                  jobs: {d: {schedule: 0 3 * * *, image: \"ghcr.io/other/d:1\"}}";
    for (policy, spec, expected) in [
        (
            Policy::default(),
            secret,
            &["a.yaml:8:36: error[PF0802]: the configuration does not allow objects of the kind Secret"][..],
        ),
        (
            registry(),
            images,
            &[
                "a.yaml:7:10: error[PF0803]: the configuration does not allow images from where `example.com/a:1.0` is",
                "a.yaml:8:69: error[PF0803]: the configuration does not allow images from where `c:1` is",
                "a.yaml:9:42: error[PF0803]: the configuration does not allow images from where `ghcr.io/other/d:1` is",
            ],
        ),
    ] {
        let loaded = with(policy, spec);
        let refused = loaded.diagnostics.iter().filter(|found| found.code.is_policy());
        assert_eq!(refused.map(ToString::to_string).collect::<Vec<_>>(), expected, "{spec}");
        assert!(loaded.complete && loaded.documents.is_empty(), "{spec}");
        let blocked = loaded.blocked.get(&DocumentId::app("shop", "a")).unwrap();
        assert_eq!(blocked.by, BlockedBy::Configuration);
    }
    let patched = "patches: [{target: Deployment, json: [{op: replace, path: /spec/template/spec/containers/0/image, value: \"x:1\"}]}]";
    let loaded = with(registry(), patched);
    assert!(
        lines(&loaded).iter().any(|line| line.contains("PF0803") && line.contains("`x:1`")),
        "{:?}",
        lines(&loaded)
    );
    let migration = "apiVersion: portfolio.dev/v1alpha1\nkind: DatabaseMigration\nmetadata: {name: db, namespace: shop}\n\
                     spec: {command: {image: \"x:1\", command: [a]}}\n";
    let options = Options { policy: registry(), ..options() };
    let loaded = load(&tree(&[("a.yaml", migration)]), &options, &mut Cache::default());
    assert_eq!(
        lines(&loaded),
        ["a.yaml:4:25: error[PF0803]: the configuration does not allow images from where `x:1` is"]
    );
    let allowed = Policy { kinds: ["Secret".parse().unwrap()].into(), ..Policy::default() };
    assert_eq!(lines(&with(allowed, secret)), [""; 0]);
}

#[test]
fn no_number_of_warnings_crowds_out_what_a_document_is_refused_for() {
    let scratch: Vec<_> = (0..150).map(|at| format!("/a{at}: 1")).collect();
    let warnings = format!("scratch: {{{}}}", scratch.join(", "));
    let late = "environments: {staging: {unknown: 1}}";
    let secret = "objects: [{apiVersion: v1, kind: Secret, metadata: {name: b}}]";
    let privileged = "sidecars: [{name: b, image: \"example.com/b:1\", securityContext: {privileged: true}}]";
    let image = "sidecars: [{name: b, image: \"evil.example/b:1\"}]";
    let dependency = "dependsOn: [{app: Not_A_Name}]";
    // More versions' warnings than are kept of one patched object, and then a field that is none.
    let gt = vec!["{key: a, operator: Gt, value: \"1\"}"; 150].join(", ");
    let patched = format!(
        "patches: [{{target: Deployment, json: [{{op: add, path: /spec/template/spec/tolerations, value: [{gt}]}}, \
         {{op: add, path: /spec/unknown, value: 1}}]}}]"
    );
    let merged = format!(
        "patches: [{{target: Deployment, merge: {{spec: {{template: {{spec: {{tolerations: [{gt}]}}}}, unknown: 1}}}}}}]"
    );
    let registry = Policy { registries: vec!["example.com".parse().unwrap()], ..Policy::default() };
    for (spec, policy, by) in [
        (dependency, Policy::default(), BlockedBy::Error),
        (late, Policy::default(), BlockedBy::Error),
        (&patched, Policy::default(), BlockedBy::Error),
        (&merged, Policy::default(), BlockedBy::Error),
        (secret, Policy::default(), BlockedBy::Configuration),
        (privileged, Policy::default(), BlockedBy::Configuration),
        (image, registry, BlockedBy::Configuration),
    ] {
        let text = app("a", &format!("{warnings}\n{spec}"));
        let loaded =
            load(&tree(&[("a.yaml", &text)]), &Options { policy, ..options() }, &mut Cache::default());
        assert!(loaded.documents.is_empty(), "{spec}");
        assert_eq!(loaded.complete, by == BlockedBy::Configuration, "{spec}");
        assert_eq!(loaded.blocked[&DocumentId::app("shop", "a")].by, by, "{spec}");
        let errors = loaded.diagnostics.iter().filter(|found| found.is_error()).count();
        assert!(errors > 0 && loaded.diagnostics.len() == 100, "{spec}: {errors}");
    }
    let loaded = load_all(&tree(&[("a.yaml", &app("a", &warnings))]));
    assert_eq!((loaded.documents.len(), loaded.diagnostics.len()), (1, 100), "warnings alone refuse nothing");
}

#[test]
fn an_image_that_is_mounted_comes_from_an_allowed_registry_too() {
    let pod = "spec: {containers: [{name: c, image: \"example.com/c:1\"}], volumes: [{name: v, image: {reference: \"evil.example/v:1\"}}]}";
    let meta = "metadata: {name: b}";
    let template = format!("{{metadata: {{labels: {{a: b}}}}, {pod}}}");
    let workload = format!("selector: {{matchLabels: {{a: b}}}}, template: {template}");
    let job = pod.replacen("spec: {", "spec: {restartPolicy: Never, ", 1);
    let ephemeral =
        pod.replace("volumes:", "ephemeralContainers: [{name: e, image: \"evil.example/v:1\"}], other:");
    let ephemeral = ephemeral.split(", other:").next().unwrap();
    let objects = [
        format!("{{apiVersion: v1, kind: Pod, {meta}, {pod}}}"),
        format!("{{apiVersion: v1, kind: Pod, {meta}, {ephemeral}}}}}"),
        format!("{{apiVersion: v1, kind: PodTemplate, {meta}, template: {template}}}"),
        format!("{{apiVersion: apps/v1, kind: StatefulSet, {meta}, spec: {{serviceName: b, {workload}}}}}"),
        format!("{{apiVersion: apps/v1, kind: DaemonSet, {meta}, spec: {{{workload}}}}}"),
        format!("{{apiVersion: apps/v1, kind: ReplicaSet, {meta}, spec: {{{workload}}}}}"),
        format!(
            "{{apiVersion: batch/v1, kind: CronJob, {meta}, spec: {{schedule: \"0 3 * * *\", jobTemplate: {{spec: {{template: {{{job}}}}}}}}}}}"
        ),
    ];
    let of_objects = objects.map(|object| format!("objects: [{object}]"));
    let volume = "{name: v, image: {reference: \"evil.example/v:1\"}}";
    let of_patches = [
        format!(
            "patches: [{{target: Deployment, json: [{{op: add, path: /spec/template/spec/volumes, value: [{volume}]}}]}}]"
        ),
        format!(
            "patches: [{{target: Deployment, merge: {{spec: {{template: {{spec: {{volumes: [{volume}]}}}}}}}}}}]"
        ),
    ];
    let kinds = ["Pod", "PodTemplate", "StatefulSet", "DaemonSet", "ReplicaSet", "CronJob"];
    for (registry, expected) in [("example.com", 1), ("evil.example", 0)] {
        let registries = ["example.com", registry].map(|registry| registry.parse().unwrap());
        let policy = Policy {
            registries: registries.into(),
            kinds: kinds.map(|kind| kind.parse().unwrap()).into(),
            ..Policy::default()
        };
        for spec in of_objects.iter().chain(&of_patches) {
            let options = Options { policy: policy.clone(), ..options() };
            let loaded = load(&tree(&[("a.yaml", &app("a", spec))]), &options, &mut Cache::default());
            let refused = |found: &&Diagnostic| {
                found.code == Code::RegistryRefused && found.message.contains("`evil.example/v:1`")
            };
            let errors: Vec<_> = loaded.diagnostics.iter().filter(|found| found.is_error()).collect();
            assert_eq!(errors.len(), expected, "{spec}: {:?}", lines(&loaded));
            assert!(errors.iter().copied().all(|found| refused(&found)), "{spec}: {:?}", lines(&loaded));
            assert_eq!(loaded.documents.len(), 1 - expected, "{spec}");
        }
    }
}
