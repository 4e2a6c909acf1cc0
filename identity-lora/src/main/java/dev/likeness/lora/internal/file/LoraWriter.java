package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.lora.internal.algorithm.DoraDelta;
import dev.likeness.lora.internal.algorithm.FullDelta;
import dev.likeness.lora.internal.algorithm.LohaDelta;
import dev.likeness.lora.internal.algorithm.LokrDelta;
import dev.likeness.lora.internal.algorithm.LoraDelta;
import dev.likeness.lora.internal.algorithm.LoraDeltas;
import dev.likeness.lora.internal.algorithm.LoraFactors;
import dev.likeness.lora.internal.algorithm.RowSliceDelta;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.algorithm.WeightDelta;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Writes LoRA files. A file has only one key format, because readers that find two ignore layers of
 * one. The scale is multiplied into the second factor, so that alpha equals the rank. Readers that
 * ignore alpha then get the same result.
 */
public final class LoraWriter {
  private final KeyFormat keyFormat;
  private final Map<String, Tensor> tensors;
  private final Function<TargetLayer, Tensor> weight;

  private LoraWriter(
      KeyFormat keyFormat, Map<String, Tensor> tensors, Function<TargetLayer, Tensor> weight) {
    this.keyFormat = keyFormat;
    this.tensors = tensors;
    this.weight = weight;
  }

