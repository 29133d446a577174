"""What an operator does besides deploying, over a real sshd: settings, Ctrl-C, no index, a first deploy that
cannot read (docs/operator-every-day.md#changing-the-settings,
docs/operator-every-day.md#deploying-without-an-index)."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from shepherd.running.releases import Site
from tests.real.world import World
from tests.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

NO_NETWORK = {
    **{"PIP_NO_INDEX": "1", "UV_OFFLINE": "1", "PIP_CONFIG_FILE": "/dev/null"},
    **dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:1"),
}


def test_a_deploy_of_the_same_pins_needs_no_index(deployed: World) -> None:
    before = deployed.place.live
    deployed.change()
    done = deployed.operator.fab("deploy", **NO_NETWORK)
    assert (done.code, deployed.place.live != before) == (0, True), done
    deployed.change()
    refused = deployed.operator.fab("deploy", XDG_CACHE_HOME=str(deployed.folder / "empty"), **NO_NETWORK)
    assert refused.code == 1
    assert re.search(r"missing for this host: [^;]*\binvoke==", refused.err)
    assert f"copy its files to {deployed.folder}/empty/qa-shepherd/wheels/cp3" in refused.err


def test_settings_are_compared_tried_there_and_put_in_force(deployed: World) -> None:
    operator, place = deployed.operator, deployed.place
    deployed.deploy()
    there, mine = place.site.settings, operator.settings.read_text()
    before = there.read_text()
    code = operator.repo / "shepherd" / "settings" / "model.py"
    text = code.read_text()
    code.write_text(
        text.replace('    state_dir: str = "var"\n', '    state_dir: str = "var"\n    nightly: str = ""\n')
        if '    state_dir: str = "var"\n' in text
        else text.replace(
            '    state_dir: kinds.Directory = "var"\n',
            '    state_dir: kinds.Directory = "var"\n    nightly: str = ""\n',
        )
    )
    operator.settings.write_text(f'nightly = "x"\n{mine}')
    try:
        for words in (("--check",), ("--push",)):
            refused = operator.fab("settings", *words)
            assert refused.code == 2, refused
            assert '+nightly = "x"' in refused.out
            assert f"{place.live} does not take them" in refused.err
            assert there.read_text() == before
        operator.settings.write_text(f"# from now on\n{mine}")
        dry = operator.fab("settings", "--push", "--dry-run")
        assert (dry.code, there.read_text()) == (0, before), dry
        assert "+# from now on" in dry.out
        done = operator.fab("settings", "--push", "--reason", "a note")
        assert done.code == 0, done
        assert there.read_text() == f"# from now on\n{mine}"
        (kept,) = re.findall(r"those before are in (shepherd\.toml\.\S+)", done.out)
        assert there.with_name(kept).read_text() == before
        assert "nothing to do" in operator.fab("settings").out
        assert f"settings replaced; those before are in {kept} (a note)" in operator.fab("releases").out
        log = (place.state / "log" / "shepherd.log").read_text()
        assert "what=settings" in log or '"what": "settings"' in log

        deployed.deploy()
        operator.settings.write_text(f'nightly = "x"\n{mine}')
        pushed = operator.fab("settings", "--push")
        assert pushed.code == 0, pushed
        assert "while they are in force, fab rollback to it is refused" in pushed.err
        assert operator.fab("rollback").code == 2
    finally:
        code.write_text(text)
        operator.settings.write_text(mine)
        there.write_text(before)
        deployed.deploy()


def test_ctrl_c_leaves_the_upgrade_alone_and_says_how_to_watch_it(deployed: World) -> None:
    place = deployed.place
    before = place.live
    gate = [*place.as_user(), "flock", "-o", "-s", str(place.state / "run" / "gate.lock")]
    holder = subprocess.Popen(
        [*gate, "sh", "-c", "echo held; exec sleep 300"], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    deployed.change()
    deploying = deployed.operator.start("deploy")
    assert deploying.stdout is not None
    for line in deploying.stdout:
        if "waiting for process" in line:
            break
    deploying.send_signal(signal.SIGINT)
    _, err = deploying.communicate(timeout=60)
    assert (deploying.returncode, "Traceback" in err) == (1, False), err
    (words,) = re.findall(r"watch it: ssh -p \d+ \S+ (.*); how it ended: fab releases", err)
    watched = subprocess.run(
        [*place.as_user(), "sh", "-c", f"cd {place.user.pw_dir} && {words.replace('-F ', '')}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "waiting for process" in watched.stdout
    assert place.live == before
    holder.kill()
    holder.wait()
    until(lambda: place.live != before and not deployed.left_over(), 60)


def test_ctrl_c_before_the_upgrade_changes_nothing_and_the_next_deploy_goes_on(deployed: World) -> None:
    before = deployed.place.live
    deployed.change()
    deploying = deployed.operator.start("deploy")
    assert deploying.stdout is not None
    for line in deploying.stdout:
        if line.strip().startswith("environment"):
            break
    deploying.send_signal(signal.SIGINT)
    _, err = deploying.communicate(timeout=90)
    assert (deploying.returncode, "what was live there is live still" in err) == (1, True), err
    assert deployed.place.live == before
    until(lambda: deployed.operator.fab("deploy").code != 4, 90)
    assert deployed.place.live != before
    assert deployed.left_over() == []


def test_a_first_deploy_that_cannot_read_does_not_start_cron(deployed: World) -> None:
    operator = deployed.operator
    mine = operator.settings.read_text()
    directory = f"{deployed.place.root.name}-first"
    root = Path(deployed.user.pw_dir, directory)
    operator.settings.write_text(
        mine.replace("project.git", "no.git").replace(deployed.place.root.name, directory)
    )
    table = [*deployed.place.as_user(), "crontab", "-l"]
    try:
        assert operator.fab("setup").code == 0
        done = operator.fab("deploy")
        assert done.code == 7, done
        assert re.search(r"doctor   fail  repository.*no\.git", done.out)
        assert "fab deploy --start-cron" in done.out
        assert Site(root).live().release is not None
        assert directory not in subprocess.run(table, capture_output=True, text=True).stdout
        operator.settings.write_text(operator.settings.read_text().replace("no.git", "project.git"))
        assert operator.fab("settings", "--push").code == 0
        done = operator.fab("deploy")
        assert done.code == 0, done
        assert directory in subprocess.run(table, capture_output=True, text=True).stdout
    finally:
        operator.settings.write_text(mine)
        if (root / "current").exists():
            remove = [*deployed.place.as_user(), "env", "-C", str(root / "current"), "-u", "SHEPHERD_CONFIG"]
            subprocess.run([*remove, ".venv/bin/python3", "-m", "invoke", "cron.remove"], check=False)
        shutil.rmtree(root, ignore_errors=True)
