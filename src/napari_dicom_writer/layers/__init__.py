"""napari's words ↔ the model. Imports no napari."""
