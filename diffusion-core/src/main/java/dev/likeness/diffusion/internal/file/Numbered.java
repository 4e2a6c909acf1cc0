package dev.likeness.diffusion.internal.file;

/** How many modules a list in a file has: {@code blocks.0}, {@code blocks.1} and so on. */
public final class Numbered {
  private static final int MOST_DIGITS = 4;

  private Numbered() {}

  /** One more than the largest number that directly follows {@code prefix}; 0 when none does. */
  public static int count(TensorNames keys, String prefix) {
    int most = 0;
    for (String name : keys.names()) {
      int end = name.startsWith(prefix) ? name.indexOf('.', prefix.length()) : -1;
      most = Math.max(most, end < 0 ? 0 : number(name.substring(prefix.length(), end)) + 1);
    }
    return most;
  }

  /** The number that {@code text} spells in one to four digits; -1 for any other text. */
  public static int number(String text) {
    boolean digits = !text.isEmpty()
        && text.length() <= MOST_DIGITS
        && text.chars().allMatch(c -> c >= '0' && c <= '9');
    return digits ? Integer.parseInt(text) : -1;
  }
}
