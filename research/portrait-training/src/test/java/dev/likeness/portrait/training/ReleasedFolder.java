package dev.likeness.portrait.training;

import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The released model where a program can be told of it by name: inside a jar, as Maven has it, it
 * is in no folder.
 */
final class ReleasedFolder {
  private ReleasedFolder() {}

  /** Copies it to {@code folder}, and gives that. */
  static String in(Path folder) throws IOException {
    Path released = PortraitModel.files();
    List<Path> files;
    try (Stream<Path> all = Files.walk(released)) {
      files = all.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      Path to = folder.resolve(released.relativize(file).toString());
      Files.createDirectories(to.getParent());
      Files.copy(file, to);
    }
    return folder.toString();
  }
}
