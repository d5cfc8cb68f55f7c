"""What uses a downloaded file as a program."""

from __future__ import annotations

import pytest

from dunnage.check_tool_digests import check
from dunnage.files.source import Tree
from dunnage.frame.options import Options
from repository import write

pytestmark = pytest.mark.usefixtures("repository")

URL = "https://github.com/casey/just/releases/download/1.46.0/just"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param("tar -C d -xf f.zip", "unpacked", id="tar"),
        pytest.param("tar xf f.zip", "unpacked", id="tar-without-dash"),
        pytest.param("bsdtar --extract --file=f.zip", "unpacked", id="bsdtar"),
        pytest.param("tar tf f.zip", "", id="tar-lists"),
        pytest.param("tar -cf f.zip d", "", id="tar-packs"),
        pytest.param("unzip -q f", "unpacked", id="unzip-without-the-ending"),
        pytest.param("gzip -d f.zip", "unpacked", id="gzip"),
        pytest.param("xz --decompress --keep f.zip", "unpacked", id="xz"),
        pytest.param("gzip f.zip", "", id="gzip-packs"),
        pytest.param("7z x f.zip", "unpacked", id="7z"),
        pytest.param("7z l f.zip", "", id="7z-lists"),
        pytest.param("jar xf f.zip", "unpacked", id="jar"),
        pytest.param("jar tf f.zip", "", id="jar-lists"),
        pytest.param("sudo dpkg -i ./f.zip", "installed", id="dpkg"),
        pytest.param("dpkg --info f.zip", "", id="dpkg-shows"),
        pytest.param("rpm -Uvh f.zip", "installed", id="rpm"),
        pytest.param("rpm --query --package f.zip", "", id="rpm-shows"),
        pytest.param("apt-get install -y ./f.zip", "installed", id="apt-get"),
        pytest.param("apt-get show ./f.zip", "", id="apt-get-shows"),
        pytest.param("install -m 755 f.zip d/x", "installed", id="install"),
        pytest.param("msiexec /i f.zip", "installed", id="msiexec"),
        pytest.param("chmod 755 f.zip", "made executable", id="chmod-digits"),
        pytest.param("chmod a+rx f.zip", "made executable", id="chmod-letters"),
        pytest.param("chmod =x f.zip", "made executable", id="chmod-sets"),
        pytest.param("chmod 644 f.zip", "", id="chmod-digits-of-data"),
        pytest.param("chmod a-x f.zip", "", id="chmod-removes"),
        pytest.param("cp f.zip /usr/local/bin/x", "installed", id="copied-to-bin"),
        pytest.param('mv f.zip "$HOME/.local/bin/"', "installed", id="moved-to-bin"),
        pytest.param("ln -s f.zip bin", "installed", id="linked-in-bin"),
        pytest.param("cp f.zip /srv/x", "", id="copied-elsewhere"),
        pytest.param("sudo tee /usr/local/bin/x < f.zip", "installed", id="tee"),
        pytest.param("tee x < f.zip", "", id="tee-elsewhere"),
        pytest.param("./f.zip --version", "run", id="run"),
        pytest.param('"$PWD/f.zip" --version', "run", id="run-in-an-unknown-folder"),
        pytest.param("bash -e f.zip", "run", id="interpreter"),
        pytest.param("bash -c ls f.zip", "", id="program-in-the-arguments"),
        pytest.param("python3", "", id="interpreter-alone"),
        pytest.param("cp f.zip x\nchmod +x x", "made executable", id="copy"),
        pytest.param("cp f.zip d/\nchmod +x d/f.zip", "made executable", id="copy-to-a-folder"),
        pytest.param("ls -l f.zip", "", id="no-use"),
    ],
)
def test_uses(command: str, expected: str) -> None:
    write("a.sh", f"curl -Lo f.zip {URL}\n{command}\n")
    messages = [each.message for each in check(["a.sh"], Tree(), Options())]
    assert messages == [f"`{URL}` is {expected}, but nothing verifies its digest"] * bool(expected)
