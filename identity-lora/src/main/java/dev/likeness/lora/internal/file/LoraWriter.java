package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.Part;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.lora.file.LoraDialect;
import dev.likeness.lora.internal.algorithm.Change;
import dev.likeness.lora.internal.algorithm.Decomposed;
import dev.likeness.lora.internal.algorithm.Difference;
import dev.likeness.lora.internal.algorithm.JoinedRows;
import dev.likeness.lora.internal.algorithm.Kronecker;
import dev.likeness.lora.internal.algorithm.Layer;
import dev.likeness.lora.internal.algorithm.LoraChanges;
import dev.likeness.lora.internal.algorithm.LowRank;
import dev.likeness.lora.internal.algorithm.Rows;
import dev.likeness.lora.internal.algorithm.SameRank;
import dev.likeness.lora.internal.algorithm.Tucker;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Writes LoRA files, one spelling throughout: readers that meet two drop layers of one. The scale
 * is multiplied into the second factor, so that alpha equals the rank and readers that know of no
 * alpha agree with those that do.
 */
public final class LoraWriter {
  private final LoraDialect dialect;
  private final Map<String, Tensor> tensors;
  private final Function<Layer, Tensor> weight;

  private LoraWriter(
      LoraDialect dialect, Map<String, Tensor> tensors, Function<Layer, Tensor> weight) {
    this.dialect = dialect;
    this.tensors = tensors;
    this.weight = weight;
  }

