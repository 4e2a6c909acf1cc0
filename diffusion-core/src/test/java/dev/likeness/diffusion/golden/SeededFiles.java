package dev.likeness.diffusion.golden;

import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/**
 * Writes files of seeded weights. The bytes of the last ones stay in memory, because tests write
 * the same folders again and again.
 */
final class SeededFiles {
  private static final int KEPT = 24;
  private static final Map<String, byte[]> LAST =
      Collections.synchronizedMap(new LinkedHashMap<>(KEPT, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, byte[]> eldest) {
          return size() > KEPT;
        }
      });

  private SeededFiles() {}

  /** Writes {@code file}; {@code weights} are always the same for a {@code name}. */
  static void write(Path file, String name, Supplier<Map<String, Tensor>> weights) {
    try {
      byte[] bytes = LAST.get(name);
      if (bytes == null) {
        try (TensorScope scope = TensorScope.open()) {
          SafetensorsWriter.write(file, weights.get(), Map.of("format", "pt"));
        }
        LAST.put(name, Files.readAllBytes(file));
      } else {
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
