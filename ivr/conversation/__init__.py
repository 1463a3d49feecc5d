"""The dialogue as the call sees it: the client of Rasa, and what spoken answers mean."""
