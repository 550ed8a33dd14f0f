"""The voice lines, one folder per language, and the script that renders them."""
