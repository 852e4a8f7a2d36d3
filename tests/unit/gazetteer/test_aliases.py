from __future__ import annotations

import numpy as np
import pyarrow as pa

from waypost.server.gazetteer.aliases import AliasCollector


def texts(*values: str) -> pa.Array:
    return pa.array(values, pa.large_string())


def test_a_name_that_is_the_same_in_several_languages_has_all_their_tags_and_comes_once() -> None:
    collector = AliasCollector()
    collector.add(
        np.array([1, 0, 0, 0, 1], np.int32),
        texts("Турция", "Berlin", "Berlín", "Berlin", "Турция"),
        2,
        texts("bg", "de", "es", "fr", "ru"),
    )
    collector.add(np.array([0, 0], np.int32), texts("Berlin", "Berlino"), 2, texts("de", ""))
    aliases = collector.finish(3)
    assert aliases.offsets.tolist() == [0, 3, 4, 4]
    assert aliases.text.to_pylist() == ["Berlin", "Berlín", "Berlino", "Турция"]
    assert aliases.language.to_pylist() == ["de fr", "es", "", "bg ru"]


def test_names_without_any_language_have_none() -> None:
    collector = AliasCollector()
    collector.add(np.array([0, 0], np.int32), texts("A", "A"), 0, texts("", ""))
    assert collector.finish(1).language.to_pylist() == [""]
