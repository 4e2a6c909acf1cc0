package dev.likeness.diffusion.golden;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.image.RgbImage;
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

  /** The image of {@code transformer_pictures.py}. */
  public static RgbImage slope(int width, int height, boolean mirrored) {
    byte[] rgb = new byte[width * height * 3];
    for (int i = 0; i < width * height; i++) {
      int y = i / width;
      int x = mirrored ? width - 1 - i % width : i % width;
      boolean dark = y >= height / 3 && y < height / 2 && x >= width / 3 && x < width / 2;
      rgb[3 * i] = (byte) (dark ? 20 : x * 255 / Math.max(1, width - 1));
      rgb[3 * i + 1] = (byte) (dark ? 20 : y * 255 / Math.max(1, height - 1));
      rgb[3 * i + 2] = (byte) (dark ? 20 : (x * 7 + y * 13) % 256);
    }
    return RgbImage.of(width, height, rgb);
  }
}
