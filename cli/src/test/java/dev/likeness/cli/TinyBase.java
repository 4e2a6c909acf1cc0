package dev.likeness.cli;

import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.model.ModelExtrasFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A tiny base model of random weights, whose images are noise of 32 pixels, and that is declared to
 * be trained in large steps.
 */
public final class TinyBase {
  private TinyBase() {}

  /** A folder below {@code folder} with it. */
  public static Path in(Path folder) {
    return ModelExtrasFile.write(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path());
  }

  /** The names below {@code folder}, sorted; none when it does not exist. */
  public static List<String> namesIn(Path folder) {
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
