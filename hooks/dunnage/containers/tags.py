"""Tags of images: which of them name one build, and which are moved to a new one.

Source for the official images of Docker Hub: the files in `library/` of
https://github.com/docker-library/official-images at commit 37079fb336f572a88700cf32e5e1f6be54a04e8f of 2026-08-21. The
numbers are those of the longest versions among the tags of an image. Images of Linux distributions are rebuilt under
the same version, so that only a date names one build.
"""

from dunnage.containers.reference import Reference

LATEST, CHANNEL, PARTIAL = "base-images/latest", "base-images/channel", "base-images/partial"

_CHANNELS = frozenset({
    "alpha", "beta", "canary", "current", "develop", "development", "edge", "experimental", "head", "innovation",
    "insiders", "lts", "main", "mainline", "master", "next", "nightly", "oldstable", "rawhide", "rolling", "sid",
    "snapshot", "stable", "staging", "testing", "tip", "trunk", "tumbleweed", "unstable",
})  # fmt: skip
DIGITS = frozenset("0123456789")
_HEX = DIGITS | frozenset("abcdef")
_PRERELEASES = ("alpha", "beta", "dev", "ea", "m", "preview", "rc")
_LONG_NUMBER, _DATE, _SHORT_HASH = 4, 8, 7
_CODE_NAMES = frozenset({
    "bionic", "bookworm", "bullseye", "buster", "focal", "forky", "jammy", "jessie", "noble", "plucky", "questing",
    "resolute", "stretch", "trixie", "trusty", "xenial",
})  # fmt: skip
"""The code names of releases of Debian and Ubuntu."""

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


def floating(reference: Reference) -> tuple[str, str] | None:
    """Return the rule that an image breaks if its tag may be moved to a new build, and a clause about the image.

    None if the tag names one build. That of an image that is not official does if it has a version.
    """
    tag = reference.tag
    words = words_of(tag)
    if not tag:
        return (LATEST, "has no tag, so every build takes the latest image")
    if any("latest" in word.split(".") for word in words):
        return (LATEST, f"has the tag `{tag}`, which moves to every new image")
    channel = next((word for word in words if word in _CHANNELS), "")
    if channel and not _has_version(tag, words):
        return (CHANNEL, f"follows the channel `{channel}`, so its content changes")
    if DIGITS.isdisjoint(tag) and (not reference.official or _CODE_NAMES.isdisjoint(words)):
        return (CHANNEL, f"has no version in its tag `{tag}`, so its content changes")
    return _partial(reference.official, tag, words)


def _has_version(tag: str, words: list[str]) -> bool:
    """Whether a tag has a version `x.y`, a date, the number of a build, or a hash."""
    dots = (at for at, character in enumerate(tag) if character == ".")
    return (
        any(tag[at - 1] in DIGITS and tag[at + 1 : at + 2] in DIGITS for at in dots)
        or any(len(run) >= _LONG_NUMBER for run in _runs(tag))
        or any(len(word) >= _SHORT_HASH and _HEX.issuperset(word) and not word.isalpha() for word in words)
    )


def _partial(name: str, tag: str, words: list[str]) -> tuple[str, str] | None:
    """Return why the tag of an official image does not identify one build."""
    if any(len(run) >= _DATE for run in _runs(tag)):
        return None
    if name in DATED:
        return (PARTIAL, "has no date in its tag, so its content changes with every rebuild")
    if name in REBUILT:
        return (PARTIAL, f"changes with every rebuild, because no tag of {name} is fixed")
    needed = full_numbers(name)
    numbers = version_of(tag)
    if len(numbers) >= needed or any(map(_is_prerelease, words)):
        return None
    if not numbers:
        return (PARTIAL, f"has no version of {name} in its tag, so its content changes")
    return (PARTIAL, f"has {len(numbers)} of the {needed} numbers of a full version, so its content changes")


def _runs(text: str) -> list[str]:
    """The runs of digits in a text."""
    return "".join(character if character in DIGITS else " " for character in text).split()


def words_of(tag: str) -> list[str]:
    """Return the words of a tag, in lower case."""
    return tag.lower().replace("_", "-").split("-")


def version_of(tag: str) -> list[str]:
    """Return the numbers of the first word of a tag that begins with one, such as `1.97` or `v1.97`."""
    for word in words_of(tag):
        number = word.removeprefix("v")
        if number[:1] in DIGITS:
            end = next((at for at, character in enumerate(number) if character not in "0123456789."), len(number))
            return [part for part in number[:end].split(".") if part]
    return []


def _is_prerelease(word: str) -> bool:
    """Whether a word names one pre-release: `rc1`, or `beta3` in `19beta3`."""
    name = word.lstrip("0123456789.")
    return any(name.startswith(each) and name[len(each) :].lstrip(".").isdecimal() for each in _PRERELEASES)


def full_numbers(name: str) -> int:
    """Return how many numbers a full version of an image has; 0 if that is unknown."""
    if name in THREE_NUMBERS:
        return 3
    return 2 if name in TWO_NUMBERS else 4 if name in FOUR_NUMBERS else 0


def is_official(name: str) -> bool:
    """Whether Docker Hub has an official image of this name."""
    return full_numbers(name) > 0 or name in DATED or name in REBUILT or name in OTHERS
