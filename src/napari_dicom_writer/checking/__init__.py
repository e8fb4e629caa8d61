"""What is wrong with DICOM files of anyone's making, and what readers make of it: one concern a module.

Nothing here knows how this package writes: the checks judge its files as they judge all others.
"""
