"""The pure core in its surroundings: messages in, steps, effects and both projections out."""
