"""The world's places: read from their sources, arranged, and kept as immutable snapshots."""

from waypost.server import kernel_cache as kernel_cache
