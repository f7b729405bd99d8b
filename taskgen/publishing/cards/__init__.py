"""Cards: the README.md of a dataset, and the page of a task."""
