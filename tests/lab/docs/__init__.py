"""Tables in documents that are made from the code, so that each fact stands in one place."""
