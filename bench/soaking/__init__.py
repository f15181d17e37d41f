"""The parts of `bench.soak`: a small world of real processes, people who use it, its weather, and the judge."""
