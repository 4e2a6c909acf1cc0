package dev.likeness.diffusion.internal.file;

import com.fasterxml.jackson.core.JacksonException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;

/** Quotes text from untrusted files for one-line messages. */
public final class Quoted {
  private static final int LONGEST = 120;

  private Quoted() {}

  /**
   * Returns the text in double quotes, with non-printable characters escaped, cut at 120
   * characters.
   */
  public static String of(String text) {
    StringBuilder out = new StringBuilder("\"");
    text.codePoints().limit(LONGEST).forEach(c -> append(out, c));
    return out.append(text.codePointCount(0, text.length()) > LONGEST ? "…\"" : "\"")
        .toString();
  }

  /** Why a text is no JSON, in one line of the parser's words. */
  public static String problem(JacksonException e) {
    String words = e.getOriginalMessage() == null ? "" : e.getOriginalMessage();
    StringBuilder out = new StringBuilder();
    words
        .lines()
        .findFirst()
        .orElse("")
        .codePoints()
        .limit(2 * LONGEST)
        .forEach(c -> append(out, c));
    return out.toString();
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

  /** Returns the reason for a failed read, for a message. */
  public static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "no such file";
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
