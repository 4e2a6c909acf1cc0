package dev.likeness.vault;

import dev.likeness.diffusion.tensor.OtherJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * {@link dev.likeness.vault.StoreProgram} in a process of its own, and what it said until it was
 * killed.
 */
public final class KilledProgram implements AutoCloseable {
  private static final int PATIENCE = 120_000;

  private final Path outputFile;
  private final Process process;

  public KilledProgram(Path store, Path key, Path base, long seed) throws IOException {
    outputFile = Files.createTempFile(key.getParent(), "told", ".txt");
    process = OtherJvm.command(List.of(), StoreProgram.class, store, key, base, seed)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .redirectOutput(outputFile.toFile())
        .start();
  }

  /** Kills it so many milliseconds after it first says a line that begins with {@code word}. */
  public void killAfter(String word, int millis) throws IOException {
    try {
      for (int waited = 0; lines().stream().noneMatch(line -> line.startsWith(word)); waited += 5) {
        if (!process.isAlive() || waited > PATIENCE) {
          throw new AssertionError("it should have said \"" + word + "\", but has " + this);
        }
        TimeUnit.MILLISECONDS.sleep(5);
      }
      TimeUnit.MILLISECONDS.sleep(millis);
      if (!process.isAlive()) {
        throw new AssertionError("it ended by itself: " + this);
      }
      process.destroyForcibly().waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  /** Whole lines alone. */
  private List<String> lines() {
    try {
      String text = Files.readString(outputFile);
      return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The subjects of which it said {@code word}. */
  public Set<String> subjects(String word) {
    return lines().stream()
        .filter(line -> line.startsWith(word + " "))
        .map(line -> line.substring(word.length() + 1))
        .collect(Collectors.toSet());
  }

  /** Whether the last that it said of learning is that it began. */
  public boolean isBetween(String begin, String... ends) {
    boolean between = false;
    for (String line : lines()) {
      String word = line.split(" ")[0];
      between = word.equals(begin) || between && !List.of(ends).contains(word);
    }
    return between;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  @Override
  public String toString() {
    return "said " + lines();
  }
}
