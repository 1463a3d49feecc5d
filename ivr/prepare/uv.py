"""uv, the installer: the one on PATH when it is new enough, else the pinned one, fetched by pip into the project.

A fresh Debian has no pip: then Debian's own pip wheel is unpacked beside the project and run from there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Tuple

from ivr.errors import NotPrepared
from ivr.prepare import pip_settings
from ivr.prepare.apt import PrivateApt, unpack
from ivr.prepare.step import Job, empty, swap

OLDEST = (0, 13)
"""uv's first release that knows every option used here."""
SYSTEM_CERTIFICATES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/cert.pem"),
)


def program(job: Job) -> str:
    """Path of the uv to use; empty = none yet."""
    own = job.places.uv / "bin" / "uv"
    for candidate in (shutil.which("uv"), str(own)):
        if candidate and version(candidate) >= OLDEST:
            return candidate
    return ""


def version(path: str) -> Tuple[int, ...]:
    """(0, 13, 9); (0,) when it does not run, as a shim of a version that is not there."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    match = re.match(r"uv (\d+)\.(\d+)\.(\d+)", said)
    return tuple(int(part) for part in match.groups()) if match else (0,)


def environment(job: Job) -> Dict[str, str]:
    """The environment uv and pip run in: pip's index settings, our caches, certificates."""
    env = job.places.environment()
    env.update(pip_settings.environment(env, Path.home()))
    # uv brings certificate authorities of its own and overlooks those a company added to the machine's.
    bundle = next((place for place in (*SYSTEM_CERTIFICATES, job.places.certificates) if place.exists()), None)
    if bundle is not None:
        env.setdefault("SSL_CERT_FILE", str(bundle))
        env.setdefault("PIP_CERT", env["SSL_CERT_FILE"])
    return env


def install(job: Job) -> None:
    if program(job):
        job.terminal.say(f"    使用已有的 {program(job)}")
        return
    _certificates(job)
    pip = _pip(job)
    fresh = empty(job.places.tools / "uv.new")
    lock = job.places.locks / "uv.txt"
    words = [*pip, "install", "--no-deps", "--require-hashes", "--target", fresh, "-r", lock]
    job.run(words, "下载 uv", env={**environment(job), "PYTHONWARNINGS": "ignore"})
    swap(fresh, job.places.uv)
    if not program(job):
        raise NotPrepared(f"uv 装好了却不能运行：请试一下 {job.places.uv}/bin/uv --version。")


def _pip(job: Job) -> List[str]:
    """Words that start a pip under this python3."""
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
        return [sys.executable, "-m", "pip"]
    job.terminal.say("    系统没有 pip：从系统软件源取 python3-pip-whl，只解开到项目里，不安装")
    try:
        apt = PrivateApt(job)
        apt.update()
        package = apt.fetch_alone("python3-pip-whl")
    except NotPrepared as error:
        raise NotPrepared(f"没有 uv，也没有 pip（{error}）请安装其中之一：apt install python3-pip。") from error
    unpacked = empty(job.places.tools / "pip")
    unpack(job, [package], unpacked)
    apt.forget()
    wheel = next(unpacked.glob("usr/share/python-wheels/pip-*.whl"))
    return [sys.executable, f"{wheel}/pip"]  # a wheel is a zip that Python can run from


def _certificates(job: Job) -> None:
    """A minimal Debian has no certificate authorities: Debian's package, unpacked beside the project."""
    named = any(name in os.environ for name in ("SSL_CERT_FILE", "PIP_CERT"))
    if named or any(place.exists() for place in SYSTEM_CERTIFICATES):
        return
    job.terminal.say("    系统没有根证书：从系统软件源取 ca-certificates，只解开到项目里，不安装")
    apt = PrivateApt(job)
    apt.update()
    unpacked = empty(job.places.tools / "certificates.new")
    unpack(job, [apt.fetch_alone("ca-certificates")], unpacked)
    bundle = b"\n".join(file.read_bytes() for file in sorted(unpacked.glob("usr/share/ca-certificates/mozilla/*.crt")))
    job.places.certificates.parent.mkdir(parents=True, exist_ok=True)
    job.places.certificates.write_bytes(bundle)
    shutil.rmtree(unpacked)
