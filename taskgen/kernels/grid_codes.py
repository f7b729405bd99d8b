"""Numbers of the primitives of a small language on colour grids, and of what may tell an object from the others.

The kinds up to AGREE may change the shape of a grid, and so may CUT_OUT; the others keep it.
"""

TURN, SHIFT = 0, 1
CROP, TRIM, SQUEEZE, JOIN, TILE, SCALE, HALF, FRACTAL, TILE_BY_OBJECTS, SCALE_BY_COLOURS = range(2, 12)
OVERLAY, AGREE, COMPLETE = 12, 13, 14
RECOLOUR, SWAP, KEEP_COLOUR, PAINT, PAINT_COMMONEST, PAINT_RAREST, EXCHANGE = range(20, 27)
KEEP_IF, DROP_IF, PAINT_IF, CUT_OUT, FOLLOW = range(30, 35)
FALL, SLIDE, SEND, MIRROR_EACH = range(35, 39)
FILL, OUTLINE, HOLLOW, BOX, LINK, RAY, GROW = range(40, 47)
KINDS = 47

LARGEST, SMALLEST, AT_EDGE, HOLED, RECTANGLE, EVEN, SINGLE, ONLY_COLOUR, TALL, WIDE = range(10)
PREDICATES = 10
