"""Which folders other hosts may see, too (docs/running.md#one-host)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from shepherd import mounts
from tests.inv import inv_here
from tests.project import Project

DISK = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw"


def line(place: str, kind: str, optional: str = "") -> str:
    return f"99 27 0:50 / {place} rw,relatime {optional}- {kind} server:/export rw,vers=4.2"


CASES = [
    # mounted, the path, what is said
    ([], "/srv/var", ""),
    ([line("/srv", "nfs4")], "/srv/var", "/srv is of the type nfs4"),
    ([line("/srv", "nfs4")], "/srv", "/srv is of the type nfs4"),
    ([line("/srv", "nfs4")], "/srvice/var", ""),
    ([line("/srv", "nfs4", "shared:3 master:1 ")], "/srv/var", "/srv is of the type nfs4"),
    # the longest place counts, in whatever order they were mounted
    ([line("/srv", "nfs"), line("/srv/local", "xfs")], "/srv/local/var", ""),
    ([line("/srv/local", "xfs"), line("/srv", "nfs")], "/srv/local/var", ""),
    ([line("/srv", "xfs"), line("/srv/share", "cifs")], "/srv/share/var", "/srv/share is of the type cifs"),
    # a mount over a mount: the last one is seen
    ([line("/srv", "nfs"), line("/srv", "ext4")], "/srv/var", ""),
    ([line("/srv", "ext4"), line("/srv", "nfs")], "/srv/var", "/srv is of the type nfs"),
    # blanks, tabs and backslashes are escaped
    ([line(r"/srv/a\040b", "smb3")], "/srv/a b/var", "/srv/a b is of the type smb3"),
    ([line(r"/srv/a\134040b", "smb3")], "/srv/a\\040b/var", "/srv/a\\040b is of the type smb3"),
    # all of a host's files, as on a machine without a disk
    (["27 1 0:20 / / rw - nfs server:/root rw"], "/srv/var", "/ is of the type nfs"),
    (["27 1 0:20 / / rw - nfs server:/root rw", line("/srv", "ext4")], "/srv/var", ""),
    *(
        ([line("/srv", kind)], "/srv/var", f"/srv is of the type {kind}")
        for kind in (
            *("nfs3", "cifs", "fuse.sshfs", "fuse.glusterfs", "ceph", "fuse.ceph-fuse", "lustre", "afs"),
            *("beegfs", "gpfs", "ocfs2", "gfs2", "fuse.rclone", "fuse.s3fs", "fuse.juicefs", "JuiceFS"),
        )
    ),
    *(
        ([line("/srv", kind)], "/srv/var", "")
        for kind in (
            "ext4",
            "xfs",
            "btrfs",
            "zfs",
            "tmpfs",
            "overlay",
            "fuse.bindfs",
            "fuseblk",
            "9p",
            "nfsd",
        )
    ),
    # what nobody understands is no reason to refuse
    (["rubbish", "1 2 3", ""], "/srv/var", ""),
]


@pytest.mark.parametrize(("mounted", "path", "said"), CASES)
def test_by_the_longest_place(mounted: list[str], path: str, said: str) -> None:
    assert mounts.shared_by("\n".join([DISK, *mounted]), path) == said


def test_this_machine_says_what_stat_says(tmp_path: Path) -> None:
    """The kernel's own list, against coreutils."""
    mountinfo = Path("/proc/self/mountinfo").read_text()
    for path in (Path("/"), Path("/proc/self"), Path("/dev/shm"), tmp_path):
        found = mounts.kind_of(mountinfo, os.path.realpath(path))
        asked = subprocess.run(
            ["findmnt", "-n", "-o", "FSTYPE,TARGET", "-T", path.resolve()], capture_output=True, text=True
        )
        if asked.returncode == 0:
            assert found is not None and list(found) == asked.stdout.split()[-2:]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path / "project")
    project.deploy(project.land("[bug=1] one")[0])
    return project


def mounted(monkeypatch: pytest.MonkeyPatch, place: Path, kind: str) -> None:
    read = Path.read_text

    def read_text(self: Path, *args: object, **kwargs: object) -> str:
        if str(self) == "/proc/self/mountinfo":
            return f"{DISK}\n{line(str(place), kind)}\n"
        return read(self, *args, **kwargs)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(Path, "read_text", read_text)


def test_a_state_dir_there_is_refused_before_anything_is_written(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.state.rmdir()
    mounted(monkeypatch, project.folder, "nfs4")
    for task in (("find",), ("run",), ("verdict", "r1", "ok", "--reason", "x")):
        done = inv_here(project.folder, *task)
        assert done.code == 2 and f"{project.folder} is of the type nfs4" in done.err
        assert "name a folder on a disk of this host" in done.err
    assert not project.state.exists()
    looked = inv_here(project.folder, "doctor", "--offline", "--only", "state_dir")
    assert looked.code == 2 and "fail  state_dir" in looked.out and "nfs4" in looked.out


def test_a_database_elsewhere_is_looked_at_too(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "share").mkdir()
    project.write_settings(top=f'database = "sqlite:///{tmp_path}/share/shepherd.db"')
    mounted(monkeypatch, tmp_path / "share", "cifs")
    done = inv_here(project.folder, "find")
    assert done.code == 2 and "database (" in done.err and "cifs" in done.err


def test_with_postgresql_each_host_has_a_state_dir_of_its_own(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write_settings(top='database = "postgresql://shepherd@127.0.0.1:9/shepherd"')
    mounted(monkeypatch, project.state, "nfs")
    done = inv_here(project.folder, "find")
    assert done.code == 2 and "each with a state_dir of its own" in done.err


def test_a_link_to_such_a_place_is_followed(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "share").mkdir()
    project.state.rmdir()
    project.state.symlink_to(tmp_path / "share")
    mounted(monkeypatch, tmp_path / "share", "fuse.sshfs")
    assert inv_here(project.folder, "find").code == 2
