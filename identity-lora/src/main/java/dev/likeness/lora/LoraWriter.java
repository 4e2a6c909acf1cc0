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
  private final Map<String, Tensor> tensors;

  private LoraWriter(LoraDialect dialect, Map<String, Tensor> tensors) {
    this.dialect = dialect;
    this.tensors = tensors;
  }

  /** @param base every layer of the base, which kohya's names are counted by */
  static void write(Path file, LoraChanges changes, LayerTable base, Map<String, String> metadata, LoraDialect dialect) {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      if (!changes.biases().isEmpty()) {
        throw unwritable(changes.biases().keySet().iterator().next());
      }
      LoraWriter writer = new LoraWriter(dialect, tensors);
      if (dialect == LoraDialect.KOHYA) {
        writer.put(changes.weights(), new KohyaNames(base));
      } else {
        SameRank.of(changes.weights()).forEach((layer, change) -> writer.put(layer, layer.name(), change));
      }
      changes.words().forEach(word -> Embeddings.put(tensors, word, dialect));
      Map<String, String> notes = new HashMap<>(metadata);
      notes.remove(SETTINGS);
      notes.put("format", "pt");
      SafetensorsWriter.write(file, tensors, notes);
    }
  }

  private void put(Map<Layer, Change> weights, KohyaNames names) {
    Map<Layer, KohyaNames.Place> named = new LinkedHashMap<>();
    weights.keySet().forEach(layer -> named.put(layer, names.of(layer)));
    Map<Layer, Change> trimmed = new LinkedHashMap<>();
    weights.forEach((layer, change) -> trimmed.put(layer,
        change instanceof LowRank pair && named.get(layer).parts().size() > 1 ? SameRank.trimmed(pair) : change));
    Map<KohyaNames.Place, Map<Layer, Change>> places = new LinkedHashMap<>();
    SameRank.of(trimmed).forEach((layer, change) ->
        places.computeIfAbsent(named.get(layer), place -> new LinkedHashMap<>()).put(layer, change));
    places.forEach((place, own) -> {
      boolean alone = place.parts().size() == 1 && !place.halvesSwapped();
      put(place.parts().get(0), place.stem(), alone ? own.values().iterator().next() : joined(place, own));
    });
  }

  private static LowRank joined(KohyaNames.Place place, Map<Layer, Change> own) {
    Map<Layer, LowRank> pairs = new LinkedHashMap<>();
    own.forEach((layer, change) -> {
      if (!(change instanceof LowRank pair)) {
        throw unwritable(layer);
      }
      pairs.put(layer, pair);
    });
    LowRank joined = JoinedRows.of(place.parts(), pairs);
    return place.halvesSwapped() ? JoinedRows.swapped(joined) : joined;
  }

  private void put(Layer layer, String stem, Change change) {
    if (change instanceof Decomposed dora && dora.direction() instanceof LowRank pair) {
      putPair(layer, stem, pair);
      Tensor lengths = dora.magnitude().flatten();
      if (dialect == LoraDialect.KOHYA) {
        tensors.put(stem + ".dora_scale", lengths.view(layer.isConvolution() ? new long[] {-1, 1, 1, 1} : new long[] {-1, 1}));
      } else {
        // diffusers reads a UNet's by peft's name and a text encoder's by the parameter's own.
        String ending = layer.part() == Part.UNET ? "" : ".weight";
        tensors.put(stem + ".lora_magnitude_vector" + ending, layer.isConvolution() ? lengths.view(1, -1, 1, 1) : lengths);
      }
    } else if (change instanceof Kronecker product) {
      tensors.put(stem + ".lokr_w1", product.outer().mul(new Scalar(product.scale())));
      tensors.put(stem + ".lokr_w2", product.inner());
    } else if (change instanceof LowRank pair) {
      putPair(layer, stem, pair);
    } else {
      throw unwritable(layer);
    }
  }

  private static IllegalArgumentException unwritable(Layer layer) {
    return new IllegalArgumentException("the change of " + layer.name()
        + " has no place in such a file; give it a rank first (LoraMerge.resized)");
  }

  private void putPair(Layer layer, String stem, LowRank pair) {
    Tensor down = Tucker.joined(pair);
    Tensor up = JoinedRows.scaled(pair);
    switch (dialect) {
      case PEFT -> putPair(stem + ".lora_A.weight", down, stem + ".lora_B.weight", up);
      case DIFFUSERS -> {
        String infix = layer.part() == Part.UNET ? ".lora." : ".lora_linear_layer.";
        putPair(stem + infix + "down.weight", down, stem + infix + "up.weight", up);
      }
      case KOHYA -> {
        putPair(stem + ".lora_down.weight", down, stem + ".lora_up.weight", up);
        tensors.put(stem + ".alpha", torch.full(new long[0], new Scalar((double) down.size(0))));
      }
      default -> throw new IllegalArgumentException(
          "LoRA files are written as PEFT, DIFFUSERS or KOHYA, not as " + dialect);
    }
  }

  private void putPair(String downKey, Tensor down, String upKey, Tensor up) {
    tensors.put(downKey, down);
    tensors.put(upKey, up);
  }
}
