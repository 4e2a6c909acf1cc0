package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.SafetensorsWriter;
import dev.likeness.lora.change.Change;
import dev.likeness.lora.change.Decomposed;
import dev.likeness.lora.change.Kronecker;
import dev.likeness.lora.change.Layer;
import dev.likeness.lora.change.LowRank;
import dev.likeness.lora.change.Tucker;
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

  private final LoraDialect dialect;
  private final boolean twoClips;
  private final Map<String, Tensor> tensors;

  private LoraWriter(LoraDialect dialect, boolean twoClips, Map<String, Tensor> tensors) {
    this.dialect = dialect;
    this.twoClips = twoClips;
    this.tensors = tensors;
  }

  static void write(Path file, LoraChanges changes, LoraFamily family, Map<String, String> metadata,
      LoraDialect dialect) {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      if (!changes.biases().isEmpty()) {
        throw unwritable(changes.biases().keySet().iterator().next());
      }
      LoraWriter writer = new LoraWriter(dialect, family == LoraFamily.SDXL, tensors);
      changes.weights().forEach(writer::put);
      changes.words().forEach(word -> Embeddings.put(tensors, word, dialect));
      Map<String, String> notes = new HashMap<>(metadata);
      notes.remove(SETTINGS);
      notes.put("format", "pt");
      SafetensorsWriter.write(file, tensors, notes);
    }
  }

  private void put(Layer layer, Change change) {
    if (change instanceof Decomposed dora && dora.direction() instanceof LowRank pair) {
      putPair(layer, pair);
      Tensor lengths = dora.magnitude().flatten();
      if (dialect == LoraDialect.KOHYA) {
        tensors.put(kohya(layer) + ".dora_scale",
            lengths.view(layer.isConvolution() ? new long[] {-1, 1, 1, 1} : new long[] {-1, 1}));
      } else {
        // diffusers reads a UNet's by peft's name and a text encoder's by the parameter's own.
        String ending = layer.part() == Part.UNET ? "" : ".weight";
        tensors.put(layer.name() + ".lora_magnitude_vector" + ending,
            layer.isConvolution() ? lengths.view(1, -1, 1, 1) : lengths);
      }
    } else if (change instanceof Kronecker product) {
      String stem = dialect == LoraDialect.KOHYA ? kohya(layer) : layer.name();
      tensors.put(stem + ".lokr_w1", product.outer().mul(new Scalar(product.scale())));
      tensors.put(stem + ".lokr_w2", product.inner());
    } else if (change instanceof LowRank pair) {
      putPair(layer, pair);
    } else {
      throw unwritable(layer);
    }
  }

  private static IllegalArgumentException unwritable(Layer layer) {
    return new IllegalArgumentException("the change of " + layer.name()
        + " has no place in such a file; give it a rank first (LoraMerge.resized)");
  }

  private void putPair(Layer layer, LowRank pair) {
    Tensor down = Tucker.joined(pair);
    Tensor up = scaled(pair);
    switch (dialect) {
      case PEFT -> putPair(layer.name() + ".lora_A.weight", down, layer.name() + ".lora_B.weight", up);
      case DIFFUSERS -> {
        String stem = layer.name() + (layer.part() == Part.UNET ? ".lora." : ".lora_linear_layer.");
        putPair(stem + "down.weight", down, stem + "up.weight", up);
      }
      case KOHYA -> {
        putPair(kohya(layer) + ".lora_down.weight", down, kohya(layer) + ".lora_up.weight", up);
        tensors.put(kohya(layer) + ".alpha", torch.full(new long[0], new Scalar((double) down.size(0))));
      }
      default -> throw new IllegalArgumentException(
          "LoRA files are written as PEFT, DIFFUSERS or KOHYA, not as " + dialect);
    }
  }

  private void putPair(String downKey, Tensor down, String upKey, Tensor up) {
    tensors.put(downKey, down);
    tensors.put(upKey, up);
  }

  private String kohya(Layer layer) {
    String part = switch (layer.part()) {
      case UNET -> "lora_unet_";
      case TEXT_ENCODER -> twoClips ? "lora_te1_" : "lora_te_";
      case TEXT_ENCODER_2 -> "lora_te2_";
      case TEXT_ENCODER_3 -> "lora_te3_";
      case TRANSFORMER -> "lora_transformer_";
    };
    return part + layer.path().replace('.', '_');
  }

  private static Tensor scaled(LowRank pair) {
    return pair.scale() == 1 ? pair.up() : pair.up().mul(new Scalar(pair.scale()));
  }
}
