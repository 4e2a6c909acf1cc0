package dev.likeness.diffusion.internal.file;

import com.fasterxml.jackson.core.JacksonException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import java.util.regex.Pattern;

/** Quotes text from untrusted files for one-line messages. */
public final class Quoted {
  private static final int LONGEST = 120;

  /**
   * What Jackson repeats of a text: the word in {@code Unrecognized token 'word'}, the character in
   * {@code Unexpected character ('x' (code 120))}, the number in {@code Numeric value (12345)}.
   */
  private static final Pattern PARSED =
      Pattern.compile(" \\('.{1,2}' \\(code [^)]*\\)\\)| '[^']*'(?: \\(code [^)]*\\))?"
          + "|(?<=^Numeric value) \\([^)]*\\)");

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

  /** Returns the whole text on one line, without quotes; escapes characters that do not print. */
  public static String line(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints().forEach(c -> append(out, c));
    return out.toString();
  }

  /**
   * Returns JSON of the same meaning, in which invisible characters other than line breaks are
   * escaped. A terminal shows it as it is.
   */
  public static String inJson(String json) {
    StringBuilder out = new StringBuilder(json.length());
    json.codePoints().forEach(c -> {
      if (c != '\n' && c != '\r' && isHidden(c)) {
        for (char unit : Character.toChars(c)) {
          out.append(String.format(Locale.ROOT, "\\u%04x", (int) unit));
        }
      } else {
        out.appendCodePoint(c);
      }
    });
    return out.toString();
  }

  /**
   * Returns the parser's reason why a text is not JSON, as one short line without the words and
   * numbers of the text, which may be a secret.
   */
  public static String problem(JacksonException e) {
    String words = e.getOriginalMessage() == null ? "" : e.getOriginalMessage();
    StringBuilder out = new StringBuilder();
    PARSED
        .matcher(words.lines().findFirst().orElse(""))
        .replaceFirst("")
        .codePoints()
        .limit(2 * LONGEST)
        .forEach(c -> append(out, c));
    return out.toString();
  }

  private static void append(StringBuilder out, int c) {
    if (isHidden(c)) {
      out.append(String.format(Locale.ROOT, "\\u%04x", c));
    } else {
      out.appendCodePoint(c);
    }
  }

  /** Returns whether a character is invisible, or changes how others are shown. */
  public static boolean isHidden(int c) {
    int type = Character.getType(c);
    return Character.isISOControl(c)
        || type == Character.FORMAT
        || type == Character.SURROGATE
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR;
  }

  /**
   * Returns a value of a JSON file for a message: one line, with non-printable characters escaped,
   * cut at 120 characters. Unlike {@link #of}, without quotes.
   */
  public static String value(Object value) {
    String quoted = of(String.valueOf(value));
    return quoted.substring(1, quoted.length() - 1);
  }

  /** Returns the reason for a failed read, for a message: one line. */
  public static String reason(Exception e) {
    if (e instanceof NoSuchFileException) {
      return "no such file";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof JacksonException json) {
      return problem(json);
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : line(e.getMessage());
  }
}
