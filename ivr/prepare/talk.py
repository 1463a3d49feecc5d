"""Microphone and loudspeaker for `ivr talk`: PyAudio has no wheel for Linux, so it is built here.

.tools/talk/system/   Debian's PortAudio, ALSA and JACK libraries, unpacked, not installed
.tools/talk/python/   PyAudio, which finds those libraries by its own run path
.tools/pulseaudio/    a sound server with pretended devices, for the test only
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import List, Tuple

from ivr.errors import NotPrepared
from ivr.prepare import uv
from ivr.prepare.apt import PrivateApt, unpack
from ivr.prepare.step import Job, empty, swap

DEVELOPMENT = "portaudio19-dev"
SOUND_SERVER = ("pulseaudio", "pulseaudio-utils", "libasound2-plugins")
OF_THE_SYSTEM = ("libc6", "libgcc-s1", "libstdc++6", "gcc-")
"""Packages of which the machine's own must be used: the Python that loads PyAudio has loaded them already."""


def inputs(job: Job) -> str:
    return "\n".join([str(job.places.root), (job.places.locks / "talk.txt").read_text("utf-8"), DEVELOPMENT])


def results(job: Job) -> Tuple[Path, ...]:
    return (job.places.talk / "python/pyaudio/__init__.py",)


def install(job: Job) -> None:
    """Raises `NotPrepared` where there is no compiler, no apt or no mirror."""
    if not _compiler():
        raise NotPrepared("ivr talk 要用的 PyAudio 得在这台机器上编译，而这里没有 C 编译器：请先安装 gcc。")
    fresh = empty(job.places.tools / "talk.new")
    apt = PrivateApt(job)
    apt.update()
    packages = apt.fetch_with_all_it_needs(DEVELOPMENT)
    unpack(job, [one for one in packages if not one.name.startswith(OF_THE_SYSTEM)], fresh / "system")
    # Built at its final place, for the run path is absolute.
    swap(fresh, job.places.talk)
    _build(job)
    _built_for(job).write_text(inputs(job), "utf-8")
    apt.forget()


def test_inputs(job: Job) -> str:
    return "\n".join([inputs(job), repr(SOUND_SERVER), str(_compiler())])


def for_the_test(job: Job) -> None:
    """What is missing here is told, and the test says again why it is skipped: the other tests need none of it."""
    try:
        if not _built_for(job).is_file() or _built_for(job).read_text("utf-8") != inputs(job):
            install(job)
        _sound_server(job)
    except NotPrepared as error:
        job.terminal.say(f"    ivr talk 的测试会跳过：{error}", "yellow")


def libraries(folder: Path) -> List[Path]:
    """Where unpacked packages have their shared libraries."""
    return sorted([*folder.glob("usr/lib/*-linux-gnu*"), *folder.glob("lib/*-linux-gnu*")])


def _build(job: Job) -> None:
    system = job.places.talk / "system"
    places = libraries(system)
    env = uv.environment(job)
    env["CFLAGS"] = f"-I{system / 'usr/include'}"
    # The old kind of run path holds for the libraries of the libraries, too (ld.so(8)).
    run_paths = [f"-Wl,-rpath,{place}" for place in places]
    env["LDFLAGS"] = " ".join(["-Wl,--disable-new-dtags", *(f"-L{place}" for place in places), *run_paths])
    build = job.places.locks / "build.txt"
    words = [uv.program(job), "pip", "install", "--python", job.places.product / "bin/python", "--no-deps"]
    words += ["--require-hashes", "--build-constraints", build, "--require-build-hashes"]
    words += ["--no-binary", "pyaudio", "--no-cache", "--target", job.places.talk / "python"]
    job.run([*words, "-r", job.places.locks / "talk.txt"], "编译 PyAudio", env=env)


def _sound_server(job: Job) -> None:
    fresh = empty(job.places.tools / "pulseaudio.new")
    apt = PrivateApt(job)
    apt.update()
    unpack(job, apt.fetch_with_all_it_needs(*SOUND_SERVER), fresh)
    swap(fresh, job.places.sound_server)
    apt.forget()


def _built_for(job: Job) -> Path:
    """Says what PyAudio was built from and where: it is of no use in another place."""
    return job.places.talk / "built-for.txt"


def _compiler() -> bool:
    return any(shutil.which(name) for name in ("cc", "gcc", "clang"))
