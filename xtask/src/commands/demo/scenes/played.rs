//! With a played node: pods live by rules, so that everything is quick.

use std::time::Instant;

use anyhow::Result;

use super::super::narrator::Narrator;
use super::super::stage::Stage;
use super::Scene;

/// In order.
pub(crate) const ALL: [Scene; 6] = [push, drift, rollback, isolation, removal, status];

fn web(version: &str) -> String {
    format!(
        "apiVersion: portfolio.dev/v1alpha1\n\
         kind: PortfolioApp\n\
         metadata: {{name: web, namespace: shop}}\n\
         spec:\n  \
           image: {version}\n  \
           replicas: 3\n  \
           port: 8080\n  \
           env: {{LOG_LEVEL: info}}\n  \
           config: {{app.toml: \"greeting = \\\"hello\\\"\"}}\n  \
           ingress: {{host: shop.example.com}}\n  \
           rollout: {{deadline: 8s}}\n"
    )
}

const CART: &str = "\
apiVersion: portfolio.dev/v1alpha1
kind: PortfolioApp
metadata: {name: cart, namespace: shop}
spec:
  image: registry.example.com/cart:2.1.0
  port: 9000
  dependsOn: [{app: web}]
";

fn push(stage: &mut Stage, narrator: &Narrator) -> Result<()> {
    narrator.scene("a push: two apps, the second waits for the first");
    let document = web("registry.example.com/web:1.0.0");
    stage.repository().write("apps/web.yaml", &document)?;
    stage.repository().write("apps/cart.yaml", CART)?;
    narrator.command("cat apps/web.yaml");
    Narrator::output(&document);
    let since = stage.push("web 1.0.0 and cart", narrator)?;
    stage.wait_phase("web", "Ready")?;
    narrator.seen("PortfolioApp/shop/web is Ready", since);
    stage.wait_phase("cart", "Ready")?;
    narrator.seen("PortfolioApp/shop/cart is Ready", since);
    stage.show_kubectl(narrator, &["get", "deployments,services,ingresses", "-n", "shop"])
}

fn drift(stage: &mut Stage, narrator: &Narrator) -> Result<()> {
    narrator.scene("a drift: somebody scales the app by hand");
    stage.show_kubectl(narrator, &["scale", "deployment/web", "-n", "shop", "--replicas=7"])?;
    let since = Instant::now();
    stage.wait_kubectl(&["get", "deployment/web", "-n", "shop", "-o", "jsonpath={.spec.replicas}"], "3")?;
    narrator.seen("3 replicas again", since);
    Narrator::say(&stage.last_drift("web")?);
    Ok(())
}

fn rollback(stage: &mut Stage, narrator: &Narrator) -> Result<()> {
    narrator.scene("a bad revision: its pods crash, so the last good one comes back");
    stage.repository().write("apps/web.yaml", &web("registry.test/crashing/web:1.1.0"))?;
    let since = stage.push("web 1.1.0, which crashes", narrator)?;
    stage.wait_phase("web", "RolledBack")?;
    narrator.seen("rolled back after the rollout's deadline of 8 s", since);
    Narrator::say(&stage.message("web")?);
    stage.wait_kubectl(
        &["get", "deployment/web", "-n", "shop", "-o", "jsonpath={.spec.template.spec.containers[0].image}"],
        "registry.example.com/web:1.0.0",
    )?;
    stage.repository().write("apps/web.yaml", &web("registry.example.com/web:1.1.1"))?;
    let since = stage.push("web 1.1.1, which does not", narrator)?;
    stage.wait_phase("web", "Ready")?;
    narrator.seen("1.1.1 is live", since);
    Ok(())
}

fn isolation(stage: &mut Stage, narrator: &Narrator) -> Result<()> {
    narrator.scene("a broken document: it keeps its last good state, the others go on");
    stage.repository().write("apps/cart.yaml", &CART.replace("port: 9000", "prot: 9000"))?;
    stage.repository().write("apps/web.yaml", &web("registry.example.com/web:1.2.0"))?;
    narrator.command("portfolio validate apps");
    Narrator::output(&stage.validate()?);
    let since = stage.push("web 1.2.0, and a typo in cart", narrator)?;
    stage.wait_phase("cart", "Held")?;
    narrator.seen("cart is Held", since);
    Narrator::say(&stage.message("cart")?);
    stage.wait_kubectl(
        &["get", "deployment/web", "-n", "shop", "-o", "jsonpath={.spec.template.spec.containers[0].image}"],
        "registry.example.com/web:1.2.0",
    )?;
    narrator.seen("web 1.2.0 is live all the same", since);
    stage.repository().write("apps/cart.yaml", CART)?;
    let since = stage.push("mend cart", narrator)?;
    stage.wait_phase("cart", "Ready")?;
    narrator.seen("cart is Ready", since);
    Ok(())
}

fn removal(stage: &mut Stage, narrator: &Narrator) -> Result<()> {
    narrator.scene("a document is deleted: its app is drained, then removed");
    stage.repository().remove("apps/cart.yaml")?;
    let since = stage.push("remove cart", narrator)?;
    stage.wait_kubectl(
        &["get", "deployments,services", "-n", "shop", "-l", "app.kubernetes.io/name=cart", "-o", "name"],
        "",
    )?;
    stage.wait_forgotten("cart")?;
    narrator.seen("nothing of cart is left", since);
    Ok(())
}

fn status(stage: &mut Stage, narrator: &Narrator) -> Result<()> {
    narrator.scene("what the daemon says");
    stage.show_portfolio(narrator, &["status"])
}