  /**
   * @param base every layer of the base, which kohya's names are counted by
   * @param weight of a layer of the base, f32 on the CPU, which some differences are taken from
   */
  public static void write(
      Path file,
      LoraChanges changes,
      LayerTable base,
      Function<Layer, Tensor> weight,
      Map<String, String> metadata,
      LoraDialect dialect) {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      LoraWriter writer = new LoraWriter(dialect, tensors, weight);
      if (dialect == LoraDialect.KOHYA) {
        KohyaNames names = new KohyaNames(base);
        writer.put(changes.weights(), names);
        writer.putBiases(changes.biases(), names);
      } else if (!changes.biases().isEmpty()) {
        throw unwritable(changes.biases().keySet().iterator().next());
      } else {
        SameRank.of(changes.weights())
            .forEach((layer, change) -> writer.put(layer, layer.name(), change));
      }
      changes.words().forEach(word -> Embeddings.put(tensors, word, dialect));
      Map<String, String> notes = PortableNotes.rewritten(metadata);
      PortableNotes.sayModule(
          notes,
          dialect,
          changes.weights().values().stream().anyMatch(Kronecker.class::isInstance));
      notes.put("format", "pt");
      // A sum of several persons says no more of them than what each agreed to.
      if (notes.containsKey(TrainedPerson.CLASS_WORD) || notes.containsKey(TrainedPerson.CONSENT)) {
        SafetensorsWriter.writePrivate(file, tensors, notes);
      } else {
        SafetensorsWriter.write(file, tensors, notes);
      }
    }
  }

  private void put(Map<Layer, Change> weights, KohyaNames names) {
    Map<Layer, KohyaNames.Place> named = new LinkedHashMap<>();
    weights.keySet().forEach(layer -> named.put(layer, names.of(layer)));
    Map<Layer, Change> trimmed = new LinkedHashMap<>();
    weights.forEach((layer, change) -> trimmed.put(
        layer,
        change instanceof LowRank pair && named.get(layer).parts().size() > 1
            ? SameRank.trimmed(pair)
            : change));
    Map<KohyaNames.Place, Map<Layer, Change>> places = new LinkedHashMap<>();
    SameRank.of(trimmed)
        .forEach((layer, change) -> places
            .computeIfAbsent(named.get(layer), place -> new LinkedHashMap<>())
            .put(layer, change));
    places.forEach((place, own) -> {
      boolean alone = place.parts().size() == 1 && !place.halvesSwapped();
      put(
          place.parts().get(0),
          place.stem(),
          alone ? own.values().iterator().next() : joined(place, own));
    });
  }

  private void putBiases(Map<Layer, Tensor> biases, KohyaNames names) {
    Map<KohyaNames.Place, Map<Layer, Tensor>> places = new LinkedHashMap<>();
    biases.forEach((layer, bias) ->
        places.computeIfAbsent(names.of(layer), place -> new LinkedHashMap<>()).put(layer, bias));
    places.forEach((place, own) -> tensors.put(
        place.stem() + (place.parts().get(0).isNorm() ? ".b_norm" : ".diff_b"),
        rows(place, layer -> own.containsKey(layer) ? own.get(layer) : torch.zeros(layer.out()))));
  }

  private Change joined(KohyaNames.Place place, Map<Layer, Change> own) {
    Map<Layer, LowRank> pairs = new LinkedHashMap<>();
    own.forEach((layer, change) -> {
      if (change instanceof LowRank pair) {
        pairs.put(layer, pair);
      }
    });
    if (pairs.size() < own.size()) {
      return new Difference(rows(
          place,
          layer -> own.containsKey(layer)
              ? difference(layer, own.get(layer))
              : weight.apply(layer).mul(new Scalar(0.0))));
    }
    LowRank joined = JoinedRows.of(place.parts(), pairs);
    return place.halvesSwapped() ? JoinedRows.swapped(joined) : joined;
  }

  private static Tensor rows(KohyaNames.Place place, Function<Layer, Tensor> part) {
    TensorVector all = new TensorVector();
    place.parts().forEach(layer -> all.push_back(part.apply(layer).to(ScalarType.Float)));
    Tensor rows = torch.cat(all, 0);
    return place.halvesSwapped() ? Rows.swapped(rows) : rows;
  }

  private Tensor difference(Layer layer, Change change) {
    return change.difference(weight.apply(layer)).contiguous();
  }

  private void put(Layer layer, String stem, Change change) {
    if (change instanceof Decomposed dora
        && dora.direction() instanceof LowRank pair
        && dora.magnitude().dim() == 1) {
      putPair(layer, stem, pair);
      Tensor lengths = dora.magnitude().flatten();
      if (dialect == LoraDialect.KOHYA) {
        tensors.put(
            stem + ".dora_scale",
            lengths.view(layer.isConvolution() ? new long[] {-1, 1, 1, 1} : new long[] {-1, 1}));
      } else {
        // diffusers reads a UNet's by peft's name and a text encoder's by the parameter's own.
        String ending = layer.part() == Part.UNET ? "" : ".weight";
        tensors.put(
            stem + ".lora_magnitude_vector" + ending,
            layer.isConvolution() ? lengths.view(1, -1, 1, 1) : lengths);
      }
    } else if (change instanceof Kronecker product) {
      tensors.put(stem + ".lokr_w1", JoinedRows.scaled(product.outer(), product.scale()));
      tensors.put(stem + ".lokr_w2", product.inner());
      if (dialect == LoraDialect.KOHYA) {
        // LyCORIS takes no file without one, and its own scale of 1 for whole factors.
        tensors.put(stem + ".alpha", torch.tensor(1.0F));
      }
    } else if (change instanceof LowRank pair) {
      putPair(layer, stem, pair);
    } else if (dialect == LoraDialect.KOHYA) {
      // Of layers that are joined the value is all there is; it has the rows of several.
      tensors.put(
          stem + (layer.isNorm() ? ".w_norm" : ".diff"),
          change instanceof Difference said ? said.value() : difference(layer, change));
    } else {
      throw unwritable(layer);
    }
  }

  private static IllegalArgumentException unwritable(Layer layer) {
    return new IllegalArgumentException(
        "the change of " + layer.name()
            + " has no place in such a file; save it in kohya's spelling (KOHYA), which has one for every kind");
  }

  private void putPair(Layer layer, String stem, LowRank pair) {
    Tensor down = Tucker.joined(pair);
    Tensor up = JoinedRows.scaled(pair.up(), pair.scale());
    switch (dialect) {
      case PEFT -> putPair(stem + ".lora_A.weight", down, stem + ".lora_B.weight", up);
      case DIFFUSERS -> {
        boolean text = layer.part() != Part.UNET && layer.part() != Part.TRANSFORMER;
        String infix = text ? ".lora_linear_layer." : ".lora.";
        putPair(stem + infix + "down.weight", down, stem + infix + "up.weight", up);
      }
      case KOHYA -> {
        putPair(stem + ".lora_down.weight", down, stem + ".lora_up.weight", up);
        tensors.put(stem + ".alpha", torch.full(new long[0], new Scalar((double) down.size(0))));
      }
      default ->
        throw new IllegalArgumentException(
            "LoRA files are written as PEFT, DIFFUSERS or KOHYA, not as " + dialect);
    }
  }

  private void putPair(String downKey, Tensor down, String upKey, Tensor up) {
    tensors.put(downKey, down);
    tensors.put(upKey, up);
  }
}
