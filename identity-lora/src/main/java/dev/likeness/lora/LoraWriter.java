package dev.likeness.lora;

import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.SafetensorsWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Writes LoRA files, one spelling throughout: readers that meet two drop layers of one. The scale is multiplied into
 * the second factor, so that alpha equals the rank and readers that know of no alpha agree with those that do.
 */
final class LoraWriter {
  private static final String SETTINGS = "lora_adapter_metadata";

  private LoraWriter() {}

  static void write(Path file, Map<Layer, LowRank> factors, Map<String, String> metadata, LoraDialect dialect) {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      factors.forEach((layer, pair) -> {
        Tensor down = pair.mid() == null ? pair.down() : Tucker.joined(pair);
        switch (dialect) {
          case PEFT -> putPeft(tensors, layer, down, scaled(pair));
          case KOHYA -> putKohya(tensors, layer, down, scaled(pair));
          default -> throw new IllegalArgumentException("LoRA files are written as PEFT or KOHYA, not as " + dialect);
        }
      });
      Map<String, String> notes = new HashMap<>(metadata);
      notes.remove(SETTINGS);
      notes.put("format", "pt");
      SafetensorsWriter.write(file, tensors, notes);
    }
  }

  private static void putPeft(Map<String, Tensor> tensors, Layer layer, Tensor down, Tensor up) {
    tensors.put(layer.name() + ".lora_A.weight", down);
    tensors.put(layer.name() + ".lora_B.weight", up);
  }

  private static void putKohya(Map<String, Tensor> tensors, Layer layer, Tensor down, Tensor up) {
    String part = switch (layer.part()) {
      case UNET -> "lora_unet_";
      case TEXT_ENCODER -> "lora_te_";
      case TEXT_ENCODER_2 -> "lora_te2_";
    };
    String stem = part + layer.path().replace('.', '_');
    tensors.put(stem + ".lora_down.weight", down);
    tensors.put(stem + ".lora_up.weight", up);
    tensors.put(stem + ".alpha", torch.full(new long[0], new Scalar((double) down.size(0))));
  }

  private static Tensor scaled(LowRank pair) {
    return pair.scale() == 1 ? pair.up() : pair.up().mul(new Scalar(pair.scale()));
  }
}
