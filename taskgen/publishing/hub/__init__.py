"""Datasets of ours on the Hub: pushed in one commit, pulled whole."""
