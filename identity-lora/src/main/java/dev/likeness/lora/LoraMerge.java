package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.internal.adapter.Part;
import dev.likeness.diffusion.internal.family.Networks;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.lora.file.ChangeKind;
import dev.likeness.lora.file.LoraReport;
import dev.likeness.lora.internal.algorithm.Change;
import dev.likeness.lora.internal.algorithm.Difference;
import dev.likeness.lora.internal.algorithm.Factoring;
import dev.likeness.lora.internal.algorithm.Layer;
import dev.likeness.lora.internal.algorithm.LoraChanges;
import dev.likeness.lora.internal.algorithm.LowRank;
import dev.likeness.lora.internal.file.LayerTable;
import dev.likeness.lora.internal.file.LoraFamily;
import dev.likeness.lora.internal.file.MergedNotes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * LoRAs made of others: several as one, one at another rank, the difference of two models. Each
 * layer's change is the nearest of the rank asked for; norms' and biases' differences and new words
 * are kept as they are. What comes is the caller's to close.
 */
public final class LoraMerge {
  private LoraMerge() {}

  /**
   * The sum of several LoRAs of one base, each at its weight, as one of rank {@code rank}. Its
   * header has all titles, trigger words, licences and consents, and what else they agree on; of
   * one LoRA all that stays true. A sum of several people is no {@link TrainedPerson}.
   */
  public static Lora merged(Map<Lora, Double> loras, int rank) {
    requireRank(rank);
    if (loras.isEmpty()) {
      throw new IllegalArgumentException("there is no LoRA to merge; give one at least");
    }
    if (loras.keySet().stream().map(Lora::base).distinct().count() > 1) {
      throw new IllegalArgumentException(
          "the LoRAs to merge were opened on several bases; open all of them on one");
    }
    List<TextualInversion> words = words(loras.keySet());
    TensorRegion region = new TensorRegion();
    Networks base = loras.keySet().iterator().next().base();
    Map<Layer, Change> weights = new LinkedHashMap<>();
    Map<Layer, Tensor> biases = new LinkedHashMap<>();
    try (NoGradGuard guard = new NoGradGuard()) {
      for (Layer layer : layers(loras)) {
        try (TensorScope scope = TensorScope.open()) {
          weights.put(layer, sum(loras, layer, rank, base).mapped(region::keep));
        }
      }
      loras.forEach((lora, weight) -> lora.changes().biases().forEach((layer, bias) -> {
        try (TensorScope scope = TensorScope.open()) {
          Tensor own = bias.to(ScalarType.Float).mul(new Scalar(weight));
          biases.merge(layer, region.keep(own), (a, b) -> region.keep(a.add(b)));
        }
      }));
    } catch (RuntimeException e) {
      region.close();
      throw e;
    }
    Map<String, String> header =
        MergedNotes.of(loras.keySet().stream().map(Lora::metadata).toList(), rank);
    return made(
        new LoraChanges(weights, biases, words),
        rank,
        region,
        base,
        loras.keySet().iterator().next().report().family(),
        header);
  }

  /** {@code lora} at another rank. Kinds that are not of low rank get one. */
  public static Lora resized(Lora lora, int rank) {
    return merged(Map.of(lora, 1.0), rank);
  }

  /**
   * What {@code tuned} learned since {@code base}, as a LoRA of the base: of every linear layer and
   * convolution that differs; {@link #leftOut} says what else does.
   *
   * @throws UnusableInput when the two have not the same layers
   */
  public static Lora between(BaseModel base, BaseModel tuned, int rank) {
    requireRank(rank);
    LayerTable table = LayerTable.of(base.parts());
    if (!Set.copyOf(table.layers())
        .equals(Set.copyOf(LayerTable.of(tuned.parts()).layers()))) {
      throw new UnusableInput(tuned.name() + " has other layers than " + base.name()
          + "; give two models of one family, one trained from the other");
    }
    TensorRegion region = new TensorRegion();
    Map<Layer, Change> weights = new LinkedHashMap<>();
    try (NoGradGuard guard = new NoGradGuard()) {
      for (Layer layer : table.layers()) {
        try (TensorScope scope = TensorScope.open()) {
          Tensor difference = f32(tuned.parts(), layer).sub(f32(base.parts(), layer));
          if (!layer.isNorm() && difference.abs().max().item_double() > 0) {
            weights.put(layer, Factoring.of(difference, rank).mapped(region::keep));
          }
        }
      }
    } catch (RuntimeException e) {
      region.close();
      throw e;
    }
    LoraFamily family = LoraFamily.of(table);
    return made(new LoraChanges(weights, Map.of()), rank, region, base.parts(), family, Map.of());
  }

