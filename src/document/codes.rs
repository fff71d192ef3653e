//! [`Code`]: every diagnostic has one. Codes are stable: none is renumbered, none is given a second meaning.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $title:literal;)*) => {
        /// The stable code of a diagnostic, shown as `PF0103`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the title is the documentation")]
        pub enum Code {
            $(#[doc = $title] $name = $number,)*
        }

        impl Code {
            /// Every code, by number.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// What the code is about, in one line.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Code::$name => $title,)*
                }
            }

            /// The name of the rule, as it is in the source code.
            pub const fn rule(self) -> &'static str {
                match self {
                    $(Code::$name => stringify!($name),)*
                }
            }
        }
    };
}

codes! {
    // Files and YAML.
    Unreadable = 1, "a file could not be read";
    NotFollowed = 2, "symbolic links and submodules are not followed";
    FileTooLarge = 3, "a file is larger than 1 MiB";
    NotUtf8 = 4, "a YAML file is not UTF-8";
    ForbiddenCharacter = 5, "a YAML file contains a NUL character";
    Syntax = 6, "a YAML file has a syntax error";
    TooDeep = 7, "a document is nested more than 64 levels deep";
    TooManyDocuments = 8, "a source has more documents than it may";
    AliasRefused = 9, "anchors and aliases are not read";
    MergeKey = 10, "merge keys are not read";
    TagRefused = 11, "YAML tags are not read";
    DuplicateKey = 12, "a key is written twice";
    KeyNotText = 13, "a key is not a text";
    IgnorePattern = 14, "a line of .portfolioignore is not a pattern";

    // Shape.
    UnknownApiVersion = 101, "the apiVersion is not known";
    UnknownKind = 102, "the kind is not known";
    UnknownField = 103, "a field is not known";
    MissingField = 104, "a required field is missing";
    WrongType = 105, "a value is of another type";
    NullValue = 106, "a value is null";
    InvalidBoolean = 107, "a value is neither `true` nor `false`";
    InvalidNumber = 108, "a value is not a whole number in its range";
    UnknownValue = 109, "a value is none of those that are possible";
    InvalidValue = 110, "a value cannot be read";
    NotSupportedYet = 111, "a field is not supported yet by this version";

    // Names, labels, annotations.
    InvalidName = 201, "the name of a document is not a name that its objects can have";
    InvalidNamespace = 202, "a namespace is not a DNS label";
    InvalidLabel = 203, "a label is not one that Kubernetes accepts";
    InvalidAnnotation = 204, "an annotation is not one that Kubernetes accepts";
    ReservedKey = 205, "a label or annotation is set by portfolio itself";
    DerivedNameTooLong = 206, "the name of an object would be too long";
    InvalidReference = 207, "the name of another object is not one that it can have";

    // The app.
    InvalidImage = 301, "an image is not an image reference";
    FloatingTag = 302, "an image has a tag that moves, or none";
    InvalidPortName = 303, "the name of a port is not one that Kubernetes accepts";
    InvalidPort = 304, "a port is not a number from 1 to 65535";
    DuplicatePort = 305, "a port is declared twice";
    PortTwice = 306, "`port` and `ports` both name the port `http`";
    ProbeKind = 307, "a probe has not exactly one kind of check";
    UndeclaredPort = 308, "a port is used but not declared";
    NoPort = 309, "a port is needed but none is declared";
    InvalidHost = 310, "a host is not a host name";
    InvalidUrlPath = 311, "a path of a URL does not begin with `/`";
    HostAndHosts = 312, "an ingress has not exactly one of `host` and `hosts`";
    InvalidMountPath = 313, "a path in the container is not absolute";
    MountConflict = 314, "two mounts are at the same path";
    InvalidEnvName = 315, "the name of an environment variable is not one";
    EnvTwice = 316, "an environment variable is in `env` and in `secrets`";
    NotPositive = 317, "a value is zero where it must be more";
    RequestAboveLimit = 318, "a request is more than its limit";
    SingleWriter = 319, "a volume for one writer has more than one replica";
    RecreateRollout = 320, "a volume for one writer makes the rollout stop the old pods first";
    RolloutStuck = 321, "a rollout can neither add nor take away a pod";
    DeadlineTooShort = 322, "a rollout's deadline passes before a pod counts as ready";
    InvalidCapability = 323, "a capability is not one of Linux";
    RootConflict = 324, "`security` asks for root and for another user, or the other way round";
    InvalidDependency = 325, "a dependency names not exactly one document";
    InvalidSchedule = 326, "a schedule is not a cron line";
    HeadlessType = 327, "a headless Service has a type that needs an address";
    ServicePortTwice = 328, "a Service would have a port twice";
    NotTcp = 329, "a TCP port is needed, and the app's ports are of other protocols";
    FractionOfByte = 330, "an amount of bytes is not whole";
    FewBytes = 331, "an amount of bytes is too small to be meant";
    ProbesAlike = 332, "the probes `ready` and `live` are alike";
    InvalidTimeZone = 333, "a time zone is not known";
    ReplicasTwice = 334, "`replicas` and `autoscaling` are both there";
    InvalidScaling = 335, "an autoscaler could not scale";
    DisruptionStuck = 336, "a disruption budget lets no node be emptied";
    InvalidPeer = 337, "a peer of the network names nobody, or more than one";
    InvalidCidr = 338, "a range of addresses is not one";
    InvalidToleration = 339, "a toleration is not one that Kubernetes accepts";
    UnknownVolume = 340, "a volume is used that the app does not have";
    NothingToRun = 341, "a job or backup says nothing to run";
    NeverRuns = 342, "a backup is made neither on a schedule nor before deletion";
    InvalidPointer = 343, "a JSON pointer is not one";
    InvalidTarget = 344, "a target is not a kind or `Kind/name`";
    PatchKind = 345, "a patch has not exactly one of `merge` and `json`, or an operation not the fields it needs";
    PatchFails = 346, "a target means nothing that is rendered, or a patch does not fit it";
    PatchIdentity = 347, "a patch changes what identifies an object";
    InvalidObject = 348, "an object is not one that an app can have";
    PodSecurity = 349, "pods are less restricted than the default";

    // Environments.
    InvalidEnvironment = 401, "`environments` is not a map of overlays by name";

    // Files that a document refers to.
    FolderPath = 501, "a folder is not a relative path within the repository";
    FolderMissing = 502, "a folder has no files";
    FolderUnreadable = 503, "a folder has something in it that cannot be read";
    FilesTooLarge = 504, "the files of a document are larger than 1 MiB together";
    ConfigCollision = 505, "a configuration file is there twice";
    ConfigFileName = 506, "the name of a configuration file is not one that a `ConfigMap` accepts";
    DocumentInFolder = 507, "a folder of configuration files has documents in it";

    // Across documents.
    DuplicateDocument = 601, "a document is there twice";
    DependencyCycle = 602, "documents depend on each other in a circle";
    SelfDependency = 603, "a document depends on itself";
    UnknownDependency = 604, "a dependency is not a document of this source";
    ObjectCollision = 605, "two documents would make the same object";

    // Migrations.
    MigrationSource = 701, "a migration has not exactly one of `dir`, `migrations` and `command`";
    MigrationFileName = 702, "the name of a migration file is not `<version>_<name>.sql`";
    MigrationVersion = 703, "the version of a migration is not a number of its own";
    MigrationWithoutUp = 704, "a `.down.sql` file belongs to no migration";
    MigrationFile = 705, "a migration file is empty or not UTF-8";
    LintException = 706, "an exception from a lint rule gives no reason";

    // The daemon's configuration.
    NamespaceRefused = 801, "the configuration does not allow documents in this namespace";
    KindRefused = 802, "the configuration does not allow objects of this kind";
    RegistryRefused = 803, "the configuration does not allow images of this registry";
    PrivilegedRefused = 804, "the configuration does not allow privileged pods";

    // Kubernetes objects written out.
    KubernetesUnknownField = 901, "an object of Kubernetes has no such field";
    KubernetesType = 902, "a value is of another type than Kubernetes takes";
    KubernetesMissing = 903, "an object of Kubernetes needs a field that is missing";
    KubernetesValue = 904, "a value is none that Kubernetes takes";
    KubernetesVersion = 905, "not every supported version of Kubernetes has this";
    KubernetesKind = 906, "Kubernetes has no such kind, or it belongs to no namespace";
    KubernetesDuplicate = 907, "two items of a list cannot be told apart";
    KubernetesReference = 908, "a container refers to something that its pod does not have";
}

impl Code {
    /// The number in the code.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The document may be good, but the daemon's configuration does not allow it.
    pub const fn is_policy(self) -> bool {
        matches!(
            self,
            Code::NamespaceRefused | Code::KindRefused | Code::RegistryRefused | Code::PrivilegedRefused
        )
    }

    /// The code of this text, `PF0103`, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.get(..2).filter(|prefix| prefix.eq_ignore_ascii_case("PF")).and(text.get(2..))?;
        let number: u16 = digits.parse().ok().filter(|_| digits.len() == 4)?;
        Self::ALL.iter().copied().find(|code| code.number() == number)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PF{:04}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_number_of_its_own_and_is_found_by_its_text() {
        assert!(Code::ALL.is_sorted_by(|a, b| a.number() < b.number()));
        for code in Code::ALL {
            assert_eq!(Code::parse(&code.to_string()), Some(*code));
        }
        assert_eq!(Code::parse("pf0103"), Some(Code::UnknownField));
        assert_eq!(Code::parse("PF103"), None);
        assert_eq!(Code::parse("é"), None);
    }
}
