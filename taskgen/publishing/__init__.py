"""Publishing: what makes a folder of rows a dataset that explains itself, and what carries it away."""
