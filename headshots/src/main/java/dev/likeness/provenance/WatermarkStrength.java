package dev.likeness.provenance;

/**
 * How strongly a bit is marked, from weak to strong. A block's value may lie anywhere in its bit's
 * half of a quantisation step, {@code below} away from the lower end and {@code above} away from
 * the upper one; noise mostly raises the value, which is a maximum. Only a share of the bit's
 * blocks is moved: they outvote the others.
 */
enum WatermarkStrength {
  FAINT(0.55, 4, 7),
  GENTLE(0.65, 4, 7),
  FIRM(0.8, 4, 7.5),
  STRONG(1, 5, 8),
  STRONGER(1, 7, 9),
  STRONGEST(1, 8.5, 9.5);

  final double share;
  final double below;
  final double above;

  WatermarkStrength(double share, double below, double above) {
    this.share = share;
    this.below = below;
    this.above = above;
  }

  boolean isStrongest() {
    return this == STRONGEST;
  }

  WatermarkStrength next() {
    return isStrongest() ? this : values()[ordinal() + 1];
  }
}
