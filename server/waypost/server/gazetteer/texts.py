"""Arrow columns of texts as the build uses them: one type, large_string, so that no column outgrows its offsets."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

TEXT = pa.large_string()


def text_array(texts: Iterable[str]) -> pa.Array:
    """The texts as a column."""
    return pa.array(texts if isinstance(texts, list | np.ndarray) else list(texts), TEXT)


def text(value: str) -> pa.Scalar:
    """One text, to be combined with columns."""
    return pa.scalar(value, TEXT)


def concatenated(*parts: pa.Array | str, separator: str = "") -> pa.Array:
    """The parts of each row one after the other; plain strings stand in every row."""
    columns = [text(part) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*columns, text(separator))


def to_mask(condition: pa.Array) -> npt.NDArray[np.bool_]:
    """A column of truth values as a numpy array."""
    mask: npt.NDArray[np.bool_] = condition.to_numpy(zero_copy_only=False)
    return mask


def index_in(values: pa.Array, of: pa.Array) -> npt.NDArray[np.int32]:
    """For each value the index of the first equal text in `of`, -1 where there is none."""
    found: npt.NDArray[np.int32] = pc.fill_null(pc.index_in(values, value_set=of), -1).to_numpy()
    return found
