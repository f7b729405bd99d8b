"""How taskgen judges for each trainer. These files are copied into exports and run there; nothing here imports them."""
