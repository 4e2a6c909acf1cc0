package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.algorithm.FullDelta;
import dev.likeness.lora.internal.algorithm.LoraDelta;
import dev.likeness.lora.internal.algorithm.LoraDeltas;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.algorithm.WeightDelta;
import dev.likeness.lora.internal.file.LayerTable;
import dev.likeness.lora.internal.file.LoraMetadata;
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
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Makes a LoRA: merges several LoRAs, changes the rank of a LoRA, or extracts the difference of two
 * models. The delta of each layer is the best approximation of the exact delta at the requested
 * rank. {@link #merge} also sums the deltas of norms and biases, and copies textual inversions.
 */
public final class LoraMerge {
  private LoraMerge() {}

  /**
   * {@return the weighted sum of several LoRAs of one base; the caller closes it} The metadata of
   * the sum combines titles, trigger words, licences and consents. If the LoRAs are of several
   * people, the saved sum cannot be opened as a {@link LoraPerson}.
   *
   * @param loras the LoRAs with their weights
   * @param rank the largest rank of a layer of the result, from 1; a layer gets no more ranks than
   *     it has inputs or outputs
   * @throws IllegalArgumentException if the rank is below 1, the map is empty, a weight is not
   *     finite, the LoRAs were opened on several bases, or two textual inversions share a token
   * @throws InvalidInputException if a LoRA adds a bias to a layer without bias, or if the sum has
   *     values that are NaN or infinite in f32
   */
  public static Lora merge(Map<Lora, Double> loras, int rank) {
    requireRank(rank);
    if (loras.isEmpty() || !loras.values().stream().allMatch(Double::isFinite)) {
      throw new IllegalArgumentException("a merge needs at least one LoRA, with finite weights, got"
          + " weights " + loras.values());
    }
    if (loras.keySet().stream().map(Lora::base).distinct().count() > 1) {
      throw new IllegalArgumentException(
          "the LoRAs to merge were opened on several bases; open all of them on one base");
    }
    List<TextualInversion> inversions = uniteTextualInversions(loras.keySet());
    TensorRegion region = new TensorRegion();
    Lora first = loras.keySet().iterator().next();
    OpenModel base = first.base();
    Map<TargetLayer, WeightDelta> weights = new LinkedHashMap<>();
    Map<TargetLayer, Tensor> biases = new LinkedHashMap<>();
    loras.keySet().forEach(lora -> lora.deltas().requireWeights());
    try (NoGradGuard guard = new NoGradGuard()) {
      for (TargetLayer layer : layers(loras)) {
        try (TensorScope scope = TensorScope.open()) {
          UnaryOperator<Tensor> finite =
              values -> requireFinite(values, layer.name(), loras.values());
          weights.put(layer, sum(loras, layer, rank, base, finite).map(finite).map(region::keep));
        }
      }
      loras.forEach((lora, weight) -> lora.deltas().biases().forEach((layer, bias) -> {
        try (TensorScope scope = TensorScope.open()) {
          Tensor own = bias.to(ScalarType.Float).mul(new Scalar(weight));
          biases.merge(layer, region.keep(own), (a, b) -> region.keep(a.add(b)));
          requireFinite(
              biases.get(layer), layer.component().folder() + "." + layer.bias(), loras.values());
        }
      }));
    } catch (RuntimeException e) {
      region.close();
      throw e;
    }
    LoraDeltas deltas = new LoraDeltas(weights, biases, inversions);
    Map<String, String> metadata = LoraMetadata.MergedMetadata.of(
        loras.keySet().stream().map(Lora::metadata).toList(), rank(deltas));
    return newLora(deltas, region, base, first.inspection().family(), metadata);
  }

  /**
   * {@return a copy with the given rank; the caller closes it} All deltas except those of norms and
   * biases are approximated at this rank. The method throws the exceptions of {@link #merge}.
   *
   * @param lora the LoRA
   * @param rank the largest rank of a layer of the result, from 1
   */
  public static Lora resize(Lora lora, int rank) {
    return merge(Map.of(lora, 1.0), rank);
  }

  /**
   * {@return the difference of two models as a LoRA; the caller closes it} It contains all linear
   * layers and convolutions that differ; {@link #omittedTensors} lists the other differences.
   *
   * @param base the model to which the LoRA will be added
   * @param tuned a fine-tuned model of the same architecture
   * @param rank the largest rank of a layer of the result, from 1
   * @throws InvalidInputException if the models do not have the same layers, or a weight is NaN or
   *     infinite
   * @throws IllegalArgumentException if the rank is below 1
   */
  public static Lora extract(BaseModel base, BaseModel tuned, int rank) {
    requireRank(rank);
    OpenModel from = EngineAccess.model(base);
    OpenModel to = EngineAccess.model(tuned);
    LayerTable table = LayerTable.of(from);
    if (!Set.copyOf(table.layers()).equals(Set.copyOf(LayerTable.of(to).layers()))) {
      throw new InvalidInputException(tuned.name() + " has other layers than " + base.name()
          + "; give two models of the same architecture");
    }
    TensorRegion region = new TensorRegion();
    Map<TargetLayer, WeightDelta> weights = new LinkedHashMap<>();
    try (NoGradGuard guard = new NoGradGuard()) {
      for (TargetLayer layer : table.layers()) {
        try (TensorScope scope = TensorScope.open()) {
          Tensor difference = layer.readF32(to).sub(layer.readF32(from));
          double largest = difference.abs().max().item_double();
          UnaryOperator<Tensor> finite = values -> {
            if (!Tensors.isFinite(values)) {
              throw new InvalidInputException("the difference of " + tuned.name() + " and "
                  + base.name() + " has values of " + layer.name() + " that are NaN or infinite;"
                  + " give undamaged models");
            }
            return values;
          };
          finite.apply(difference);
          if (!layer.isNorm() && largest > 0) {
            weights.put(
                layer,
                LowRankApproximation.of(difference, rank, finite).map(finite).map(region::keep));
          }
        }
      }
    } catch (RuntimeException e) {
      region.close();
      throw e;
    }
    LoraDeltas deltas = new LoraDeltas(weights, Map.of());
    return newLora(deltas, region, from, table.kind(), Map.of());
  }

  /**
   * {@return the sorted names of differing tensors that {@link #extract} leaves out: norms, biases
   * and embedding tables} A name starts with the folder of its component.
   *
   * @param base the original model
   * @param tuned the fine-tuned model
   */
  public static List<String> omittedTensors(BaseModel base, BaseModel tuned) {
    OpenModel from = EngineAccess.model(base);
    OpenModel to = EngineAccess.model(tuned);
    LayerTable table = LayerTable.of(from);
    return Stream.of(ModelComponent.values())
        .flatMap(component -> from.tensorNames(component).stream()
            .filter(name -> table
                .find(component, name.replaceFirst("\\.weight$", ""))
                .filter(layer -> !layer.isNorm())
                .isEmpty())
            .filter(name ->
                to.tensorNames(component).contains(name) && isDifferent(from, to, component, name))
            .map(name -> component.folder() + "." + name))
        .sorted()
        .toList();
  }

  private static boolean isDifferent(
      OpenModel from, OpenModel to, ModelComponent component, String name) {
    try (TensorScope scope = TensorScope.open()) {
      return !torch.equal(
          from.read(component, name).cpu(), to.read(component, name).cpu());
    }
  }

  /**
   * Returns the largest rank of the LoRAs.
   *
   * @param loras the LoRAs
   * @return the largest rank; empty if a delta has no rank (OFT, IA3, full differences), or if its
   *     rank may exceed the rank of its factors (LoHa, LoKr, GLoRA, DoRA)
   */
  public static OptionalInt maxRank(Collection<Lora> loras) {
    boolean known = loras.stream()
        .flatMap(lora -> lora.deltas().weights().entrySet().stream())
        .allMatch(change -> change.getKey().isNorm() || change.getValue() instanceof LoraDelta);
    return known
        ? loras.stream().mapToInt(lora -> Math.max(1, lora.inspection().rank())).max()
        : OptionalInt.empty();
  }

  private static List<TextualInversion> uniteTextualInversions(Collection<Lora> loras) {
    Map<String, TextualInversion> inversions = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    loras.stream().flatMap(lora -> lora.textualInversions().stream()).forEach(inversion -> {
      if (inversions.put(inversion.token(), inversion) != null) {
        throw new IllegalArgumentException(
            "two of the LoRAs to merge have a textual inversion for the token "
                + Quoted.of(inversion.token())
                + "; train one of them with another token, or use both LoRAs without merging");
      }
    });
    return List.copyOf(inversions.values());
  }

  private static Set<TargetLayer> layers(Map<Lora, Double> loras) {
    Set<TargetLayer> layers = new LinkedHashSet<>();
    loras.keySet().forEach(lora -> layers.addAll(lora.deltas().weights().keySet()));
    return layers;
  }

  private static WeightDelta sum(
      Map<Lora, Double> loras,
      TargetLayer layer,
      int rank,
      OpenModel base,
      UnaryOperator<Tensor> finite) {
    List<Map.Entry<LoraDelta, Double>> pairs = new ArrayList<>();
    List<Map.Entry<WeightDelta, Double>> all = new ArrayList<>();
    loras.forEach((lora, weight) -> {
      WeightDelta change = lora.deltas().weights().get(layer);
      if (change != null) {
        all.add(Map.entry(change, weight));
        if (change instanceof LoraDelta pair) {
          pairs.add(Map.entry(pair, weight));
        }
      }
    });
    long[] shape = layer.shape().stream().mapToLong(Long::longValue).toArray();
    long ranks = pairs.stream().mapToLong(pair -> pair.getKey().rank()).sum();
    long most = Math.min(shape[0], Arrays.stream(shape).skip(1).reduce(1, (a, b) -> a * b));
    if (pairs.size() == all.size() && ranks <= most) {
      return LowRankApproximation.ofSum(pairs, rank, shape, finite);
    }
    Tensor own = layer.readF32(base);
    Tensor sum = all.stream()
        .map(c -> c.getKey().deltaWeight(own).mul(new Scalar(c.getValue())))
        .reduce(Tensor::add)
        .orElseThrow();
    return layer.isNorm() ? new FullDelta(sum) : LowRankApproximation.of(sum, rank, finite);
  }

  /** Returns the values, or refuses them: f32 ends at 3.4e38. */
  private static Tensor requireFinite(Tensor values, String name, Collection<Double> weights) {
    if (!Tensors.isFinite(values)) {
      boolean amplified = weights.stream().anyMatch(weight -> Math.abs(weight) > 1);
      throw new InvalidInputException("the sum of the LoRAs at the weights " + weights
          + " has values of " + name + " that are NaN or infinite; "
          + (amplified ? "give smaller weights" : "give LoRAs with smaller numbers"));
    }
    return values;
  }

  /** Returns the rank that a file of these deltas has. */
  private static int rank(LoraDeltas deltas) {
    return (int) Math.max(
        1, deltas.weights().values().stream().mapToLong(WeightDelta::rank).max().orElse(1));
  }

  private static Lora newLora(
      LoraDeltas changes,
      TensorRegion region,
      OpenModel base,
      String family,
      Map<String, String> metadata) {
    LoraInspection report = LoraMetadata.made(
        family, LoraAlgorithm.LORA, changes.weights().size(), rank(changes), metadata);
    return new Lora(changes, metadata, report, region, base);
  }

  private static void requireRank(int rank) {
    if (rank < 1) {
      throw new IllegalArgumentException("rank must be at least 1, got " + rank);
    }
  }

  /**
   * The best low-rank approximation of a delta, by singular values (Eckart and Young 1936). Each
   * factor is scaled by the root of the singular values. Tensors belong to the calling scope.
   */
  private static final class LowRankApproximation {
    private LowRankApproximation() {}

    /**
     * Returns the delta of at most the given rank that best approximates {@code matrix} [out, in,
     * …], in f32.
     *
     * @param finite refuses values that have no singular values
     */
    public static LoraDelta of(Tensor matrix, int rank, UnaryOperator<Tensor> finite) {
      T_TensorTensorTensor_T parts =
          torch.linalg_svd(finite.apply(matrix.to(ScalarType.Float)).flatten(1, -1), false, null);
      return factors(parts.get0(), parts.get1(), parts.get2(), rank, matrix.shape());
    }

    /**
     * Returns the delta of the given rank that best approximates a weighted sum of low-rank deltas.
     * QR decompositions of the factors reduce the sum to a small matrix; it is never computed.
     *
     * @param shape the shape of the layer's weight
     * @param finite refuses values that have no singular values
     */
    public static LoraDelta ofSum(
        List<Map.Entry<LoraDelta, Double>> changes,
        int rank,
        long[] shape,
        UnaryOperator<Tensor> finite) {
      TensorVector ups = new TensorVector();
      TensorVector downs = new TensorVector();
      for (Map.Entry<LoraDelta, Double> change : changes) {
        LoraDelta pair = change.getKey();
        ups.push_back(pair.up()
            .to(ScalarType.Float)
            .flatten(1, -1)
            .mul(new Scalar(pair.scale() * change.getValue())));
        downs.push_back(LoraDelta.Tucker.mergeCore(pair).to(ScalarType.Float).flatten(1, -1));
      }
      T_TensorTensor_T left = torch.linalg_qr(torch.cat(ups, 1));
      T_TensorTensor_T right = torch.linalg_qr(torch.cat(downs, 0).t());
      T_TensorTensorTensor_T core =
          torch.linalg_svd(finite.apply(torch.matmul(left.get1(), right.get1().t())), false, null);
      Tensor u = torch.matmul(left.get0(), core.get0());
      Tensor v = torch.matmul(core.get2(), right.get0().t());
      return factors(u, core.get1(), v, rank, shape);
    }

    private static LoraDelta factors(Tensor u, Tensor values, Tensor v, int rank, long[] shape) {
      long kept = Math.min(rank, values.size(0));
      Tensor roots = values.narrow(0, 0, kept).sqrt();
      Tensor up = u.narrow(1, 0, kept).mul(roots).contiguous();
      Tensor down = v.narrow(0, 0, kept).mul(roots.unsqueeze(1)).contiguous();
      if (shape.length == 2) {
        return new LoraDelta(down, null, up, 1);
      }
      return new LoraDelta(
          down.view(kept, shape[1], shape[2], shape[3]), null, up.view(shape[0], kept, 1, 1), 1);
    }
  }
}
