package dev.likeness.ipadapter.internal;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.golden.SeededWeights;
import dev.likeness.diffusion.internal.file.KeyList;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;

/**
 * Networks with seeded weights that scripts of {@code tools/goldens} ran, and the key lists of the
 * published ones.
 */
public final class GoldenNetwork {
  private GoldenNetwork() {}

  /** The JSON object of a golden file. */
  public static Map<String, Object> json(String resource) {
    try {
      return JSON.std.mapFrom(Files.readAllBytes(GoldenResource.file("/golden/" + resource)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The outputs in a golden file of tensors. */
  public static Safetensors tensors(String resource) {
    return Safetensors.open(GoldenResource.file("/golden/" + resource));
  }

  /** The weights of a network that has {@code seed} and {@code tensors}. */
  public static Map<String, Tensor> weights(Map<?, ?> network) {
    return new LinkedHashMap<>(SeededWeights.of(
        GoldenFolder.shapes((Map<?, ?>) network.get("tensors")),
        ((Number) network.get("seed")).longValue()));
  }

  /** Writes the weights of a network after a change. */
  public static Path write(Map<?, ?> network, Path file, Consumer<Map<String, Tensor>> change) {
    Map<String, Tensor> weights = weights(network);
    change.accept(weights);
    SafetensorsWriter.write(file, weights, Map.of());
    return file;
  }

  /** The names and shapes of a published network. */
  public static KeyList published(String name) {
    return new KeyList(
        name, GoldenFolder.shapes((Map<?, ?>) json("identity-keys.json").get(name)));
  }
}
