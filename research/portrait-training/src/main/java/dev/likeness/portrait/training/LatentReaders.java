package dev.likeness.portrait.training;

import dev.likeness.portrait.people.Attribute;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Readers of latents, each another's witness: what pleases one alone is no more than its own
 * mistake.
 */
final class LatentReaders implements AutoCloseable {
  private final List<LatentReader> readers;

  private LatentReaders(List<LatentReader> readers) {
    this.readers = readers;
  }

  /** Those of these states, one at least. */
  static LatentReaders open(List<Path> states) {
    List<LatentReader> readers = new ArrayList<>();
    try {
      states.forEach(state -> readers.add(LatentReader.open(state)));
      return new LatentReaders(readers);
    } catch (RuntimeException e) {
      readers.forEach(LatentReader::close);
      throw e;
    }
  }

  /** The one whose reading errors of renders are weighed by. */
  LatentReader first() {
    return readers.get(0);
  }

  /**
   * What each reads from latents [n, 8, 32, 32]: scores of every attribute's words, [n, words],
   * f32.
   */
  List<Map<Attribute, Tensor>> words(Tensor latents) {
    return readers.stream()
        .map(reader -> reader.heads().words(reader.features(latents)))
        .toList();
  }

  @Override
  public void close() {
    readers.forEach(LatentReader::close);
  }
}
