"""The catalogues of the languages: what is collected from the code, and the files that hold the
translations.
"""
