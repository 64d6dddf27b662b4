"""What is refused hides nothing of the others, also where kubectl then shows none."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from kube import dry_run, kubectl
from kube.dry_run import Rejection
from kube.json_text import UnreadableError
from kube.kubectl import Answer
from kube.manifest import Json, Manifest, key_of

SERVICES: list[dict[str, Json]] = [{"kind": "Service", "metadata": {"name": f"s{number}"}} for number in range(9)]


def kubectl_refusing(*names: str, words: str) -> Callable[..., Answer]:
    """As `kubectl apply --dry-run` is: if one of the objects is refused, none is shown."""

    def ask(arguments: Sequence[str], *, given: bytes, **_: Any) -> Answer:
        assert "--dry-run=server" in arguments
        objects = tuple(json.loads(given)["items"])
        refused = [each["metadata"]["name"] for each in objects if each["metadata"]["name"] in names]
        complaint = "\n".join(words.format(name) for name in refused)
        return Answer(objects=() if refused else objects, complaint=complaint)

    return ask


@pytest.mark.parametrize("asked", [dry_run.applied, dry_run.replaced])
@pytest.mark.parametrize("refused", [(), ("s0",), ("s3", "s8"), tuple(f"s{number}" for number in range(9))], ids=str)
def test_each_object_has_its_own_answer(
    asked: Callable[..., dict[Any, Manifest | Rejection]], refused: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = 'The Service "{}" is invalid: spec.x: Invalid value: "hush": may not'
    monkeypatch.setattr(kubectl, "ask", kubectl_refusing(*refused, words=words))
    assert asked(SERVICES, context=None) == {
        key_of(each): Rejection(message="spec.x") if key_of(each)[2] in refused else each for each in SERVICES
    }


def test_what_is_not_said_of_an_object_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubectl, "ask", kubectl_refusing("s3", words="Error from server (Forbidden): {} may not"))
    with pytest.raises(UnreadableError):
        dry_run.applied(SERVICES, context=None)


def test_nobody_is_asked_about_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubectl, "ask", None)
    assert dry_run.applied([], context=None) == dry_run.replaced([], context=None) == {}
