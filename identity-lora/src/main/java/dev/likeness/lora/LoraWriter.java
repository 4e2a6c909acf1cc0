package dev.likeness.lora;

import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.SafetensorsWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Writes LoRA files as peft and diffusers name them, one spelling throughout: {@code unet.….lora_A.weight}. The scale is
 * multiplied into the second factor, so that alpha equals the rank and readers that know of no alpha agree too.
 */
final class LoraWriter {
  private static final String SETTINGS = "lora_adapter_metadata";

  private LoraWriter() {}

  static void write(Path file, Map<Layer, LowRank> factors, Map<String, String> metadata) {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      factors.forEach((layer, pair) -> {
        tensors.put(layer.name() + ".lora_A.weight", pair.mid() == null ? pair.down() : Tucker.joined(pair));
        tensors.put(layer.name() + ".lora_B.weight", scaled(pair));
      });
      Map<String, String> notes = new HashMap<>(metadata);
      notes.remove(SETTINGS);
      notes.put("format", "pt");
      SafetensorsWriter.write(file, tensors, notes);
    }
  }

  private static Tensor scaled(LowRank pair) {
    return pair.scale() == 1 ? pair.up() : pair.up().mul(new Scalar(pair.scale()));
  }
}
