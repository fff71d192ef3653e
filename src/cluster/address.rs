//! URLs of objects and collections. A name that would change the meaning of a URL is refused here: a DELETE
//! of the empty name would be one of the whole collection.

use std::borrow::Cow;

use url::form_urlencoded::Serializer;

use super::ClusterError;
use crate::document::is_path_segment;
use crate::object::{Kind, ObjectRef};

/// Which namespaces a list or a watch covers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// All of them.
    All,
    /// This one.
    Namespace(String),
}

/// How the objects of a kind are addressed within its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resource {
    pub(super) version: Cow<'static, str>,
    pub(super) plural: Cow<'static, str>,
}

/// URL of one object.
pub(super) fn object(object: &ObjectRef, resource: &Resource) -> Result<String, ClusterError> {
    let Resource { version, plural } = resource;
    named(object.kind.group(), version, &object.namespace, plural, &object.name)
}

/// URL of the objects of a kind.
pub(super) fn collection(kind: Kind, resource: &Resource, scope: &Scope) -> Result<String, ClusterError> {
    plural(kind.group(), &resource.version, scope, &resource.plural)
}

/// URL of one object of any namespaced resource.
pub(super) fn named(
    group: &str,
    version: &str,
    namespace: &str,
    resource: &str,
    name: &str,
) -> Result<String, ClusterError> {
    let collection = plural(group, version, &Scope::Namespace(namespace.to_owned()), resource)?;
    Ok(format!("{collection}/{}", segment(name)?))
}

/// URL of the objects of any namespaced resource.
pub(super) fn plural(
    group: &str,
    version: &str,
    scope: &Scope,
    resource: &str,
) -> Result<String, ClusterError> {
    let root = group_version(group, version)?;
    match scope {
        Scope::All => Ok(format!("{root}/{resource}")),
        Scope::Namespace(namespace) => Ok(format!("{root}/namespaces/{}/{resource}", segment(namespace)?)),
    }
}

/// URL of a version of a group.
pub(super) fn group_version(group: &str, version: &str) -> Result<String, ClusterError> {
    let version = segment(version)?;
    if group.is_empty() {
        Ok(format!("/api/{version}"))
    } else {
        Ok(format!("/apis/{}/{version}", segment(group)?))
    }
}

/// A URL with a query; pairs without a value are left out.
pub(super) fn with_query(url: &str, pairs: &[(&str, Option<&str>)]) -> String {
    let mut query = Serializer::new(String::new());
    for (key, value) in pairs {
        if let Some(value) = value {
            query.append_pair(key, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { url.to_owned() } else { format!("{url}?{query}") }
}

/// A name as a part of a URL.
pub(super) fn segment(name: &str) -> Result<&str, ClusterError> {
    if is_path_segment(name) {
        return Ok(name);
    }
    let target = format!("{name:?}");
    Err(ClusterError::Invalid {
        target,
        message: "no name of an object or namespace".to_owned(),
        fields: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(plural: &'static str) -> Resource {
        Resource { version: "v1".into(), plural: plural.into() }
    }

    #[test]
    fn urls_follow_group_and_scope() {
        let deployment = ObjectRef::new(Kind::Deployment, "shop", "web");
        let url = object(&deployment, &resource("deployments"));
        assert_eq!(url.unwrap(), "/apis/apps/v1/namespaces/shop/deployments/web");
        let role =
            ObjectRef::new(Kind::of("rbac.authorization.k8s.io/v1", "Role").unwrap(), "shop", "web:read");
        let url = object(&role, &resource("roles"));
        assert_eq!(url.unwrap(), "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles/web:read");
        let services = collection(Kind::Service, &resource("services"), &Scope::All);
        assert_eq!(services.unwrap(), "/api/v1/services");
        let url =
            with_query("/api/v1/services", &[("labelSelector", Some("a in (b,c)")), ("continue", None)]);
        assert_eq!(url, "/api/v1/services?labelSelector=a+in+%28b%2Cc%29");
    }

    #[test]
    fn a_name_that_would_address_something_else_is_refused() {
        for name in ["", ".", "..", "a/b", "a?b", "a%2fb", "a b", "ä"] {
            let maps = resource("configmaps");
            let error = object(&ObjectRef::new(Kind::ConfigMap, "shop", name), &maps).unwrap_err();
            assert!(matches!(error, ClusterError::Invalid { .. }), "{name}");
            assert!(
                collection(Kind::ConfigMap, &maps, &Scope::Namespace(name.to_owned())).is_err(),
                "{name}"
            );
        }
    }
}
