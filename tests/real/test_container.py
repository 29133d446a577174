"""What examples/container/ says, without an engine: its commands, in the folders, by the user and under the
read-only root that it names (docs/containers.md)."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from invoke.vendor import yaml

from shepherd.settings.model import CronSettings, RunSettings
from tests.inv import ROOT, Done
from tests.real.sshd import need

pytestmark = pytest.mark.real


def _parsed(document: str) -> dict[str, Any]:
    load: Callable[[str], Any] = yaml.safe_load
    parsed: dict[str, Any] = load(document)
    return parsed


EXAMPLES = ROOT / "examples" / "container"
CONTAINERFILE = (EXAMPLES / "Containerfile").read_text(encoding="utf-8")
DOCUMENTS = (EXAMPLES / "cronjob.yaml").read_text(encoding="utf-8").split("\n---\n")
RESOURCES: dict[str, dict[str, Any]] = {each["kind"]: each for each in map(_parsed, DOCUMENTS)}
JOB = RESOURCES["CronJob"]["spec"]["jobTemplate"]["spec"]
PODS = {"run": JOB["template"]["spec"], "desk": RESOURCES["Deployment"]["spec"]["template"]["spec"]}
USER = PODS["run"]["securityContext"]["runAsUser"]

ENTER = """set -e
root=$1; writable=$2; uid=$3; shift 3
mount --make-rprivate /
mount --bind "$root" "$root"
for each in usr proc; do mount --rbind /$each "$root/$each"; done
for each in /opt/*; do mkdir -p "$root$each"; mount --rbind "$each" "$root$each"; done
for each in null zero random urandom; do
    touch "$root/dev/$each"
    mount --bind /dev/$each "$root/dev/$each"
done
for each in $writable; do mount --bind "$root/$each" "$root/$each"; done
[ -z "$writable" ] || mount -o remount,bind,ro "$root"
exec chroot --userspec="$uid:$uid" --groups="$uid" "$root" "$@"
"""
"""Root, the folders that stay writable (none: all do), the user, the command."""


class Image:
    """The image: what the Containerfile puts into it, on the base of this machine's own system."""

    def __init__(self, root: Path) -> None:
        self.root = root
        names = ("usr", "proc", "dev", "tmp", "opt", "src", "secrets", "home/shepherd", "var/lib/shepherd")
        for name in names:
            (root / name).mkdir(parents=True)
        for name in ("bin", "lib", "lib64", "sbin"):
            (root / name).symlink_to(f"usr/{name}")
        shutil.copytree("/etc", root / "etc", symlinks=True, ignore_dangling_symlinks=True)
        (root / "etc" / "shepherd").mkdir()
        with (root / "etc" / "passwd").open("a") as file:
            file.write(f"shepherd:x:{USER}:{USER}::/home/shepherd:/bin/sh\n")
        for name in ("home/shepherd", "var/lib/shepherd"):
            os.chown(root / name, USER, USER)

    def run(self, *command: str, uid: int = USER, writable: str = "home/shepherd var/lib/shepherd") -> Done:
        """A command in a container of this image, with a read-only root."""
        environ = {**variables(), **({} if uid else dict(os.environ))}
        environ |= {} if uid else {"HOME": "/tmp", "PATH": "/usr/bin:/bin"}
        inside = [
            "env",
            "-i",
            *("-C", "/var/lib/shepherd"),
            *(f"{k}={v}" for k, v in environ.items()),
            *command,
        ]
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", ENTER, "sh", str(self.root), writable, str(uid), *inside],
            capture_output=True,
            text=True,
            timeout=300,
        )
        return Done(done.returncode, done.stdout, done.stderr)


def instructions(stage: int) -> list[tuple[str, str]]:
    """The instructions of one stage of the Containerfile: name and words."""
    text = re.sub(r"^#.*\n", "", CONTAINERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.partition(" ")[::2] for line in text.splitlines() if line]
    starts = [place for place, (name, _) in enumerate(lines) if name == "FROM"]
    return lines[starts[stage] : [*starts, len(lines)][stage + 1]]


def variables() -> dict[str, str]:
    (words,) = [words for name, words in instructions(1) if name == "ENV"]
    return dict(each.split("=", 1) for each in words.split())


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    need(os.geteuid() == 0, "a container wants root: it changes the user and mounts")
    folder = tmp_path_factory.mktemp("image")
    for each in (folder, *folder.parents):
        if each.stat().st_uid == os.geteuid() and str(each).startswith(
            os.environ.get("TMPDIR", "/tmp") + "/"
        ):
            each.chmod(0o755)
    image = Image(folder / "root")
    for name, words in instructions(0):
        if name == "COPY":
            *sources, target = words.split()
            for source in sources:
                copied = image.root / target.strip("/")
                if (ROOT / source).is_dir():
                    # its content, as the instruction has it
                    shutil.copytree(ROOT / source, copied, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    copied.mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / source, copied)
        if name == "RUN":
            built = image.run("sh", "-c", words, uid=0, writable="")
            assert built.code == 0, built.err
    demo = image.run("shepherd", "demo")
    assert demo.code == 0, demo.err
    settings = (image.root / "var/lib/shepherd/demo/shepherd.toml").read_text()
    for path in ("project.git", "bugs.json", "var/report"):
        settings = settings.replace(f'"{path}"', f'"/var/lib/shepherd/demo/{path}"')
    settings = settings.replace('"var"', '"/var/lib/shepherd/var"').replace("demo/var/report", "var/report")
    (image.root / "etc/shepherd/shepherd.toml").write_text(settings)
    yield image


def container(pod: str, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [each for each in PODS[pod]["containers"] if each["name"] == name]
    return found[0]


@pytest.mark.parametrize("pod", PODS)
def test_pods_are_as_restricted_as_kubernetes_knows(pod: str) -> None:
    """Its Pod Security Standard `restricted`, a read-only root, and no second run beside the first."""
    spec = PODS[pod]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    for each in (*spec["initContainers"], *spec["containers"]):
        context = each["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert {mount["name"] for mount in each["volumeMounts"]} <= {each["name"] for each in spec["volumes"]}
        assert "memory" in each["resources"]["limits"]
    users = {words for name, words in instructions(1) if name == "USER"}
    assert users == {f"{USER}:{spec['securityContext']['runAsGroup']}"}


def test_a_run_is_alone_and_ends_itself_before_kubernetes_ends_it() -> None:
    spec = RESOURCES["CronJob"]["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert JOB["template"]["spec"]["restartPolicy"] == "Never"
    assert JOB["backoffLimit"] == 0
    assert JOB["activeDeadlineSeconds"] > RunSettings().deadline
    assert spec["startingDeadlineSeconds"] < CronSettings().every


def test_the_root_is_read_only_and_the_user_is_the_one_named(image: Image) -> None:
    assert image.run("sh", "-c", "id -u; touch /tmp/x /opt/x /etc/x /usr/x").out == f"{USER}\n"
    assert image.run("touch", "/tmp/x").code == 1


def test_runs_write_nothing_outside_the_volume(image: Image) -> None:
    for _ in range(2):
        # the demo has a private bug on purpose, which is told
        done = image.run("shepherd", *container("run", "run")["args"])
        assert done.code in (0, 7), done.err
        assert "Read-only" not in done.err
    assert (image.root / "var/lib/shepherd/var/report/stable.html").exists()
    assert image.run("shepherd", "status").out.startswith("deploy r")
    checks = image.run("shepherd", "doctor", "--offline").out
    # this machine's crontab is in the image that the test makes, and not in the one that it stands for
    failed = set(re.findall(r"^fail +(\w+)", checks, flags=re.MULTILINE)) - {"cron"}
    assert failed == set(), checks


def test_a_dry_run_and_a_switch_work_there_too(image: Image) -> None:
    for command in ("promote --dry-run", "tag --dry-run", "verdict r29 ok --reason x --dry-run", "doctor"):
        done = image.run("shepherd", *command.split())
        assert "Read-only" not in done.err
        assert "Traceback" not in done.err
    assert image.run("shepherd", "maintenance.on", "--reason", "disk", "--as", "ann").code == 0
    assert image.run("shepherd", "run").code == 3
    assert image.run("shepherd", "maintenance.off", "--as", "ann").code == 0


@pytest.mark.parametrize("pod", PODS)
def test_secrets_are_private_after_the_first_step(image: Image, pod: str) -> None:
    for name in ("smtp-password", "id_ed25519"):
        secret = image.root / "secrets" / name
        secret.write_text("x\n")
        # so Kubernetes gives them, with fsGroup
        os.chown(secret, 0, USER)
        secret.chmod(0o440)
    (step,) = PODS[pod]["initContainers"]
    done = image.run(*step["command"])
    assert done.code == 0, done.err
    for name in ("smtp-password", "id_ed25519"):
        assert image.run("stat", "-c", "%u %a", f"/home/shepherd/.ssh/{name}").out == f"{USER} 400\n"
    # what the shepherd says of each of them
    settings = (image.root / "etc/shepherd/shepherd.toml").read_text()
    for place, word in (("/home/shepherd/.ssh", "ok"), ("/secrets", "fail")):
        mail = '[mail]\nsender = "qa@example.org"\nlogin = "qa"\n'
        mail += f'password_file = "{place}/smtp-password"\n'
        (image.root / "etc/shepherd/other.toml").write_text(settings + mail)
        other = ("env", "SHEPHERD_CONFIG=/etc/shepherd/other.toml")
        checks = image.run(*other, "shepherd", "doctor", "--offline").out
        assert re.search(rf"^{word} +secrets", checks, flags=re.MULTILINE), checks


def test_who_serves_the_page_can_read_nothing_else(image: Image) -> None:
    page = container("desk", "page")
    uid = page["securityContext"]["runAsUser"]
    assert uid != USER
    folder = page["command"][-1]
    assert image.run("cat", f"{folder}/stable.html", uid=uid).out.startswith("<!")
    assert image.run("ls", "/var/lib/shepherd/var", uid=uid).code != 0
    assert image.run("cat", "/var/lib/shepherd/var/shepherd.db", uid=uid).code != 0
    served = image.run("sh", "-c", f"{shlex.join(page['command'][:3])} --help", uid=uid)
    assert served.code == 0


WITHOUT_A_NAME = 54321
TASKS = (
    *("run --cron", "find", "judge", "report", "tag --dry-run", "status --json", "explain r29", "history"),
    *("verdict r29 ok --reason x", "promote", "publish", "remind --dry-run", "escalate --dry-run"),
    *("maintenance.on --reason disk", "maintenance.status", "maintenance.off", "lock.status", "archive"),
)


def test_a_user_without_a_name_can_call_every_task(image: Image) -> None:
    place = image.root / "var/lib/shepherd/other"
    place.mkdir()
    os.chown(place, WITHOUT_A_NAME, WITHOUT_A_NAME)

    def inv(*words: str) -> Done:
        settings = "SHEPHERD_CONFIG=/var/lib/shepherd/other/demo/shepherd.toml"
        # the home of another user, as an engine leaves it
        return image.run("env", settings, "shepherd", *words, uid=WITHOUT_A_NAME)

    assert inv("demo", "--directory", "other/demo").code == 0
    for task in TASKS:
        done = inv(*task.split())
        # 7: the private bug of the demo cannot be tagged
        assert done.code in (0, 7), (task, done.err)
        assert "Traceback" not in done.err, task
    assert f"by user id {WITHOUT_A_NAME}" in inv("history").out
