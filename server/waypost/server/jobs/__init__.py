"""Answers later: files of rows that are cut into shards, answered by workers, and committed part by part."""
