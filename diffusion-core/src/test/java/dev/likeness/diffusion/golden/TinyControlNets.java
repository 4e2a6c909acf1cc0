package dev.likeness.diffusion.golden;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * The ControlNets of {@code tools/goldens/controlnet.py}, written with weights made from their
 * seeds.
 */
public final class TinyControlNets {
  private TinyControlNets() {}

  /** Writes the folder of the ControlNet {@code name} below {@code parent}. */
  public static Path write(String name, Path parent) {
    Path out = parent.resolve("controlnet-" + name);
    try (InputStream in = new GZIPInputStream(
            TinyControlNets.class.getResourceAsStream("/golden/control/nets.json.gz"));
        TensorScope scope = TensorScope.open()) {
      Map<?, ?> recipe = (Map<?, ?>) JSON.std.mapFrom(in).get(name);
      Files.createDirectories(out);
      Files.write(out.resolve("config.json"), JSON.std.asBytes(recipe.get("config")));
      SafetensorsWriter.write(
          out.resolve("diffusion_pytorch_model.safetensors"),
          SeededWeights.of(
              GoldenFolder.shapes((Map<?, ?>) recipe.get("tensors")),
              ((Number) recipe.get("seed")).longValue()),
          Map.of("format", "pt"));
      return out;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
