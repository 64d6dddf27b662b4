"""Rules about values that pods get unchanged: quantities, images, tolerations, commands, node selectors."""

import re
from collections.abc import Sequence

from kube.facts import is_pinning_label
from tenants.findings import Invalid, Rule, quoted
from tenants.fleet import Toleration

POSITIVE_QUANTITY = Rule(
    id="E801",
    title="Memory and CPU are Kubernetes quantities greater than zero",
    why="The API server rejects anything else, half-way through `up`. A quantity is a number with `Ki`, `Mi`, `Gi`, "
    "`Ti` (powers of 1024), `k`, `M`, `G`, `T` (powers of 1000), `m` (a thousandth) or an exponent; `16GB` and `16gi` "
    "are none.",
)
IMAGE_REFERENCE = Rule(
    id="E802",
    title="An image is a valid image reference",
    why="The kubelet reports InvalidImageName and the pod never starts.",
)
TOLERATION = Rule(
    id="E803",
    title="A toleration is one that the API server accepts",
    why="The API server rejects others, half-way through `up`; one that matches no taint leaves the pods pending.",
)
COMMAND = Rule(
    id="E804",
    title="A command begins with the program to run",
    why="A container without a command runs the default of its image. For the control pods' image that is a database, "
    "which never ends: the failover would wait for its promotion until the timeout.",
)
LABEL_SYNTAX = Rule(
    id="E805",
    title="A node selector has label keys and values that are valid in Kubernetes",
    why="No node can have any other label, and the API server rejects the pods.",
)
PINNING_LABEL = Rule(
    id="E806",
    title="A node selector has no label that pins pods to a node",
    why="The program sets `tenancy-<tenant>: <role>` itself, and `hosts` names the nodes. Both roles have one "
    "selector: with `kubernetes.io/hostname`, or the label of another tenant, one of them never starts.",
)

QUANTITY = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?[0-9]{1,3})?"
"""The syntax that `resource.ParseQuantity` accepts."""
_quantities = re.compile(QUANTITY, re.ASCII)

# The grammar of github.com/distribution/reference, which also says how a registry differs from a first path segment.
_HOST_PART = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_DOMAIN = rf"(?:{_HOST_PART}(?:\.{_HOST_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_SEGMENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}"
IMAGE = rf"(?:{_DOMAIN}/)?{_SEGMENT}(?:/{_SEGMENT})*(?::{_TAG})?(?:@(?:{_DIGEST}))?"
_image = re.compile(
    rf"(?P<name>(?:(?P<domain>{_DOMAIN})/)?{_SEGMENT}(?:/{_SEGMENT})*)(?P<tag>:{_TAG})?(?P<digest>@(?:{_DIGEST}))?"
)
_LONGEST_NAME = 255
_LONGEST_REFERENCE = 1024
"""Far more than a registry, a name, a tag and a digest take; regular expressions are not tried on megabytes."""

_qualified_name = re.compile(
    r"((?=[^/]{1,253}/)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
LABEL_VALUE = r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?"
_label_value = re.compile(LABEL_VALUE)


def memory(text: str) -> str | Invalid:
    """Read a quantity of memory greater than zero."""
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmgtpe])i?b?\s*", text[:64], re.IGNORECASE)
    return _quantity(text, f"write {match[1]}{match[2].upper()}i" if match else "write it like 16Gi")


def cpu(text: str) -> str | Invalid:
    """Read a number of CPUs greater than zero."""
    return _quantity(text, "write it like 4 or 500m")


def _quantity(text: str, hint: str) -> str | Invalid:
    if not _quantities.fullmatch(text):
        return Invalid(POSITIVE_QUANTITY, f"{quoted(text)} is not a quantity; {hint}")
    number = re.split(r"[A-Za-z]", text, maxsplit=1)[0]
    if number.startswith("-") or not number.strip("+-0."):
        return Invalid(POSITIVE_QUANTITY, f"{quoted(text)} is not greater than zero; write what a control pod needs")
    return text


