"""Layers that users import: files of addresses, streets and places to arrays that a snapshot is composed with.

A file is read into records (records.py; one reader a format in readers/), records are brought together into a layer
(layer.py tells what that holds), and a snapshot is composed of the world and all layers that were added.
"""
