"""DICOM, whoever wrote it → the model. Shares no code with the writer."""
