package dev.likeness.headshots.provenance;

/**
 * How strongly a picture is marked, from weak to strong. A block's value may lie anywhere in its bit's half of a
 * quantisation step, {@code below} away from the lower end and {@code above} away from the upper one; noise mostly
 * raises the value, which is a maximum. The share of blocks that cost most is left out: the others outvote them.
 */
enum WatermarkStrength {
  GENTLE(0.75, 4, 7),
  FIRM(0.8, 4, 8),
  STRONG(1, 5, 8);

  final double share;
  final double below;
  final double above;

  WatermarkStrength(double share, double below, double above) {
    this.share = share;
    this.below = below;
    this.above = above;
  }
}
