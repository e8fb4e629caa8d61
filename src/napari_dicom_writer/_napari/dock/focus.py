"""Where the keyboard is: napari's themes do not show it on buttons."""

SHOW_FOCUS = """
QPushButton:default { font-weight: bold; }
QPushButton:focus { border: 1px solid #8b93a1; padding: 3px; }
QCheckBox { border: 1px solid transparent; }
QCheckBox:focus { border: 1px solid #8b93a1; border-radius: 2px; }
"""
"""Style sheet of a dialog; its grey is seen on the dark theme and on the light one."""
