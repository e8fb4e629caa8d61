"""Where the volume lies in the patient, drawn."""
