"""Compiled search loops and canonical forms, named for their mathematics. Import from here inside functions only."""
