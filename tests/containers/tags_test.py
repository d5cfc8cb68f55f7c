"""Which tags of images name one build."""

from __future__ import annotations

import pytest

from dunnage.containers import tags
from dunnage.containers.reference import parse
from dunnage.containers.tags import floating


def problem(image: str) -> str | None:
    """The rule that an image breaks, without its concern."""
    reference = parse(image)
    assert reference is not None
    found = floating(reference)
    return found[0].removeprefix("base-images/") if found else None


@pytest.mark.parametrize(
    "image",
    [
        *("rust", "ghcr.io/a/b", "a/b:latest", "a/b:latest-rust-1.97.1", "a/b:1.2-latest", "rust:latest", "a/b:LATEST"),
        *("cgr.dev/chainguard/rust:latest-dev", "a/b:v1.latest"),
    ],
)
def test_latest(image: str) -> None:
    assert problem(image) == "latest"


@pytest.mark.parametrize(
    "image",
    [
        *("a/b:nightly", "a/b:stable", "a/b:main", "a/b:edge", "alpine:edge", "node:lts", "debian:sid", "node:current"),
        *("a/b:nightly-slim", "a/b:lts-22", "a/b:stable-v2", "debian:stable-slim", "rustlang/rust:nightly-bookworm"),
        *("rust:slim", "rust:alpine", "node:slim", "docker:dind", "a/b:production", "gcr.io/distroless/cc:nonroot"),
        *("archlinux:base", "a/b:bookworm", "cimg/base:current"),
    ],
)
def test_channel(image: str) -> None:
    assert problem(image) == "channel"


@pytest.mark.parametrize(
    "image",
    [
        *("rust:1", "rust:1.97", "rust:1.97-slim-trixie", "rust:bookworm", "rust:slim-bookworm", "rust:alpine3.22"),
        *("node:22-alpine", "python:3.13-slim", "python:3.15-rc", "postgres:17", "postgres:17-alpine3.22"),
        *("alpine:3.22", "alpine:3", "golang:1.22-alpine3.20", "node:lts-alpine3.20", "traefik:v3.7"),
        *("debian:12", "debian:12.7-slim", "debian:bookworm-slim", "ubuntu:24.04", "ubuntu:noble", "almalinux:9.4"),
        *("amazonlinux:2023", "rockylinux:9.3", "photon:5.0", "fedora:42", "buildpack-deps:bookworm-curl"),
        *("docker.io/library/rust:1", "docker.io/rust:1", "library/rust:1", "clickhouse:26.7.5"),
    ],
)
def test_partial(image: str) -> None:
    assert problem(image) == "partial"


@pytest.mark.parametrize(
    "image",
    [
        *("rust:1.97.1", "rust:1.97.1-slim-trixie", "rust:1.97.1-alpine3.22", "node:22.11.0", "python:3.13.0rc1"),
        *("postgres:17.2", "postgres:19beta3", "traefik:v3.7.11", "couchbase:enterprise-8.0.2", "haproxy:3.5-dev5"),
        *("alpine:3.22.1", "alpine:20260805", "busybox:1.37.0-musl", "docker:29.7.2-dind", "clickhouse:26.7.5.10"),
        *("debian:bookworm-20260803-slim", "ubuntu:noble-20260810", "almalinux:10.2-20260602", "odoo:19.0-20260817"),
        *("amazonlinux:2023.12.20260817.0", "rockylinux:9.3.20231119", "archlinux:base-20260816.0.574111"),
        *("eclipse-temurin:21-jdk", "openjdk:27-rc-jdk", "oraclelinux:9"),
    ],
)
def test_an_official_image_with_a_full_version(image: str) -> None:
    assert problem(image) is None


@pytest.mark.parametrize(
    "image",
    [
        *(
            "a/b:1",
            "a/b:v2",
            "a/b:1.2",
            "nvidia/cuda:12.4.1-devel-ubuntu22.04",
            "a/b:stable-1.97.1",
            "a/b:edge-25.11.3",
        ),
        *("a/b:1.0.0-beta.88", "ghcr.io/linkerd/dev:v50-rust", "a/b:main-3f2a1bc", "a/b:nightly-2026-01-02"),
        *("a/b:nightly-20260102", "mcr.microsoft.com/windows/servercore:ltsc2022", "a/b:main-1234", "a/b:x86_64-musl"),
        "quay.io/centos/centos:stream9",
    ],
)
def test_an_unofficial_image_with_any_version(image: str) -> None:
    assert problem(image) is None


def test_each_official_image_is_listed_once() -> None:
    groups = [tags.TWO_NUMBERS, tags.THREE_NUMBERS, tags.FOUR_NUMBERS]
    groups += [tags.DATED, tags.REBUILT, tags.OTHERS]
    assert len(frozenset().union(*groups)) == sum(map(len, groups)) == 144
