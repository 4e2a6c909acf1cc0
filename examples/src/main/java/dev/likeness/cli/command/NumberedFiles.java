package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Writes {@code image-001.png}, {@code image-002.png} and so on, and names each on standard output.
 */
final class NumberedFiles {
  private NumberedFiles() {}

  static <T> void write(
      Path folder, String stem, List<T> things, BiConsumer<T, Path> writer, Console console) {
    for (int i = 0; i < things.size(); i++) {
      T thing = things.get(i);
      write(folder, stem, i, file -> writer.accept(thing, file), console);
    }
  }

  /** Writes the one at {@code index}, counted from 0. */
  static void write(Path folder, String stem, int index, Consumer<Path> writer, Console console) {
    Path file = folder.resolve(name(stem, index));
    writer.accept(file);
    console.out().println(file);
    console.out().flush();
  }

  /** The name of the thing at {@code index}, counted from 0. */
  static String name(String stem, int index) {
    return String.format(Locale.ROOT, "%s-%03d.png", stem, index + 1);
  }
}