  /**
   * Writes a file.
   *
   * @param base all layers of the base; kohya's names depend on them
   * @param weight returns the weight of a layer of the base, f32 on the CPU, for deltas that depend
   *     on it
   * @throws InvalidInputException if a tensor has values that are NaN or infinite; nothing is
   *     written
   */
  public static void write(
      Path file,
      LoraDeltas changes,
      LayerTable base,
      Function<TargetLayer, Tensor> weight,
      Map<String, String> metadata,
      KeyFormat keyFormat) {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      LoraWriter writer = new LoraWriter(keyFormat, tensors, weight);
      if (keyFormat == KeyFormat.KOHYA) {
        KohyaNames names = new KohyaNames(base);
        writer.put(changes.weights(), names);
        writer.putBiases(changes.biases(), names);
      } else if (!changes.biases().isEmpty()) {
        throw unwritable(changes.biases().keySet().iterator().next());
      } else {
        LoraFactors.SameRank.padToMaxRank(changes.weights())
            .forEach((layer, change) -> writer.put(layer, layer.name(), change));
        writer.putFactorFirst(changes.weights());
      }
      changes
          .textualInversions()
          .forEach(word -> BundledEmbeddings.write(tensors, word, keyFormat));
      tensors.forEach((key, values) -> requireFinite(file, key, values));
      Map<String, String> written = LoraMetadata.rewrite(metadata);
      LoraMetadata.putModule(written, keyFormat, algorithm(changes.weights().values()));
      written.put("format", "pt");
      // For a sum of several persons only their consents are written.
      if (written.containsKey(LoraPerson.CLASS_WORD_KEY)
          || written.containsKey(LoraPerson.CONSENT_KEY)) {
        SafetensorsWriter.writePrivate(file, tensors, written);
      } else {
        SafetensorsWriter.write(file, tensors, written);
      }
    }
  }

  /** Refuses values that no reader can use: the scale of a LoRA may exceed what f32 can hold. */
  private static void requireFinite(Path file, String key, Tensor values) {
    if (!Tensors.isFinite(values)) {
      throw new InvalidInputException("cannot write " + file + ": " + Quoted.of(key)
          + " would have values that are NaN or infinite; give a LoRA with smaller numbers");
    }
  }

  private static LoraAlgorithm algorithm(Collection<WeightDelta> deltas) {
    return deltas.stream().anyMatch(LokrDelta.class::isInstance)
        ? LoraAlgorithm.LOKR
        : deltas.stream().anyMatch(LohaDelta.class::isInstance)
            ? LoraAlgorithm.LOHA
            : LoraAlgorithm.LORA;
  }

  private void put(Map<TargetLayer, WeightDelta> weights, KohyaNames names) {
    Map<TargetLayer, KohyaNames.KohyaLayer> named = new LinkedHashMap<>();
    weights.keySet().forEach(layer -> named.put(layer, names.of(layer)));
    Map<TargetLayer, WeightDelta> trimmed = new LinkedHashMap<>();
    weights.forEach((layer, change) -> trimmed.put(
        layer,
        change instanceof LoraDelta pair && named.get(layer).parts().size() > 1
            ? LoraFactors.SameRank.trim(pair)
            : change));
    Map<KohyaNames.KohyaLayer, Map<TargetLayer, WeightDelta>> places = new LinkedHashMap<>();
    LoraFactors.SameRank.padToMaxRank(trimmed)
        .forEach((layer, change) -> places
            .computeIfAbsent(named.get(layer), place -> new LinkedHashMap<>())
            .put(layer, change));
    places.forEach((place, own) -> {
      boolean alone = place.parts().size() == 1 && !place.halvesSwapped();
      put(
          place.parts().get(0),
          place.stem(),
          alone ? own.values().iterator().next() : fuse(place, own));
    });
  }

  private void putBiases(Map<TargetLayer, Tensor> biases, KohyaNames names) {
    Map<KohyaNames.KohyaLayer, Map<TargetLayer, Tensor>> places = new LinkedHashMap<>();
    biases.forEach((layer, bias) ->
        places.computeIfAbsent(names.of(layer), place -> new LinkedHashMap<>()).put(layer, bias));
    places.forEach((place, own) -> tensors.put(
        place.stem() + (place.parts().get(0).isNorm() ? ".b_norm" : ".diff_b"),
        concatRows(
            place, layer -> own.containsKey(layer) ? own.get(layer) : torch.zeros(layer.out()))));
  }

  private WeightDelta fuse(KohyaNames.KohyaLayer place, Map<TargetLayer, WeightDelta> own) {
    Map<TargetLayer, LoraDelta> pairs = new LinkedHashMap<>();
    own.forEach((layer, change) -> {
      if (change instanceof LoraDelta pair) {
        pairs.put(layer, pair);
      }
    });
    if (pairs.size() < own.size()) {
      return new FullDelta(concatRows(
          place,
          layer -> own.containsKey(layer)
              ? deltaWeight(layer, own.get(layer))
              : weight.apply(layer).mul(new Scalar(0.0))));
    }
    LoraDelta joined = LoraFactors.fuse(place.parts(), pairs);
    return place.halvesSwapped() ? LoraFactors.swapHalves(joined) : joined;
  }

  private static Tensor concatRows(
      KohyaNames.KohyaLayer place, Function<TargetLayer, Tensor> part) {
    TensorVector all = new TensorVector();
    place.parts().forEach(layer -> all.push_back(part.apply(layer).to(ScalarType.Float)));
    Tensor rows = torch.cat(all, 0);
    return place.halvesSwapped() ? RowSliceDelta.swapHalves(rows) : rows;
  }

  private Tensor deltaWeight(TargetLayer layer, WeightDelta change) {
    return change.deltaWeight(weight.apply(layer)).contiguous();
  }

  private void put(TargetLayer layer, String stem, WeightDelta change) {
    if (layer.isEmbedding() || change instanceof LoraDelta.Biased) {
      putForPeft(layer, stem, change);
    } else if (change instanceof DoraDelta dora
        && dora.direction() instanceof LoraDelta pair
        && dora.magnitude().dim() == 1) {
      putPair(layer, stem, pair);
      Tensor lengths = dora.magnitude().flatten();
      if (keyFormat == KeyFormat.KOHYA) {
        tensors.put(
            stem + ".dora_scale",
            lengths.view(layer.isConvolution() ? new long[] {-1, 1, 1, 1} : new long[] {-1, 1}));
      } else {
        // diffusers expects peft's name for a UNet and the name of the parameter for a text
        // encoder.
        String ending = layer.component() == ModelComponent.UNET ? "" : ".weight";
        tensors.put(
            stem + ".lora_magnitude_vector" + ending,
            layer.isConvolution() ? lengths.view(1, -1, 1, 1) : lengths);
      }
    } else if (change instanceof LokrDelta product) {
      tensors.put(stem + ".lokr_w1", LoraFactors.scale(product.outer(), product.scale()));
      tensors.put(stem + ".lokr_w2", product.inner());
      if (keyFormat == KeyFormat.KOHYA) {
        // LyCORIS refuses a file without an alpha; its own scale is 1 for whole matrices.
        tensors.put(stem + ".alpha", torch.tensor(1.0F));
      }
    } else if (change instanceof LohaDelta product && LohaDelta.isPlain(product)) {
      putLoha(stem, product);
    } else if (change instanceof LoraDelta pair) {
      putPair(layer, stem, pair);
    } else if (keyFormat == KeyFormat.KOHYA) {
      // For fused layers the value contains the rows of all parts.
      tensors.put(
          stem + (layer.isNorm() ? ".w_norm" : ".diff"),
          change instanceof FullDelta said ? said.value() : deltaWeight(layer, change));
    } else {
      throw unwritable(layer);
    }
  }

  /**
   * Makes a first factor in peft's key format the first tensor of a file with DoRA of a
   * transformer. diffusers otherwise takes the file for one of its older key format, and renames
   * the magnitudes of klein's layers {@code to_out}. Files are sorted by element size, and
   * magnitudes are in f32.
   */
  private void putFactorFirst(Map<TargetLayer, WeightDelta> weights) {
    weights.keySet().stream()
        .filter(layer -> layer.component() == ModelComponent.TRANSFORMER)
        .map(layer -> layer.name() + ".lora_")
        .filter(stem -> tensors.containsKey(stem + "magnitude_vector.weight"))
        .min(Comparator.naturalOrder())
        .ifPresent(stem -> tensors.computeIfPresent(
            stem + "A.weight", (key, factor) -> factor.to(ScalarType.Float)));
  }

  private void putLoha(String stem, LohaDelta product) {
    tensors.put(stem + ".hada_w1_a", product.first().a());
    tensors.put(stem + ".hada_w1_b", product.first().b());
    tensors.put(stem + ".hada_w2_a", LoraFactors.scale(product.second().a(), product.scale()));
    tensors.put(stem + ".hada_w2_b", product.second().b());
    if (keyFormat == KeyFormat.KOHYA) {
      tensors.put(stem + ".alpha", torch.full(new long[0], new Scalar((double) product.rank())));
    }
  }

  /** Writes deltas that only peft's key format can store. */
  private void putForPeft(TargetLayer layer, String stem, WeightDelta change) {
    if (keyFormat != KeyFormat.PEFT) {
      throw new IllegalArgumentException("the delta of " + layer.name()
          + " cannot be stored in this key format; save the LoRA in the key format PEFT");
    }
    if (change instanceof LoraDelta.Biased biased) {
      putPair(layer, stem, biased.factors());
      tensors.put(stem + ".lora_B.bias", biased.bias());
    } else if (change instanceof LoraDelta pair) {
      tensors.put(
          stem + ".lora_embedding_A",
          LoraFactors.scale(pair.up(), pair.scale()).t().contiguous());
      tensors.put(stem + ".lora_embedding_B", pair.down().t().contiguous());
    } else {
      tensors.put(stem + ".base_layer.weight", weight.apply(layer).add(deltaWeight(layer, change)));
    }
  }

  private static IllegalArgumentException unwritable(TargetLayer layer) {
    return new IllegalArgumentException("the delta of " + layer.name()
        + " cannot be stored in this key format; save the LoRA in the key format KOHYA");
  }

  private void putPair(TargetLayer layer, String stem, LoraDelta pair) {
    Tensor down = LoraDelta.Tucker.mergeCore(pair);
    Tensor up = LoraFactors.scale(pair.up(), pair.scale());
    switch (keyFormat) {
      case PEFT -> putPair(stem + ".lora_A.weight", down, stem + ".lora_B.weight", up);
      case DIFFUSERS -> {
        boolean text = layer.component() != ModelComponent.UNET
            && layer.component() != ModelComponent.TRANSFORMER;
        String infix = text ? ".lora_linear_layer." : ".lora.";
        putPair(stem + infix + "down.weight", down, stem + infix + "up.weight", up);
      }
      case KOHYA -> {
        putPair(stem + ".lora_down.weight", down, stem + ".lora_up.weight", up);
        tensors.put(stem + ".alpha", torch.full(new long[0], new Scalar((double) down.size(0))));
      }
      default ->
        throw new IllegalArgumentException(
            "the key format of a LoRA must be PEFT, DIFFUSERS or KOHYA, got " + keyFormat);
    }
  }

  private void putPair(String downKey, Tensor down, String upKey, Tensor up) {
    tensors.put(downKey, down);
    tensors.put(upKey, up);
  }
}