def image_reference(text: str) -> str | Invalid:
    """Read the reference of a container image."""
    match = _image.fullmatch(text) if len(text) <= _LONGEST_REFERENCE else None
    if not match:
        return Invalid(IMAGE_REFERENCE, f"{quoted(text)} is not an image reference; {_fault_of_image(text)}")
    if len(match["name"]) - len(match["domain"] or "") > _LONGEST_NAME:
        return Invalid(
            IMAGE_REFERENCE, f"{quoted(text)} is too long; use at most {_LONGEST_NAME} characters in the name"
        )
    if re.fullmatch(r"[a-f0-9]{64}", text):
        return Invalid(IMAGE_REFERENCE, f"{quoted(text)} is an image's id; write its name and tag, or name@sha256:…")
    return text


def _fault_of_image(text: str) -> str:
    if not text:
        return "write its name and tag"
    if len(text) > _LONGEST_REFERENCE:
        return f"it has {len(text)} characters; use at most {_LONGEST_REFERENCE}"
    if re.search(r"\s", text):
        return "remove the space in it"
    if "://" in text:
        return "write it without a scheme such as https://"
    name, _, digest = text.partition("@")
    if digest and not re.fullmatch(_DIGEST, digest):
        return "a digest is sha256: and 64 lower-case hexadecimal digits"
    path = (name.partition("/")[2] or name).rpartition(":")[0] or name.partition("/")[2] or name
    if path != path.lower():
        return "a repository's name is lower case"
    return "write it like registry.example.com/adb/adb-control:v1.1.0"


def check_toleration(toleration: Toleration) -> Invalid | None:
    """Refuse an invalid toleration."""
    fault = _fault_of_toleration(toleration)
    return Invalid(TOLERATION, fault) if fault else None


def _fault_of_toleration(toleration: Toleration) -> str | None:
    operator = toleration.operator or "Equal"
    if toleration.key and not _qualified_name.fullmatch(toleration.key):
        return f"{quoted(toleration.key)} is not a valid taint key; use letters, digits, -, _ and ."
    if not toleration.key and operator != "Exists":
        return "has no key; add one, or use operator: Exists, which then tolerates every taint"
    if operator == "Exists" and toleration.value:
        return "has a value, which operator: Exists does not compare; remove one of the two"
    if toleration.value and not _label_value.fullmatch(toleration.value):
        return f"{quoted(toleration.value)} is not a valid taint value; use letters, digits, -, _ and ."
    if toleration.toleration_seconds is not None and toleration.effect != "NoExecute":
        return "has tolerationSeconds, which needs effect: NoExecute; add it, or remove tolerationSeconds"
    return None


def check_command(words: Sequence[str | None]) -> Invalid | None:
    """Refuse a command that runs nothing; `None` stands for a word that is itself invalid."""
    if not words:
        return Invalid(COMMAND, "is empty; write the command and its arguments, or remove the whole promotion")
    if words[0] is not None and not words[0].strip():
        return Invalid(COMMAND, "begins with an empty text; write the program to run first")
    return None


def check_label_key(text: str) -> Invalid | None:
    """Refuse a key of a node selector that no node's label has, or that is not the tenant's to choose."""
    if not _qualified_name.fullmatch(text):
        message = (
            f"{quoted(text)} is not a valid label key; use at most 63 letters, digits, -, _ and ., with a domain in "
            "lower case and a / before them if it has one"
        )
        return Invalid(LABEL_SYNTAX, message)
    if is_pinning_label(text):
        return Invalid(PINNING_LABEL, f"{text} pins pods to one node; remove it, and name the nodes under hosts")
    return None


def label_value(text: str) -> str | Invalid:
    """Read a label's value, which may be empty."""
    if _label_value.fullmatch(text):
        return text
    return Invalid(
        LABEL_SYNTAX,
        f"{quoted(text)} is not a valid label value; use at most 63 letters, digits, -, _ and ., beginning and ending "
        "with a letter or digit",
    )
