"""Suites: every attack that fits a data set, as files whose checksums say that they are the same.

Who compares defences compares them on the same poisoned training files and the same triggered test
files. ``dece suite`` makes them, with the same bytes on every machine, and checks them.
"""
