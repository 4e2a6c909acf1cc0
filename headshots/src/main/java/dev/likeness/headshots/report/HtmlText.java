package dev.likeness.headshots.report;

import java.util.Locale;
import java.util.regex.Pattern;

/** Text in an HTML page. */
final class HtmlText {
  private static final Pattern HIDDEN = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]");

  private HtmlText() {}

  /** Escapes text for HTML, and shows hidden characters by their codes. */
  static String escape(String raw) {
    String shown = HIDDEN
        .matcher(raw.replaceAll("\\s", " "))
        .replaceAll(
            hidden -> String.format(Locale.ROOT, "\\\\u%04x", hidden.group().codePointAt(0)));
    return shown
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }
}
