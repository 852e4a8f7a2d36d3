"""Which layers there are, and which can be left out."""

from __future__ import annotations

import pytest

from waypost.server.errors import SnapshotError
from waypost.server.gazetteer.layers import LAYER_KINDS, chosen_layers, describe_layers


def test_layers_can_be_left_out_if_nothing_else_hangs_on_them() -> None:
    assert chosen_layers(frozenset()) == ("places", "countries", "subdivisions", "postal", "airports", "borders")
    assert chosen_layers(frozenset({"postal", "airports"})) == ("places", "countries", "subdivisions", "borders")


@pytest.mark.parametrize("layer", ["places", "countries", "subdivisions", "borders", "postcodes", ""])
def test_required_and_unknown_layers_are_refused_with_what_is_allowed(layer: str) -> None:
    with pytest.raises(SnapshotError, match="these can: airports, postal"):
        chosen_layers(frozenset({layer, "postal"}))


def test_every_layer_has_credit_licence_and_version() -> None:
    for layer in describe_layers(dict.fromkeys(LAYER_KINDS, 7)):
        assert layer.record_count == 7
        assert all((layer.title, layer.source, layer.source_version, layer.attribution.text, layer.attribution.license))
        assert layer.attribution.uri.startswith("https://")


def test_only_the_postal_layer_is_share_alike() -> None:
    layers = describe_layers(dict.fromkeys(LAYER_KINDS, 1))
    assert [layer.layer for layer in layers if layer.attribution.share_alike] == ["postal"]
