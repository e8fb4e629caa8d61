"""Measures what this package costs, beside its peers and beside writing the same bytes.

``python -m benchmarks.run`` measures everything; ``--help`` lists the topics. Each topic is a module with one
``tables`` function.
"""
