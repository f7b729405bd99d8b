"""Exports: a dataset in the files that another project's trainer reads."""
