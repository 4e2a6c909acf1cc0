package dev.likeness.benchmarks;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.lora.Lora;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Files of random weights, for what is as fast whatever the numbers. */
final class RandomWeights {
  private RandomWeights() {}

  /** Writes normal noise over the square root of what a layer sums. */
  static void write(Path file, Map<String, long[]> shapes) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(1)) {
      Map<String, Tensor> tensors = new HashMap<>();
      shapes.forEach((name, shape) -> tensors.put(
          name,
          noise.next(shape).squeeze(0).mul(new Scalar(1 / Math.sqrt(shape[shape.length - 1])))));
      SafetensorsWriter.write(file, tensors, Map.of());
    }
  }

  /** A LoRA on queries, keys, values and outputs of every attention of a base's UNet. */
  static Lora lora(BaseModel base, int rank) {
    AdapterSites attentions = AdapterSites.of(base);
    Map<String, long[]> shapes = new HashMap<>();
    for (int t = 0; t < attentions.paths().size(); t++) {
      long width = attentions.widths().get(t);
      String block = attentions.paths().get(t);
      for (String layer : List.of("to_q", "to_k", "to_v", "to_out.0")) {
        factors(shapes, block + ".attn1." + layer, width, width, rank);
        factors(
            shapes,
            block + ".attn2." + layer,
            layer.matches("to_[kv]") ? attentions.contextWidth() : width,
            width,
            rank);
      }
    }
    try {
      Path file = Files.createTempFile("lora", ".safetensors");
      write(file, shapes);
      Lora lora = Lora.open(file, base);
      Files.delete(file);
      return lora;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void factors(
      Map<String, long[]> shapes, String layer, long in, long out, int rank) {
    shapes.put("unet." + layer + ".lora_A.weight", new long[] {rank, in});
    shapes.put("unet." + layer + ".lora_B.weight", new long[] {out, rank});
  }
}
