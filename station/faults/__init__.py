"""Gait to pressure per rule: one file per rule. Pure."""
