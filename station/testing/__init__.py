"""Stand-ins for the world: a synthetic runner with known truth, fake cameras, sample screens.

They are part of the product: `station demo` and `station screen` run on them, and so can the tests
of others. `station run` never uses one silently in place of missing hardware. May import:
everything but run, bench and cli.
"""
