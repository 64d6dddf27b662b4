"""Quantities are parsed as in Kubernetes."""

from decimal import Decimal

import pytest

from kube.quantity import amount


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("16Gi", 16 * 1024**3),
        ("17179869184", 16 * 1024**3),
        ("16G", 16 * 1000**3),
        ("1.5Ki", 1536),
        ("128974848000m", 128974848),
        ("129e6", 129_000_000),
        (".5k", 500),
        ("1E", 10**18),
    ],
)
def test_quantities_are_parsed_as_in_kubernetes(quantity: str, expected: int) -> None:
    assert amount(quantity) == Decimal(expected)


@pytest.mark.parametrize("other", ["", "16GB", "16gi", "Gi", "1 Gi", "0x10"])
def test_other_texts_are_not_quantities(other: str) -> None:
    assert amount(other) is None
