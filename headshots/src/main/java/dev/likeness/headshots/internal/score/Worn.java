package dev.likeness.headshots.internal.score;

import java.util.Locale;

/**
 * What is worn in pairs, and where one of the two is looked for: from the middle and below the
 * eyes, which are 50 pixels apart.
 */
public enum Worn {
  /** A rim of glasses before each eye. */
  GLASSES(28, 4),
  /** A hoop at each ear. */
  HOOPS(59, 42);

  final int out;
  final int down;

  Worn(int out, int down) {
    this.out = out;
    this.down = down;
  }

  /** The file of the numbers by which a {@link PairNetwork} reads it. */
  public String file() {
    return name().toLowerCase(Locale.ROOT) + ".json.gz";
  }
}
