"""Compressed frames of anyone's making, decoded where a decoder that crashes, hangs or swells does no harm.

Decoders are C and C++. A damaged codestream makes some abort, some never end, and some ask for all memory there is. So
frames are decoded in processes of their own, with a limit of time and memory that follows from the size of the frame.
"""
