"""A map to find a way on: places and roads with their costs, or a grid of cells with the cost of entering each."""

from taskgen.publishing.drawing.shapes import Drawing
from taskgen.publishing.pictures import _cell_map, _road_map
from taskgen.verifiers.graphs.shortest_path import Roads, ShortestPath


def draw(problem: ShortestPath) -> Drawing:
    """The map, with start and goal marked; no road looks other than the rest."""
    if isinstance(problem.map, Roads):
        return _road_map.draw(problem.map, problem.start, problem.goal)
    return _cell_map.draw(problem.map, problem.start, problem.goal)
