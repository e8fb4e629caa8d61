"""DICOM's own words: text, decimals, character sets, UIDs, transfer syntaxes, elements."""
