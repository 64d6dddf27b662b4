from dev.last_hop.kubelet import TEMPLATE, Pod, answer


def test_a_line_of_the_watch_is_a_pod() -> None:
    line = 'MODIFIED|t-vip-x|m1|192.168.143.101|Running|true|2026-11-27T04:00:00Z|["--vrid=50","--a=b|c"]\n'
    assert Pod.parsed(line) == Pod(
        name="t-vip-x",
        node="m1",
        address="192.168.143.101",
        is_running=True,
        is_keepalived=True,
        is_ending=True,
        is_gone=False,
        arguments=("--vrid=50", "--a=b|c"),
    )


def test_a_pod_that_is_not_bound_yet_has_neither_node_nor_address() -> None:
    assert Pod.parsed("ADDED|t-master-0|||Pending|||\n") == Pod(
        name="t-master-0",
        node="",
        address="",
        is_running=False,
        is_keepalived=False,
        is_ending=False,
        is_gone=False,
        arguments=(),
    )


def test_the_template_asks_for_one_line_of_fields() -> None:
    assert TEMPLATE.startswith("{.type}|{.object.metadata.name}|")
    assert TEMPLATE.endswith('{.object.spec.containers[0].args}{"\\n"}')


def test_a_database_answers_with_its_tenant_and_role() -> None:
    assert answer("tenant3-master-0") == "hello-from-tenant3-master"
