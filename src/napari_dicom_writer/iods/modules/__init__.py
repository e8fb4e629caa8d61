"""The modules of PS3.3 that several IODs share, one function each: plan in, attributes (keyword → value) out.

A function named ``…_of`` gives what varies from instance to instance; its values are text, or an int for US.
"""
