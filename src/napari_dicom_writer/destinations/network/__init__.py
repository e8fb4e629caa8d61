"""Into a PACS or DICOMweb server: staged and read back on this machine first, then sent, every answer recorded."""
