"""The golden history: the 2009 project in Ålesund, recorded as events. Every line names its line in the note."""
