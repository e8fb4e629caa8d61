"""OHIF in a real browser on a real archive: what it shows of our files, measured by its pictures."""
