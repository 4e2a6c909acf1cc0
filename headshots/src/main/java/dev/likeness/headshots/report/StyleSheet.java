package dev.likeness.headshots.report;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** The CSS of a report, as it lies in the jar. */
final class StyleSheet {
  private static final String FILE = "report.css";

  private StyleSheet() {}

  static String read() {
    try (InputStream in = StyleSheet.class.getResourceAsStream(FILE)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("the jar of Likeness is damaged; download it again", e);
    }
  }
}
