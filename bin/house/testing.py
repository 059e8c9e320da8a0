"""bin/test: all set-up, then every check and every test, and what this machine could not run."""

from __future__ import annotations

import json
import subprocess
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from house import environment, packages, private, servers, stripe_mock
from house.ground import LOCAL, ROOT, Trouble, say

_UNRUN = LOCAL / "unrun.json"
_STRICT = ("services", "geo", "timebank", "api", "workers")


def test(words: list[str]) -> int:
    """Run everything; with pytest's own arguments run only pytest with them. Give the exit code."""
    drills = "--drills" in words
    chosen = [word for word in words if word != "--drills"]
    python = environment.prepare(browser=True)
    unrun = _browser()
    if drills and packages.may_install() is not None:
        packages.install(packages.missing_for_drills(), "hosts and clocks to break in drills")
    given = servers.provide("tests")
    try:
        _sweep(given)
        env = servers.environment(given) | {"YINLING_UNRUN_FILE": str(_UNRUN), "YINLING_ROOT": str(ROOT)}
        env.pop("YINLING_DEMONSTRATION", None)
        with ThreadPoolExecutor(1) as beside:
            checks = None if chosen or drills else beside.submit(_checks, python, dict(env))
            environment.warm_kernels(env)
            with stripe_mock.running() as (address, why):
                if address:
                    env["STRIPE_MOCK_URL"] = address
                else:
                    unrun["stripe-mock"] = why
                return _all(python, env, chosen, drills, unrun, checks)
    finally:
        given.leave(stop=given.started)


@dataclass(frozen=True)
class Checked:
    """What a check that reads the code came to."""

    name: str
    ok: bool
    seconds: float
    told: str


def _all(
    python: Path,
    env: dict[str, str],
    chosen: list[str],
    drills: bool,
    unrun: dict[str, str],
    checks: Future[list[Checked]] | None,
) -> int:
    """Run pytest, the checks of the code beside it; tell what failed and what was not run."""
    _UNRUN.unlink(missing_ok=True)
    pytest = [str(python), "-P", "-m", "pytest", *_how(chosen, drills)]
    if checks:
        env = env | {"YINLING_MISSION_FILE": str(ROOT / "docs" / "MISSION.md")}
    say("pytest" + (", and beside it ruff, mypy and import-linter" if checks else ""))
    code = subprocess.run(pytest, env=env, cwd=ROOT, check=False).returncode
    failed = []
    for check in checks.result() if checks else []:
        print(f"\n{check.told.strip()}\n{check.name}: {'ok' if check.ok else 'FAILED'} in {check.seconds:.1f} s")
        failed += [] if check.ok else [check.name]
    if code:
        failed.append(f"pytest (exit code {code})")
    print(f"\n{'FAILED: ' + ', '.join(failed) if failed else 'All that was run passed.'}")
    if chosen:
        unrun["by choice"] = f"all but what {' '.join(chosen)} selects"
    print(_last_line(unrun, drills), flush=True)
    return 1 if failed else 0


def _how(chosen: list[str], drills: bool) -> list[str]:
    """Drills kill servers, so they run one after another; the rest runs on two workers, file by file."""
    if drills:
        return ["-m", "drill", *chosen]
    parallel = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]  # in the order of tests/plugins/yl_order.py
    return [*([] if any(word in ("-x", "-s", "--pdb", "-n") for word in chosen) else parallel), *chosen]


def _checks(python: Path, env: dict[str, str]) -> list[Checked]:
    """Run the checks that read the code, one after another, their words kept for the end."""
    strict = [room for room in _STRICT if (ROOT / room).is_dir()]
    checks = {
        "ruff": [python, "-m", "ruff", "check", "."],
        "mypy": [python, "-m", "mypy", "--strict", *strict],
        "import-linter": [python.parent / "lint-imports"],
    }
    done = []
    for name, command in checks.items():
        began = time.monotonic()
        words = [str(word) for word in command]
        ran = subprocess.run(
            words, env=env, cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        done.append(Checked(name, ran.returncode == 0, time.monotonic() - began, ran.stdout))
    return done


def _browser() -> dict[str, str]:
    """Install Chromium and a Chinese font for the browser tests, or say why they cannot run."""
    try:
        packages.install(packages.missing_browser(), "The browser tests")
    except Trouble as trouble:
        say(str(trouble))
        return {"browser": f"missing packages: {' '.join(packages.missing_browser())}"}
    return {}


def _sweep(given: servers.Servers) -> None:
    """Drop what a killed run left behind on our own test server, unless another run is using it."""
    if given.kind != "private" or not given.started:
        return
    pair = private.recorded()["tests"]
    ours = "SELECT datname FROM pg_database WHERE datname LIKE 'yl\\_%' AND NOT datistemplate"
    left = private.query(pair, ours)
    for name in left.stdout.split():
        private.query(pair, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    older = "SELECT datname FROM pg_database WHERE datname LIKE 'yl\\_%' AND datistemplate ORDER BY oid DESC OFFSET 6"
    for name in private.query(pair, older).stdout.split():
        private.query(pair, f'ALTER DATABASE "{name}" IS_TEMPLATE false')
        private.query(pair, f'DROP DATABASE "{name}"')


def _last_line(unrun: dict[str, str], drills: bool) -> str:
    reasons = [f"{what}: {why}" for what, why in unrun.items()]
    if _UNRUN.exists():
        skipped = json.loads(_UNRUN.read_text(encoding="utf-8"))
        reasons += [f"{count} × {why}" for why, count in sorted(skipped["skipped"].items())]
        if skipped["drills"] and not drills:
            reasons.append(f"{skipped['drills']} drills left to bin/test --drills")
    else:
        reasons.append("pytest did not finish")
    return "Not run on this machine: " + ("; ".join(reasons) if reasons else "nothing, everything was run")
