"""Turns texts and points into places: kernels over the arrays of a snapshot, and the values around them."""

from waypost.server import kernel_cache as kernel_cache
