package dev.likeness.ipadapter.vision;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.golden.SeededWeights;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Image encoders of {@code tools/goldens/vision.py}, and what transformers computes with them. */
public final class GoldenImageEncoder {
  private GoldenImageEncoder() {}

  /** A file of the golden folder. */
  public static Path file(String name) {
    return GoldenResource.file("/golden/vision/" + name);
  }

  static Map<String, Object> record() {
    try {
      return JSON.std.mapFrom(Files.readAllBytes(file("reference.json")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static List<Map<?, ?>> list(String name) {
    return ((List<?>) record().get(name))
        .stream().<Map<?, ?>>map(item -> (Map<?, ?>) item).toList();
  }

  /** Writes the encoder {@code name} as a folder below {@code parent}. */
  public static Path write(String name, Path parent) {
    Map<?, ?> textEncoder = list("towers").stream()
        .filter(t -> t.get("name").equals(name))
        .findFirst()
        .orElseThrow();
    return write(textEncoder, parent.resolve(name));
  }

  /** Writes an encoder from its config, its tensors' shapes and their seed. */
  public static Path write(Map<?, ?> textEncoder, Path folder) {
    try (TensorScope scope = TensorScope.open()) {
      Files.createDirectories(folder);
      Files.write(folder.resolve("config.json"), JSON.std.asBytes(textEncoder.get("config")));
      SafetensorsWriter.write(
          folder.resolve("model.safetensors"),
          SeededWeights.of(
              GoldenFolder.shapes((Map<?, ?>) textEncoder.get("tensors")),
              ((Number) textEncoder.get("seed")).longValue()),
          Map.of());
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
