"""A plain library: bytes to markdown to chunks to vectors. It knows neither the application nor a database."""
