"""Splits a stack file in two, without touching anything else in it: comments, order and spelling stay.

Lines are cut out at the positions of the entries. Whatever a cut could break, such as an alias whose anchor is in the
other file, shows when both results are read again and compared with what they should hold.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tenants import goyaml
from tenants.contract import PROJECT
from tenants.findings import UnusableFileError
from tenants.fleet import State
from tenants.goyaml import List, Map
from tenants.lint import lint_files
from tenants.stackfile import section_of, stack_of

TENANT_TYPE = "adb:tenants:Tenant"

_STACK_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class CannotSplitError(Exception):
    """The file is not split; the text says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class TwoFiles:
    """The contents of the two stack files."""

    kept: str
    moved: str


@dataclass(frozen=True, kw_only=True)
class _Edit:
    """A replacement of lines, counted from 0; `end` is the first line that stays."""

    start: int
    end: int
    lines: Sequence[str] = ()


def files(file: Path, new: str, tenants: Sequence[str]) -> str:
    """Write both stack files, and return the commands that complete the split; raises `CannotSplitError`."""
    stack = stack_of(file.name)
    if stack is None:
        raise CannotSplitError("its name is not that of a stack file, Pulumi.<stack>.yaml")
    if not _STACK_NAME.fullmatch(new):
        raise CannotSplitError(f"{new!r} is not the name of a stack; use letters, digits, -, _ and .")
    new_file = file.with_name(f"Pulumi.{new}.yaml")
    if new_file.exists():
        raise CannotSplitError(f"{new_file} exists already; choose another stack, or remove it")
    (report,) = lint_files([str(file)])
    if report.faults:
        raise CannotSplitError(f"`python -m tenants lint {file}` has findings; fix them first")
    result = split(file.read_bytes(), stack=stack, tenants=tenants)
    # The new file first: an interruption leaves tenants in both, which lint finds, and not in none.
    new_file.write_text(result.moved, encoding="utf-8")
    unfinished = file.with_name(f".{file.name}.unfinished")
    unfinished.write_text(result.kept, encoding="utf-8")
    unfinished.replace(file)
    return steps(stack=stack, new=new, tenants=tenants)


def split(data: bytes, *, stack: str, tenants: Collection[str]) -> TwoFiles:
    """Return the stack file without these tenants, and that of a new stack with them.

    The new stack shares the namespace with `stack`: it reads the shared objects and uses the keepalived account and the
    nodes' keepalived, which `stack` keeps, and may adopt the tenants from it.

    Raises:
        CannotSplitError: a tenant is unknown or retired, none would stay, or the lines cannot be cut.
    """
    root = goyaml.read(data).root
    config = root.get("config") if isinstance(root, Map) else None
    keys = _section_keys(config) if isinstance(config, Map) else {}
    if not isinstance(root, Map) or not isinstance(config, Map) or "tenants" not in keys:
        raise CannotSplitError(f"there is no {PROJECT}:tenants in it")
    sections = {section: _plain(config[key] or {}) for section, key in keys.items()}
    _refuse(sections, tenants)

    text = _Text(data.decode("utf-8-sig").splitlines(keepends=True), root, config)
    entries: List = config[keys["tenants"]]
    starts = [text.with_comments(position.line - 1) for position in entries.positions]
    ends = [*starts[1:], text.end_of(key=keys["tenants"])]
    is_moved = [entry["name"] in tenants for entry in entries]
    cuts = [_Edit(start=start, end=end) for start, end in zip(starts, ends, strict=True)]

    cluster = sections.get("cluster", {})
    account_of = cluster.get("keepalivedAccountOf", f"{PROJECT}/{stack}")
    new_cluster = {**cluster, "keepalivedAccountOf": account_of, "adoptFrom": f"{PROJECT}/{stack}"}
    # They belong to the account, which the other stack declares.
    new_cluster.pop("imagePullSecrets", None)
    keepalived = new_cluster.pop("nodeKeepalived", {})
    if nodes := keepalived.get("nodes"):
        # Image and tolerations belong to the nodes' pods.
        new_cluster["nodeKeepalived"] = {"nodes": nodes, "of": keepalived.get("of", f"{PROJECT}/{stack}")}
    names = {key: {"name": shared["name"]} for key, shared in sections.get("platform", {}).items() if "name" in shared}
    edits = [*text.changed_cluster(keys, cluster, new_cluster)]
    if "platform" in keys:
        edits += text.rewritten((), keys["platform"], names)

    files = TwoFiles(
        kept=text.edited([cut for cut, moved in zip(cuts, is_moved, strict=True) if moved]),
        moved=text.edited([*edits, *(cut for cut, moved in zip(cuts, is_moved, strict=True) if not moved)]),
    )
    kept, moved = (
        {**sections, "tenants": [entry for entry in sections["tenants"] if (entry["name"] in tenants) is side]}
        for side in (False, True)
    )
    moved |= {"cluster": new_cluster, "platform": names}
    if not names:
        del moved["platform"]
    _verify(files.kept, root, keys, kept)
    _verify(files.moved, root, keys, moved)
    return files


def steps(*, stack: str, new: str, tenants: Sequence[str]) -> str:
    """Return the commands that complete a split."""
    urns = (f"urn:pulumi:{stack}::{PROJECT}::{TENANT_TYPE}::{tenant}" for tenant in tenants)
    move = " \\\n    ".join([f"pulumi state move --source {stack} --dest {new}", *(f"'{urn}'" for urn in urns)])
    return f"""\
Pulumi.{stack}.yaml and Pulumi.{new}.yaml are written; cluster and states are unchanged. Next, while no `up` runs:

  pulumi stack init {new}
  {move}
  pulumi up --stack {new}

The move warns of dependencies on what stays in {stack}: {new} reads it. The `up` updates annotations only. Then remove
adoptFrom from Pulumi.{new}.yaml, and run

  pulumi up --stack {new}
  pulumi up --stack {stack}
"""


