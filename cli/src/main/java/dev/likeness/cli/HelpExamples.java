package dev.likeness.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/** The two examples at the end of each command's help. */
final class HelpExamples {
  /** The lines by the command's words. */
  private static final Map<String, List<String>> EXAMPLES = read("help-examples.txt");

  private HelpExamples() {}

  /** Adds the examples of a command to the end of its help. */
  static void addTo(CommandSpec command) {
    List<String> lines = EXAMPLES.get(command.qualifiedName().replaceFirst("^likeness ?", ""));
    if (lines != null) {
      List<String> footer = new ArrayList<>(List.of("", "Examples:"));
      lines.forEach(
          line -> footer.add(line.startsWith(" ") ? "    " + line : "  ./likeness " + line));
      command
          .usageMessage()
          .footer(footer.stream().map(line -> line.replace("%", "%%")).toArray(String[]::new));
    }
  }

  /** Reads examples under headings such as {@code [people list]}. */
  private static Map<String, List<String>> read(String resource) {
    try (InputStream in = HelpExamples.class.getResourceAsStream(resource)) {
      Map<String, List<String>> examples = new HashMap<>();
      List<String> lines = new ArrayList<>();
      for (String line :
          new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
        if (line.startsWith("[")) {
          lines = new ArrayList<>();
          examples.put(line.substring(1, line.length() - 1), lines);
        } else if (!line.isBlank() && !line.startsWith("#")) {
          lines.add(line);
        }
      }
      return examples;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
