"""Benchmarks of cyma, for asv: everything that the function table has."""
