"""Readers of files of addresses, streets and places, one module a format; formats.py knows them all."""
