"""A claim of a lab, predicted and then measured: the prediction, the battle, the number, and the way into the talk."""
