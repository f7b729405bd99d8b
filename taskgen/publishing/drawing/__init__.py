"""A small drawing layer: shapes in pixels, written as SVG and as PNG, the same bytes on every run."""
