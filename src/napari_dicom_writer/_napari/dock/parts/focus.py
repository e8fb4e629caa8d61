"""Where the keyboard is: napari's themes do not show it on buttons."""

SHOW_FOCUS = """
QPushButton:default { font-weight: bold; }
QPushButton:focus { border: 1px solid #8b93a1; padding: 3px; }
QCheckBox { border: 1px solid transparent; }
QCheckBox:focus { border: 1px solid #8b93a1; border-radius: 2px; }
QLineEdit, QComboBox { border: 1px solid transparent; }
QLineEdit:focus, QComboBox:focus { border: 1px solid #8b93a1; }
QLineEdit:disabled, QComboBox:disabled {
    background: transparent; border: 1px solid rgba(139, 147, 161, 60); color: rgba(139, 147, 161, 150);
}
QListWidget::item { border: 1px solid transparent; }
QListWidget::item:focus { border: 1px solid #8b93a1; }
"""
"""Style sheet of a dialog or a dock widget; its gray is seen on the dark theme and on the light one."""
BARE = (
    "QToolButton { border: 1px solid transparent; background: transparent; %s }"
    "QToolButton:focus { border: 1px solid #8b93a1; border-radius: 2px; }"
)
"""Of a button that looks like text, with what else makes it look so."""
