"""The official images of Docker Hub, and what the tag of one build of each looks like.

Source: the files in `library/` of https://github.com/docker-library/official-images at commit
37079fb336f572a88700cf32e5e1f6be54a04e8f of 2026-08-21. The numbers are those of the longest versions among the tags of
an image. Images of Linux distributions are rebuilt under the same version, so that only a date names one build.
"""

TWO_NUMBERS = frozenset({"friendica", "postgres", "rakudo-star"})
THREE_NUMBERS = frozenset({
    "adminer", "alpine", "api-firewall", "backdrop", "bash", "busybox", "caddy", "cassandra", "chronograf",
    "cirros", "composer", "convertigo", "couchbase", "couchdb", "crate", "dart", "docker", "drupal",
    "eclipse-mosquitto", "eggdrop", "elasticsearch", "elixir", "emqx", "erlang", "espocrm", "flink", "fluentd",
    "gcc", "geonetwork", "ghost", "golang", "gradle", "groovy", "haproxy", "haskell", "haxe", "hitch", "httpd",
    "hylang", "influxdb", "irssi", "jetty", "joomla", "julia", "kapacitor", "kibana", "kong", "krakend",
    "lightstreamer", "liquibase", "logstash", "mariadb", "matomo", "maven", "mediawiki", "memcached", "mongo",
    "monica", "mysql", "nats", "neo4j", "nextcloud", "nginx", "nim", "node", "orientdb", "percona", "perl", "php",
    "phpmyadmin", "postfixadmin", "python", "r-base", "rabbitmq", "redis", "redmine", "registry", "rethinkdb",
    "rocket.chat", "ruby", "rust", "satosa", "silverpeas", "solr", "spark", "spiped", "storm", "swift", "swipl",
    "teamspeak", "telegraf", "tomcat", "traefik", "varnish", "wordpress", "xwiki", "yourls", "znc", "zookeeper",
})  # fmt: skip
FOUR_NUMBERS = frozenset({"arangodb", "clickhouse", "jruby", "open-liberty", "websphere-liberty"})

DATED = frozenset({"almalinux", "amazonlinux", "archlinux", "debian", "odoo", "photon", "rockylinux", "ubuntu"})
"""The images of which only a tag with a date names one build."""

REBUILT = frozenset({"buildpack-deps", "fedora"})
"""The images of which every tag is rebuilt."""

OTHERS = frozenset({
    "aerospike", "alt", "amazoncorretto", "azul-zulu", "bonita", "clearlinux", "clefos", "clojure", "eclipse-temurin",
    "gazebo", "hello-world", "ibm-semeru-runtimes", "ibmjava", "mageia", "mongo-express", "neurodebian", "notary",
    "openjdk", "oraclelinux", "php-zendserver", "plone", "pypy", "ros", "sapmachine", "sonarqube", "tomee", "unit",
})  # fmt: skip
"""The images whose versions have other forms."""


def full_numbers(name: str) -> int:
    """Return how many numbers a full version of an image has; 0 if that is unknown."""
    if name in THREE_NUMBERS:
        return 3
    return 2 if name in TWO_NUMBERS else 4 if name in FOUR_NUMBERS else 0


def is_official(name: str) -> bool:
    """Whether Docker Hub has an official image of this name."""
    return full_numbers(name) > 0 or name in DATED or name in REBUILT or name in OTHERS
