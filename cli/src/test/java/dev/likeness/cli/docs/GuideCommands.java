package dev.likeness.cli.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.cli.CommandResult;
import dev.likeness.cli.Outside;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Runs the commands of a guide, in order, on tiny weights.
 *
 * @param replacements words of the guide, and the words of the test in their place
 * @param folder the folder of files that the guide names
 */
record GuideCommands(Map<String, String> replacements, Path folder) {
  /** The command lines of a page of {@code docs}, without the program's name. */
  static List<List<String>> of(String page) throws IOException {
    List<List<String>> commands = new ArrayList<>();
    for (MarkdownPage.Block block :
        new MarkdownPage(page, Files.readString(Outside.ROOT.resolve(page))).blocks()) {
      if (block.language().equals("sh")) {
        ShellLine.of(block.text()).stream()
            .map(ShellLine::likeness)
            .flatMap(Optional::stream)
            .forEach(commands::add);
      }
    }
    return commands;
  }

  /**
   * Runs a command with more options, and returns its output file or folder. A file of the guide is
   * below {@link #folder}.
   */
  Path run(List<String> words, String... more) {
    List<String> arguments = new ArrayList<>();
    for (String word : words) {
      // The name of a method may be that of its adapter in the catalogue.
      String other = isAfter(words, arguments.size(), "--identity") ? null : replacements.get(word);
      boolean isFile = word.endsWith(".safetensors") || isOutput(words, word);
      arguments.add(other != null ? other : isFile ? folder.resolve(word).toString() : word);
    }
    arguments.addAll(List.of(more));
    CommandResult run = CommandResult.of(arguments.toArray(String[]::new));
    assertEquals(0, run.status(), String.join(" ", words) + "\n" + run.err());
    return folder.resolve(words.get(words.indexOf("--out") + 1));
  }

  private static boolean isOutput(List<String> words, String word) {
    return isAfter(words, words.indexOf(word), "--out");
  }

  private static boolean isAfter(List<String> words, int at, String option) {
    return at > 0 && words.get(at - 1).equals(option);
  }
}
