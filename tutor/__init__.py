"""Talks with a learner about a lab: judges what is said, asks the next question, keeps the transcript.

Works without any endpoint; with one, a model speaks and may judge. Knows the labs and the engine's face.
"""
