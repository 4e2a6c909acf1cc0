package dev.likeness.portrait.training;

/** How many arguments a program takes. */
public final class Usage {
  private Usage() {}

  /** Refuses fewer arguments than {@code least} by telling {@code usage}. */
  public static void require(String[] args, int least, String usage) {
    require(args, least, Integer.MAX_VALUE, usage);
  }

  /** The same, and more than {@code most}. */
  public static void require(String[] args, int least, int most, String usage) {
    if (args.length < least || args.length > most) {
      throw new IllegalArgumentException("usage: " + usage);
    }
  }
}
