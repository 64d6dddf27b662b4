"""A rejected object does not hide others, although kubectl then prints none."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from kube import dry_run, kubectl
from kube.dry_run import Denial, Rejection
from kube.json_text import UnreadableError
from kube.kubectl import Answer
from kube.manifest import Json, Manifest, key_of

SERVICES: list[dict[str, Json]] = [{"kind": "Service", "metadata": {"name": f"s{number}"}} for number in range(9)]


def kubectl_refusing(*names: str, words: str) -> Callable[..., Answer]:
    """Act like `kubectl apply --dry-run`, which prints no object if one is rejected."""

    def run(arguments: Sequence[str], *, stdin: bytes, **_: Any) -> Answer:
        assert "--dry-run=server" in arguments
        objects = tuple(json.loads(stdin)["items"])
        refused = [each["metadata"]["name"] for each in objects if each["metadata"]["name"] in names]
        stderr = "\n".join(words.format(name) for name in refused)
        return Answer(objects=() if refused else objects, stderr=stderr)

    return run


@pytest.mark.parametrize("asked", [dry_run.applied, dry_run.replaced])
@pytest.mark.parametrize("refused", [(), ("s0",), ("s3", "s8"), tuple(f"s{number}" for number in range(9))], ids=str)
def test_each_object_has_its_own_answer(
    asked: Callable[..., dict[Any, Manifest | Rejection]], refused: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = 'The Service "{}" is invalid: spec.x: Invalid value: "hush": may not'
    monkeypatch.setattr(kubectl, "run", kubectl_refusing(*refused, words=words))
    assert asked(SERVICES, context=None) == {
        key_of(each): Rejection(message="spec.x") if key_of(each)[2] in refused else each for each in SERVICES
    }


DENIALS = {
    'Error from server (Forbidden): error when replacing "STDIN": services "s3" is forbidden: exceeded quota: q': (
        "exceeded quota: q"
    ),
    "The Service \"s3\" is invalid: : ValidatingAdmissionPolicy 'p' with binding 'b' denied request: only Mondays": (
        "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: only Mondays"
    ),
    'error when replacing "STDIN": admission webhook "w.example" denied the request: changes are frozen': (
        'admission webhook "w.example" denied the request: changes are frozen'
    ),
    'Internal error occurred: failed calling webhook "w.example": context deadline exceeded': (
        'failed calling webhook "w.example": context deadline exceeded'
    ),
    'Error from server (BadRequest): admission webhook "w.example" does not support dry run': (
        'admission webhook "w.example" does not support dry run'
    ),
}


@pytest.mark.parametrize(("words", "why"), DENIALS.items())
def test_a_denial_is_about_one_object(words: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubectl, "run", kubectl_refusing("s3", words=words))
    answers = dry_run.replaced(SERVICES, context=None)
    assert {key[2]: answer for key, answer in answers.items() if isinstance(answer, Rejection)} == {
        "s3": Denial(message=why)
    }


@pytest.mark.parametrize(
    "missing_right",
    [
        'User "u" cannot update resource "services" in API group ""',
        'user "u" (groups=["g"]) is attempting to grant RBAC permissions not currently held:',
    ],
)
def test_an_error_that_is_not_about_an_object_is_raised(missing_right: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubectl, "run", kubectl_refusing("s3", words=f'services "{{}}" is forbidden: {missing_right}'))
    with pytest.raises(UnreadableError):
        dry_run.applied(SERVICES, context=None)


def test_kubectl_is_not_run_without_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubectl, "run", None)
    assert dry_run.applied([], context=None) == dry_run.replaced([], context=None) == {}
