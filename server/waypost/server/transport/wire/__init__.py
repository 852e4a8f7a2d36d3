"""Messages to values and values to messages, both ways, without any input or output.

`requests` checks and decodes lookups, `options` those of tables, `answers` encodes, `tables` reads and
writes Arrow, `pages` keeps the place in a list.
"""