  /**
   * Names of what {@link #between} leaves out of what {@code tuned} learned, since it has no rank:
   * norms, biases and tables.
   */
  public static List<String> leftOut(BaseModel base, BaseModel tuned) {
    LayerTable table = LayerTable.of(base.parts());
    return Stream.of(Part.values())
        .flatMap(part -> base.parts().tensorNames(part).stream()
            .filter(name -> table
                .find(part, name.replaceFirst("\\.weight$", ""))
                .filter(layer -> !layer.isNorm())
                .isEmpty())
            .filter(name ->
                tuned.parts().tensorNames(part).contains(name) && differs(base, tuned, part, name))
            .map(name -> part.folder() + "." + name))
        .sorted()
        .toList();
  }

  private static boolean differs(BaseModel base, BaseModel tuned, Part part, String name) {
    try (TensorScope scope = TensorScope.open()) {
      return !torch.equal(
          base.parts().read(part, name).cpu(), tuned.parts().read(part, name).cpu());
    }
  }

  /**
   * The greatest rank of the LoRAs; empty where one changes a layer in a way that has none (OFT,
   * IA3, full differences, …) or whose difference may have more than its factors say (LoHa, LoKr,
   * GLoRA, DoRA).
   */
  public static OptionalInt rank(Collection<Lora> loras) {
    boolean known = loras.stream()
        .flatMap(lora -> lora.changes().weights().entrySet().stream())
        .allMatch(change -> change.getKey().isNorm() || change.getValue() instanceof LowRank);
    return known
        ? loras.stream().mapToInt(lora -> Math.max(1, lora.report().rank())).max()
        : OptionalInt.empty();
  }

  private static List<TextualInversion> words(Collection<Lora> loras) {
    Map<String, TextualInversion> words = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    loras.stream().flatMap(lora -> lora.words().stream()).forEach(word -> {
      if (words.put(word.token(), word) != null) {
        throw new IllegalArgumentException(
            "two of the LoRAs to merge bring a word \"" + word.token()
                + "\" of their own, and one file holds one; learn one of them with another token, or carry both without merging");
      }
    });
    return List.copyOf(words.values());
  }

  private static Set<Layer> layers(Map<Lora, Double> loras) {
    Set<Layer> layers = new LinkedHashSet<>();
    loras.keySet().forEach(lora -> layers.addAll(lora.changes().weights().keySet()));
    return layers;
  }

  private static Change sum(Map<Lora, Double> loras, Layer layer, int rank, Networks base) {
    List<Map.Entry<LowRank, Double>> pairs = new ArrayList<>();
    List<Map.Entry<Change, Double>> all = new ArrayList<>();
    loras.forEach((lora, weight) -> {
      Change change = lora.changes().weights().get(layer);
      if (change != null) {
        all.add(Map.entry(change, weight));
        if (change instanceof LowRank pair) {
          pairs.add(Map.entry(pair, weight));
        }
      }
    });
    long[] shape = layer.shape().stream().mapToLong(Long::longValue).toArray();
    long ranks = pairs.stream().mapToLong(pair -> pair.getKey().rank()).sum();
    long most = Math.min(shape[0], Arrays.stream(shape).skip(1).reduce(1, (a, b) -> a * b));
    if (pairs.size() == all.size() && ranks <= most) {
      return Factoring.ofSum(pairs, rank, shape);
    }
    Tensor own = f32(base, layer);
    Tensor sum = all.stream()
        .map(c -> c.getKey().difference(own).mul(new Scalar(c.getValue())))
        .reduce(Tensor::add)
        .orElseThrow();
    return layer.isNorm() ? new Difference(sum) : Factoring.of(sum, rank);
  }

  /** A layer's own weight, f32 on the CPU; the calling scope's. */
  public static Tensor f32(Networks base, Layer layer) {
    return f32(base, layer, layer.weight());
  }

  /** A layer's tensor of that name, f32 on the CPU; the calling scope's. */
  static Tensor f32(Networks base, Layer layer, String name) {
    return base.read(layer.part(), name).cpu().to(ScalarType.Float);
  }

  private static Lora made(
      LoraChanges changes,
      int rank,
      TensorRegion region,
      Networks base,
      LoraFamily family,
      Map<String, String> header) {
    LoraReport report =
        LoraReport.made(family, ChangeKind.LORA, changes.weights().size(), rank, header);
    return new Lora(changes, header, report, region, base);
  }

  private static void requireRank(int rank) {
    if (rank < 1) {
      throw new IllegalArgumentException("rank " + rank + " must be at least 1");
    }
  }
}
