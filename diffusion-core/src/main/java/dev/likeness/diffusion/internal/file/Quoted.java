package dev.likeness.diffusion.internal.file;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;

/** Text out of a file that nobody vouches for, made fit for a one-line message. */
public final class Quoted {
  private static final int LONGEST = 120;

  private Quoted() {}

  /** The text in double quotes, with what is not printable escaped, cut at 120 characters. */
  public static String of(String text) {
    StringBuilder out = new StringBuilder("\"");
    text.codePoints().limit(LONGEST).forEach(c -> append(out, c));
    return out.append(text.codePointCount(0, text.length()) > LONGEST ? "…\"" : "\"")
        .toString();
  }

  private static void append(StringBuilder out, int c) {
    int type = Character.getType(c);
    boolean hidden = Character.isISOControl(c)
        || type == Character.FORMAT
        || type == Character.SURROGATE
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR;
    if (hidden) {
      out.append(String.format(Locale.ROOT, "\\u%04x", c));
    } else {
      out.appendCodePoint(c);
    }
  }

  /** Why reading failed, in words. */
  public static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "no such file";
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
