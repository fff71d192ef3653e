//! Ports that everybody knows: what protocol a number is for, and on which number images of a name listen.
//!
//! Sources: IANA's service names and port numbers, and the `EXPOSE` of each image.

/// Numbers that are not for HTTP, with a name that says what for.
const NAMES: &[(u16, &str)] = &[
    (22, "ssh"),
    (25, "smtp"),
    (53, "dns"),
    (143, "imap"),
    (389, "ldap"),
    (443, "https"),
    (587, "submission"),
    (636, "ldaps"),
    (1025, "smtp"),
    (1433, "mssql"),
    (1883, "mqtt"),
    (2181, "zookeeper"),
    (2379, "etcd"),
    (3306, "mysql"),
    (4222, "nats"),
    (5432, "postgres"),
    (5672, "amqp"),
    (6379, "redis"),
    (8443, "https"),
    (9042, "cassandra"),
    (9092, "kafka"),
    (11211, "memcached"),
    (27017, "mongodb"),
];

/// Images by the last part of their name.
const IMAGES: &[(&str, u16)] = &[
    ("caddy", 80),
    ("elasticsearch", 9200),
    ("httpd", 80),
    ("mariadb", 3306),
    ("memcached", 11211),
    ("mongo", 27017),
    ("mysql", 3306),
    ("nats", 4222),
    ("nginx", 80),
    ("postgis", 5432),
    ("postgres", 5432),
    ("rabbitmq", 5672),
    ("redis", 6379),
    ("valkey", 6379),
];

/// The usual name of a TCP port that is not for HTTP.
fn name_of(number: u16) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// A name for a port that has none: what its number is known for, or `http` where that is likely.
pub(super) fn likely_name(number: u16, is_only: bool) -> Option<&'static str> {
    let is_likely = is_only
        || matches!(number, 80 | 3000..=3010 | 4000 | 4200 | 5000 | 5001 | 5173 | 7000 | 8000..=8999 | 9000 | 9090);
    name_of(number).or(is_likely.then_some("http"))
}

/// The port on which an image of this name listens.
pub(super) fn port_of(image: &str) -> Option<u16> {
    let name = image.split('@').next().unwrap_or(image);
    let file = name.rsplit('/').next().unwrap_or(name);
    let file = file.split(':').next().unwrap_or(file);
    IMAGES.iter().find(|(known, _)| *known == file).map(|(_, port)| *port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_known_by_the_last_part_of_their_name() {
        assert_eq!(port_of("postgres:17-alpine"), Some(5432));
        assert_eq!(port_of("registry.example.com:5000/bitnami/redis@sha256:00"), Some(6379));
        assert_eq!(port_of("my-postgres"), None);
        assert_eq!(name_of(5432), Some("postgres"));
        assert_eq!(name_of(8080), None);
    }
}
