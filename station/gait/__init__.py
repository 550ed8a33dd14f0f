"""Landmarks to angles, strides, events and pelvic turn, each with its confidence. Pure."""