def _section_keys(config: Map) -> Mapping[str, str]:
    """Return the keys of the project's configuration as written, by section."""
    return {section: key for key in config if (section := section_of(key)) is not None}


def _refuse(sections: Mapping[str, Any], tenants: Collection[str]) -> None:
    entries = {entry.get("name"): entry for entry in sections["tenants"]}
    unknown = [tenant for tenant in tenants if tenant not in entries]
    if unknown:
        raise CannotSplitError(f"it has no tenant {', '.join(unknown)}; the tenants are {', '.join(map(str, entries))}")
    if len(set(tenants)) == len(entries):
        raise CannotSplitError("no tenant would stay; to give the stack another name, run `pulumi stack rename`")
    state = sections.get("defaults", {}).get("state")
    retired = [tenant for tenant in tenants if entries[tenant].get("state", state) == State.RETIRED]
    if retired:
        raise CannotSplitError(
            f"{', '.join(retired)} is retired: an `up` before its state is moved would remove it. Remove its entry "
            "first, or move it while it is `stopped`"
        )
    if "adoptFrom" in sections.get("cluster", {}):
        raise CannotSplitError("it has cluster.adoptFrom; complete that adoption and remove the line first")


@dataclass(frozen=True)
class _Text:
    """The lines of a stack file, and the maps that its sections are in."""

    lines: Sequence[str]
    root: Map
    config: Map

    def changed_cluster(
        self, keys: Mapping[str, str], old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[_Edit]:
        """Add, change and remove keys of the section `cluster`."""
        if "cluster" not in keys:
            key, _ = self.config.positions[keys["tenants"]]
            start = self.with_comments(key.line - 1)
            yield _Edit(start=start, end=start, lines=_dumped({f"{PROJECT}:cluster": new}, key.column - 1))
            return
        yield from self._changed((), keys["cluster"], old, new)

    def _changed(
        self, within: tuple[Map, ...], key: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[_Edit]:
        """Change the map of a key, line by line if it is written as a block; `within` as for `end_of`."""
        holder = (self.config, *within)[-1]
        position, value = holder.positions[key]
        written = holder[key]
        if value.line == position.line or not written:
            yield from self.rewritten(within, key, new)
            return
        for name in old:
            if name not in new:
                yield from self.rewritten((*within, written), name, None)
            elif new[name] != old[name]:
                yield from self._changed((*within, written), name, old[name], new[name])
        added = {name: new[name] for name in new if name not in old}
        if added:
            yield _Edit(start=position.line, end=position.line, lines=_dumped(added, value.column - 1))

    def rewritten(self, within: tuple[Map, ...], key: str, value: Any) -> Iterator[_Edit]:
        """Replace the value of a key; remove the key if it is to be empty."""
        position, _ = (self.config, *within)[-1].positions[key]
        replacement = _dumped({key: value}, position.column - 1) if value else []
        yield _Edit(start=position.line - 1, end=self.end_of(*within, key=key), lines=replacement)

    def end_of(self, *within: Map, key: str) -> int:
        """Return the first line after a key's value: that of the next key, or of the comments above it.

        `within` are the maps that the key is in, from the first one below `config` to its own.
        """
        start = (self.config, *within)[-1].positions[key][0].line
        maps = (self.root, self.config, *within)
        following = [found.line for each in maps for found, _ in each.positions.values() if found.line > start]
        return self.with_comments(min(following) - 1) if following else len(self.lines)

    def with_comments(self, start: int) -> int:
        """Return the first of the comment lines right above a line, or the line itself."""
        while start > 0 and self.lines[start - 1].lstrip().startswith("#"):
            start -= 1
        return start

    def edited(self, edits: Sequence[_Edit]) -> str:
        """Return the text after all edits; of two that begin at one line, the first is made first."""
        lines = list(self.lines)
        for edit in sorted(edits, key=lambda each: each.start, reverse=True):
            lines[edit.start : edit.end] = edit.lines
        return "".join(lines)


def _dumped(value: Mapping[str, Any], indentation: int) -> list[str]:
    text = yaml.safe_dump(_plain(value), sort_keys=False, allow_unicode=True, width=10_000)
    return [" " * indentation + line for line in text.splitlines(keepends=True)]


def _verify(text: str, root: Map, keys: Mapping[str, str], sections: Mapping[str, Any]) -> None:
    """Read a result again; raises `CannotSplitError` if it is not the original with these sections."""
    others = {key: value for key, value in root["config"].items() if key not in keys.values()}
    ours = {keys.get(section, f"{PROJECT}:{section}"): value for section, value in sections.items()}
    try:
        found = goyaml.read(text.encode()).root
    except UnusableFileError:
        found = None
    same = isinstance(found, Map) and _without_null(found) == _without_null({**root, "config": {**others, **ours}})
    if not same:
        raise CannotSplitError(
            "its lines cannot be cut between the tenants (is it in flow style, or does it use anchors?); write the two "
            "files by hand"
        )


def _without_null(root: Mapping[str, Any]) -> Any:
    """Return a stack file's content; an empty section is like a missing one."""
    config = {key: value for key, value in root["config"].items() if value}
    return _plain({**root, "config": config})


def _plain(value: Any) -> Any:
    """Return plain dicts and lists."""
    return json.loads(json.dumps(value))
