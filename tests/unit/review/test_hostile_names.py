"""Names are chosen by whoever edits the tenant list; none becomes mark-up, a mention, or a diagram of its own."""

import re

import pytest

from kube.escaping import markdown_code as code
from review import mermaid
from review.access_path import AccessPath
from review.markdown import comment
from tenants.fleet import KeepalivedPer
from tests.support.previews import HOSTILE, Step, judged, reviewed

STATION = r'[\w> -]+\["(?:[A-Za-z0-9 ._:/-]|#\d+;)*"\]'
LINE_OF_A_DIAGRAM = re.compile(rf'flowchart TB|before ~~~ after|subgraph \w+\["\w+"\]|direction LR|end|(?:{STATION})+')


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_inside_its_code_element(name: str) -> None:
    written = code(name)
    inside = re.fullmatch(r"<code>(.*)</code>", written)
    assert inside, "one line, one element"
    assert re.fullmatch(r"(?:[\w .:/,→-]|&#\d+;)*", inside[1]), "nothing but letters and entities"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_label_cannot_end_its_node_or_its_block(name: str) -> None:
    path = AccessPath(
        vip=name,
        keepalived_host=name,
        keepalived_per=KeepalivedPer.NODE,
        service=name,
        role="master",
        pod_host=name,
    )
    for line in mermaid.diagram(path, None).splitlines():
        assert LINE_OF_A_DIAGRAM.fullmatch(line.strip()), line


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_image_stays_inside_its_element(name: str) -> None:
    def edit(steps: list[Step]) -> None:
        for step in steps:
            if ":StatefulSet::" in step["urn"]:
                step["newState"]["inputs"]["spec"]["template"]["spec"]["containers"][0]["image"] = name

    written = comment(reviewed("image-change", edit))
    outside = re.sub(r"^(`{3,})\w+\n.*?^\1$", "", written, flags=re.DOTALL | re.MULTILINE)
    tags = {"<code>", "</code>", "<br>", "<details>", "</details>", "<summary>", "</summary>"}
    assert set(re.findall(r"<[^>]*>", outside)) <= tags | {"<!-- adb-tenants review of dev -->"}
    assert "```" not in outside
    rows = [line for line in outside.splitlines() if line.startswith("|")]
    assert [row.count("|") for row in rows] == [4, 4, 4]
    written.encode()


def test_a_refusal_cannot_end_its_block() -> None:
    digest = {"steps": [], "diagnostics": [{"severity": "error", "message": "````\n<b>x</b>"}]}
    assert "`````text\n````\n<b>x</b>\n`````" in comment(judged(digest))
